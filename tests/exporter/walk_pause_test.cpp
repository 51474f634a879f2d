/// How walks share out what they may use of a core.
#include "exporter/walk_pause.h"

#include <vector>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using Seconds = std::chrono::duration<double>;

std::vector<Seconds> pauses(const std::vector<Seconds>& walks, double share) {
  double weights = 0;
  for (const Seconds cpu : walks) weights += walk_weight(cpu);
  std::vector<Seconds> all;
  for (const Seconds cpu : walks) all.push_back(walk_pause(cpu, weights, share));
  return all;
}

TEST_CASE("one walk waits until its CPU time is its share") {
  CHECK(pauses({Seconds(1.7)}, 0.005)[0].count() == Approx(340));
  CHECK(pauses({Seconds(0.001)}, 0.005)[0].count() == Approx(0.2));
  CHECK(pauses({Seconds(0)}, 0.005)[0].count() == 0);
  CHECK(walk_weight(Seconds(-1)) == 0);
}

TEST_CASE("together they keep within the share, and small ones wait for no large one") {
  std::vector<Seconds> walks(20, Seconds(0.001));
  walks.emplace_back(1.7);
  walks.emplace_back(0.3);
  walks.emplace_back(0);
  const std::vector<Seconds> all = pauses(walks, 0.005);
  double cores = 0;
  for (std::size_t i = 0; i < walks.size(); ++i)
    if (all[i].count() > 0) cores += walks[i] / all[i];
  CHECK(cores == Approx(0.005));
  CHECK(all.front().count() < 20);
  CHECK(all[20].count() < 1000);
}

}  // namespace
}  // namespace sqlite_exporter

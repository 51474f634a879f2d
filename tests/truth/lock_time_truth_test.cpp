/// The estimate of lock times by the real sampler against the time the writer measured itself.
#include <cmath>
#include <memory>
#include <vector>

#include "exporter/sampler.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using std::chrono::milliseconds;

/// Each watches the same database on its own: as many samples in a hundredth of the time. Each has
/// a sampler of its own, since one shares its wake-ups between all that it watches.
constexpr std::size_t kWatchers = 100;

class Watchers {
 public:
  explicit Watchers(const std::string& path) {
    for (std::size_t i = 0; i < kWatchers; ++i) {
      cells_.push_back(std::make_shared<SampleCell>());
      samplers_.push_back(std::make_unique<Sampler>());
      samplers_.back()->watch(cells_.back(), path, {1, "/"});
    }
  }
  /// True once each has looked so often again, on average.
  bool looked(std::uint64_t looks) {
    const std::uint64_t before = all_looks();
    return await([&] { return all_looks() >= before + looks; });
  }
  double mean_seconds(Lock lock) const {
    double sum = 0;
    for (const auto& cell : cells_) sum += cell->get().lock_time.seconds(lock);
    return sum / static_cast<double>(cells_.size());
  }

 private:
  std::uint64_t all_looks() const {
    std::uint64_t sum = 0;
    for (const auto& sampler : samplers_) sum += sampler->looks();
    return sum;
  }

  std::vector<std::shared_ptr<SampleCell>> cells_;
  std::vector<std::unique_ptr<Sampler>> samplers_;
};

struct Scene {
  const char* name;
  const char* journal_mode;
  Lock lock;
  Load load;
  double longest_period;  ///< of the sampler's, seconds
  std::uint64_t looks;
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = {
      {"write lock in WAL mode",
       "wal",
       Lock::write,
       {.work = "insert into t values (1)", .period = milliseconds(50), .hold = milliseconds(20)},
       0.1,
       3000},
      {"read lock in WAL mode",
       "wal",
       Lock::read,
       {.work = "select count(*) from t",
        .period = milliseconds(50),
        .hold = milliseconds(20),
        .begin = "begin"},
       0.1,
       3000},
      {"RESERVED in rollback mode",
       "delete",
       Lock::reserved,
       {.work = "insert into t values (1)", .period = milliseconds(50), .hold = milliseconds(20)},
       1,
       700},
      {"SHARED in rollback mode",
       "delete",
       Lock::read,
       {.work = "select count(*) from t",
        .period = milliseconds(50),
        .hold = milliseconds(20),
        .begin = "begin"},
       1,
       700},
  };
  return all;
}

TEST_CASE("the time a lock was held is estimated within its standard error") {
  const std::size_t number = GENERATE(range(std::size_t{0}, scenes().size()));
  const Scene& scene = scenes()[number];
  CAPTURE(scene.name);
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(std::string("pragma synchronous=off; pragma journal_mode=").append(scene.journal_mode));
  app.exec("create table t(x)");
  Watchers watchers(directory / "app.db");
  REQUIRE(watchers.looked(kWatchers));
  const double before = watchers.mean_seconds(scene.lock);
  REQUIRE(before == 0);

  const auto begun = std::chrono::steady_clock::now();
  app.start(scene.load);
  REQUIRE(watchers.looked(scene.looks));
  const Account account = app.stop();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  REQUIRE(watchers.looked(2 * kWatchers));  // the present period of each has its sample

  // A sample of credit c adds c with probability p: its variance is at most c*c*p*(1-p). The first
  // period may still be that of an idle database, a second.
  const double p = account.held_seconds / passed.count();
  const double sigma =
      std::sqrt(p * (1 - p) * (scene.longest_period * passed.count() + 1) / kWatchers);
  CAPTURE(account.transactions, passed.count(), sigma);
  CHECK(account.held_seconds > 4 * sigma);
  CHECK(watchers.mean_seconds(scene.lock) ==
        Approx(account.held_seconds).margin(4 * sigma).epsilon(0));
}

}  // namespace
}  // namespace sqlite_exporter::test

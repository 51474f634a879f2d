/// What a page shows of databases that a pass has not reached, and for how long.
#include "exporter/pass_findings.h"

#include <prometheus/metric_family.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/registry.h"
#include "exporter/subject_facts.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;
using Clock = Snapshot::Clock;

constexpr Clock::time_point kBegin{1h};
constexpr Metric kNumber = gauge("sqlite_number", "A number.");

/// Three databases, and one pass after the other.
struct Scene {
  Subjects subjects{{DatabaseConfig{"/d/*.db", {}, {}}}, 10};
  std::shared_ptr<const Snapshot> published;
  PassFindings found;
  PageContext context;
  bool hangs = false;

  Scene() {
    std::vector<Found> files;
    for (const char* name : {"a", "b", "c"}) {
      const std::string path = std::string("/d/").append(name).append(".db");
      files.push_back({path, path});
    }
    subjects.merge({files});
    context.kept_for = 2s;
    context.is_stalled = [this](const Subject&) { return hangs; };
  }

  Subject& subject(const std::string& name) { return *subjects.all().at(name); }

  void begin(Clock::time_point now) { context.looks_begun = now; }

  void look(const std::string& name, Clock::time_point now, double number) {
    Batch batch;
    batch.add(kNumber, number);
    batch.add(kUp, 1);
    found.looked.insert_or_assign(name, std::move(batch));
    subject(name).looked = now;
  }

  Page publish(Clock::time_point now) {
    context.now = now;
    context.previous = published.get();
    Page page = page_of(subjects, std::exchange(found, {}), context);
    published =
        std::make_shared<const Snapshot>(page.readings, std::vector<prometheus::MetricFamily>(),
                                         std::vector<TextFamily>(), page.oldest, 3s);
    return page;
  }

  /// A whole pass, and the first look of the next one.
  void come_round_to_the_first_again() {
    begin(kBegin);
    for (const char* name : {"a", "b", "c"}) look(name, kBegin, 1);
    publish(kBegin);
    begin(kBegin + 1s);
    look("a", kBegin + 1s, 2);
  }

  bool shows(const std::string& line) const {
    return ('\n' + *published->text()).find('\n' + line + '\n') != std::string::npos;
  }
};

TEST_CASE("a database that a pass did not reach keeps its readings, and then shows nothing") {
  Scene scene;
  scene.begin(kBegin);
  for (const char* name : {"a", "b", "c"}) scene.look(name, kBegin, 1);
  CHECK(scene.publish(kBegin + 1s).waiting == 0);

  scene.begin(kBegin + 1s);
  scene.look("a", kBegin + 1s, 2);
  const Page page = scene.publish(kBegin + 2s);
  CHECK(page.waiting == 2);
  CHECK(page.oldest == kBegin);
  CHECK(scene.shows("sqlite_number{database=\"a\"} 2"));
  CHECK(scene.shows("sqlite_number{database=\"b\"} 1"));
  CHECK(scene.shows("sqlite_up{database=\"c\"} 1"));
  CHECK_FALSE(loses_readings(scene.subjects, scene.context));
  scene.context.now = kBegin + 2001ms;
  CHECK(loses_readings(scene.subjects, scene.context));

  scene.begin(kBegin + 3s);
  scene.look("b", kBegin + 3s, 3);
  CHECK(scene.publish(kBegin + 3s).waiting == 2);
  CHECK(scene.shows("sqlite_number{database=\"a\"} 2"));
  CHECK(scene.shows("sqlite_number{database=\"b\"} 3"));
  // Too old: nothing is known of it, and that is not 0.
  CHECK(scene.published->text()->find("database=\"c\"") == std::string::npos);
}

TEST_CASE("what was looked at in the middle of a pass is there at its end") {
  Scene scene;
  scene.come_round_to_the_first_again();
  scene.publish(kBegin + 2s);
  scene.look("b", kBegin + 20s, 3);
  scene.look("c", kBegin + 20s, 3);
  CHECK(scene.publish(kBegin + 20s).waiting == 0);
  CHECK(scene.shows("sqlite_number{database=\"a\"} 2"));
  CHECK(scene.shows("sqlite_number{database=\"b\"} 3"));
}

TEST_CASE("on a filesystem that hangs a database shows up 0, whatever was seen of it before") {
  Scene scene;
  scene.come_round_to_the_first_again();
  scene.hangs = true;
  CHECK(scene.publish(kBegin + 1s).waiting == 0);
  CHECK(scene.shows("sqlite_up{database=\"a\"} 1"));
  CHECK(scene.shows("sqlite_up{database=\"b\"} 0"));
  CHECK_FALSE(scene.shows("sqlite_number{database=\"b\"} 1"));
  // Nor once it answers, before it was looked at.
  scene.hangs = false;
  scene.begin(kBegin + 1500ms);
  CHECK(scene.publish(kBegin + 1500ms).waiting == 3);
  CHECK_FALSE(scene.shows("sqlite_number{database=\"b\"} 1"));
}

TEST_CASE("the next pass begins with those that have waited longest") {
  Scene scene;
  scene.subject("a").looked = kBegin + 1s;
  scene.subject("b").looked = kBegin;
  std::string order;
  for (const auto& subject : in_turn(scene.subjects, true)) order += subject->name;
  CHECK(order == "cba");
  order.clear();
  for (const auto& subject : in_turn(scene.subjects, false)) order += subject->name;
  CHECK(order == "abc");
}

}  // namespace
}  // namespace sqlite_exporter

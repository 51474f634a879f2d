/// The routes, without a socket: what is answered before, with and after a fresh snapshot.
#include "exporter/web.h"

#include <prometheus/metric_family.h>

#include "collectors/registry.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

class Site {
 public:
  explicit Site(Heartbeat::Clock::duration patience = std::chrono::hours(1))
      : heartbeat_(std::make_shared<Heartbeat>(patience)) {}

  void beat(Heartbeat::Clock::time_point at) { heartbeat_->beat(at); }
  HttpResponse get(std::string_view path) const { return routes_({"GET", path}); }

  void publish(Snapshot::Clock::time_point begun, Snapshot::Clock::duration valid_for) {
    std::vector<SubjectReadings> subjects(1);
    subjects[0].labels = std::make_shared<const std::string>("database=\"app\"");
    subjects[0].batch.add(kUp, 1);
    cell_->set(std::make_shared<const Snapshot>(std::move(subjects),
                                                std::vector<prometheus::MetricFamily>(),
                                                std::vector<TextFamily>(), begun, valid_for));
  }

 private:
  std::shared_ptr<SnapshotCell> cell_ = std::make_shared<SnapshotCell>();
  std::shared_ptr<Heartbeat> heartbeat_;
  HttpServer::Handler routes_ = make_routes(
      cell_, std::make_shared<OwnMetrics>(std::span<const std::string_view>()), heartbeat_);
};

const auto kNow = Snapshot::Clock::now();
constexpr std::chrono::hours kHour(1);

TEST_CASE("before the first snapshot it is healthy and not ready") {
  const Site site;
  CHECK(site.get("/-/healthy").status == 200);
  CHECK(site.get("/-/ready").status == 503);
  CHECK(site.get("/metrics").status == 503);
}

TEST_CASE("without a heartbeat it is not healthy, until there is one again") {
  Site site(kHour);
  const auto now = Heartbeat::Clock::now();
  site.beat(now - 2 * kHour);
  CHECK(site.get("/-/healthy").status == 503);
  site.beat(now - kHour / 2);
  CHECK(site.get("/-/healthy").status == 200);
}

TEST_CASE("a fresh snapshot is served with the content type of the text format") {
  Site site;
  site.publish(kNow, kHour);
  CHECK(site.get("/-/ready").status == 200);
  const HttpResponse response = site.get("/metrics");
  CHECK(response.status == 200);
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body->ends_with("\n# TYPE sqlite_up gauge\nsqlite_up{database=\"app\"} 1\n"));
}

TEST_CASE("runbooks are served from the start, under the address that alerts link to") {
  const Site site;
  const HttpResponse list = site.get("/runbooks/");
  CHECK(list.status == 200);
  CHECK(list.body->find("<a href=\"/runbooks/SqliteForgottenReader\">") != std::string::npos);
  for (const char* path :
       {"/runbooks/SqliteForgottenReader", "/runbooks/SqliteForgottenReader.md"}) {
    const HttpResponse response = site.get(path);
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain; charset=utf-8");
    CHECK(response.body->starts_with("# SqliteForgottenReader\n"));
  }
  CHECK(*site.get("/runbooks").body == *list.body);
  for (const char* path : {"/runbooksNo", "/runbooks/No", "/runbooks/.md", "/runbooks/../metrics"})
    CHECK(site.get(path).status == 404);
}

TEST_CASE("a snapshot is rendered once") {
  Site site;
  site.publish(kNow, kHour);
  CHECK(site.get("/metrics").body == site.get("/metrics").body);
}

TEST_CASE("a stale snapshot is never served as new") {
  Site site;
  site.publish(kNow - kHour, kHour);
  const HttpResponse response = site.get("/metrics");
  CHECK(response.status == 503);
  CHECK(response.body->find("sqlite_up") == std::string::npos);
  CHECK(site.get("/-/healthy").status == 200);
}

TEST_CASE("only whole paths are known") {
  Site site;
  site.publish(kNow, kHour);
  CHECK(site.get("/").status == 200);
  for (const std::string_view path : {"/metrics/", "/metrics/x", "/metric", "//metrics", ""})
    CHECK(site.get(path).status == 404);
}

}  // namespace
}  // namespace sqlite_exporter

#include "exporter/web.h"

#include <chrono>
#include <string>
#include <utility>

#include "exporter/runbooks/runbooks.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr std::string_view kLandingPage =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>sqlite_exporter</title></head>\n"
    "<body><h1>sqlite_exporter</h1>\n"
    "<p>Version " PROJECT_VERSION
    ". Watches SQLite databases from outside, without touching them.</p>\n"
    "<ul><li><a href=\"/metrics\">Metrics</a></li>\n"
    "<li><a href=\"/runbooks/\">Runbooks</a></li>\n"
    "<li><a href=\"/-/healthy\">Healthy</a></li>\n"
    "<li><a href=\"/-/ready\">Ready</a></li></ul></body></html>\n";

HttpResponse answer(int status, std::string_view body,
                    std::string_view content_type = "text/plain; charset=utf-8") {
  return {status, content_type, std::make_shared<const std::string>(body)};
}

constexpr std::string_view kRunbooksPath = "/runbooks/";

HttpResponse list_of_runbooks() {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<title>Runbooks</title></head>\n<body><h1>Runbooks</h1>\n<ul>\n";
  for (const Runbook& runbook : all_runbooks())
    page.append("<li><a href=\"")
        .append(kRunbooksPath)
        .append(runbook.alert)
        .append("\">")
        .append(runbook.alert)
        .append("</a></li>\n");
  return answer(200, page.append("</ul></body></html>\n"), kHtml);
}

/// They end in .md where one leads to another.
HttpResponse runbook(std::string_view name) {
  if (name.empty()) return list_of_runbooks();
  if (name.ends_with(".md")) name.remove_suffix(3);
  const Runbook* const found = find_runbook(name);
  return found == nullptr ? answer(404, "Not found. All runbooks are listed at /runbooks/.\n")
                          : answer(200, found->text);
}

HttpResponse metrics(const Snapshot* snapshot, OwnMetrics& own_metrics) {
  if (snapshot == nullptr) return answer(503, "No snapshot yet: the first looks are under way.\n");
  if (snapshot->is_stale(Snapshot::Clock::now()))
    return answer(503, "The last snapshot is older than three intervals.\n");
  HttpResponse response{200, kTextContentType, snapshot->text()};
  own_metrics.count_scrape(response.body->size());
  return response;
}

}  // namespace

HttpServer::Handler make_routes(std::shared_ptr<const SnapshotCell> snapshot,
                                std::shared_ptr<OwnMetrics> own_metrics,
                                std::shared_ptr<const Heartbeat> heartbeat) {
  return [snapshot = std::move(snapshot), own_metrics = std::move(own_metrics),
          heartbeat = std::move(heartbeat)](const HttpRequest& request) {
    const std::shared_ptr<const Snapshot> now = snapshot->get();
    if (request.path == "/metrics") return metrics(now.get(), *own_metrics);
    if (request.path == "/-/healthy")
      return heartbeat->is_alive(Heartbeat::Clock::now())
                 ? answer(200, "sqlite_exporter is healthy.\n")
                 : answer(503, "sqlite_exporter is stuck: its loop or its sampler.\n");
    if (request.path == "/-/ready")
      return now ? answer(200, "sqlite_exporter is ready.\n")
                 : answer(503, "sqlite_exporter is not ready: the first looks are under way.\n");
    if (request.path == "/") return answer(200, kLandingPage, kHtml);
    if (request.path == kRunbooksPath.substr(0, kRunbooksPath.size() - 1))
      return list_of_runbooks();
    if (request.path.starts_with(kRunbooksPath))
      return runbook(std::string_view(request.path).substr(kRunbooksPath.size()));
    return answer(404, "Not found. Metrics are at /metrics.\n");
  };
}

}  // namespace sqlite_exporter

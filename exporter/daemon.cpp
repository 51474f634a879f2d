#include "exporter/daemon.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

#include "collectors/registry.h"
#include "exporter/descriptor_limit.h"
#include "exporter/http_server.h"
#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"
#include "exporter/web.h"

namespace sqlite_exporter {

namespace {

LookTools make_tools(const Config& config) {
  LookTools tools;
  for (const Collector* collector : all_collectors())
    if (config.collector_enabled(collector->name)) tools.collectors.push_back(collector);
  for (const NodeCollector* collector : all_node_collectors())
    if (config.collector_enabled(collector->name)) tools.node_collectors.push_back(collector);
  std::vector<std::string_view> names = {kLookName};
  std::ranges::copy_if(collector_names(), std::back_inserter(names),
                       [&](std::string_view name) { return config.collector_enabled(name); });
  tools.own_metrics = std::make_shared<OwnMetrics>(names);
  return tools;
}

}  // namespace

Result<bool> run_daemon(const Config& config, const Log& log, const DaemonOptions& options) {
  for (const int signal_number : kStopSignals) defer_signal(signal_number);
  raise_descriptor_limit();
  const LookTools tools = make_tools(config);
  const auto snapshot = std::make_shared<SnapshotCell>();

  Loop loop;
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::start(config.web().listen_address, make_routes(snapshot, tools.own_metrics));
  if (!server) return fail(server.error());
  log.info("listening", {{"address", (*server)->address()}});
  if (options.listening) options.listening((*server)->address());

  Sampler sampler;
  Scheduler scheduler(config,
                      {loop, sampler, log, tools, snapshot, options.paths, options.published});
  for (const int signal_number : kStopSignals) {
    loop.on_signal(signal_number, [&, signal_number] {
      log.info("stopping", {{"signal", std::string("SIG").append(::sigabbrev_np(signal_number))}});
      loop.stop();
    });
  }
  scheduler.start();
  const bool jobs_ended = loop.run();
  return sampler.stop() && jobs_ended;
}

}  // namespace sqlite_exporter

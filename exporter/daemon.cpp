#include "exporter/daemon.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "exporter/descriptor_limit.h"
#include "exporter/enabled.h"
#include "exporter/heartbeat.h"
#include "exporter/http_server.h"
#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/reload.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"
#include "exporter/service_manager.h"
#include "exporter/sql/query_runner.h"
#include "exporter/web.h"

namespace sqlite_exporter {

namespace {

/// Where no service manager says otherwise: as the unit's WatchdogSec=.
constexpr std::chrono::seconds kHealthyWithin(60);

std::shared_ptr<FolderWatch> watch_folders(const Log& log) {
  Result<std::shared_ptr<FolderWatch>> watch = FolderWatch::create();
  if (watch) return *watch;
  log.warn("new databases are found by the rescan only", {{"error", watch.error().message}});
  return nullptr;
}

/// Each thread of the pool would get an arena of its own, and keep in it the most that a pass ever
/// took there: 25.1 MB resident instead of 16.8 at 500 databases.
void share_arenas() {
#ifdef M_ARENA_MAX
  ::mallopt(M_ARENA_MAX, 2);
#endif
}

/// With nothing to reload, nohup's wish is granted.
std::vector<int> signals_to_handle(const DaemonOptions& options) {
  std::vector<int> signals(kStopSignals.begin(), kStopSignals.end());
  struct sigaction inherited{};
  ::sigaction(SIGHUP, nullptr, &inherited);
  if (inherited.sa_handler == SIG_IGN && !options.reload) std::erase(signals, SIGHUP);
  return signals;
}

/// A restart helps a loop or a sampler that got stuck by a fault of ours; a mount that hangs would
/// hang the next process as well. Looked at more often than systemd is told: a process that was
/// frozen for a while gets its next chance at once.
void watch_progress(Loop& loop, const Sampler& sampler, ServiceManager& service_manager,
                    Heartbeat& heartbeat, const Log& log) {
  using Clock = Heartbeat::Clock;
  const auto allowed = std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat.patience());
  const auto period = std::clamp<std::chrono::milliseconds>(
      allowed / 8, std::chrono::milliseconds(1), std::chrono::seconds(1));
  loop.every(period, [&, allowed, fed = Clock::time_point(), told = false]() mutable {
    const bool progress = sampler.makes_progress(allowed / 2);
    if (!progress && !told) log.error("the sampler is stuck: not healthy any more");
    told = !progress;
    if (!progress) return;
    const Clock::time_point now = Clock::now();
    heartbeat.beat(now);
    if (!service_manager.watchdog() || now - fed < allowed / 4) return;
    service_manager.alive();
    fed = now;
  });
}

}  // namespace

Result<bool> run_daemon(const Config& config, const Log& log, const DaemonOptions& options) {
  const std::vector<int> signals = signals_to_handle(options);
  for (const int signal_number : signals) defer_signal(signal_number);
  raise_descriptor_limit();
  share_arenas();
  const LookTools tools = make_tools(config);
  const auto snapshot = std::make_shared<SnapshotCell>();

  ServiceManager service_manager;
  const auto heartbeat =
      std::make_shared<Heartbeat>(service_manager.watchdog().value_or(kHealthyWithin));

  Loop loop;
  if (const Result<void> ready = loop.prepare_pool(); !ready) return fail(ready.error());
  const auto own_reader = std::make_shared<OwnReaderPids>();
  Sampler sampler(CpuBudget(config.poll().cpu_budget, config.poll().interval), tools.cpu_time,
                  own_reader, tools.room);
  if (const Result<void> ready = sampler.started(); !ready) return fail(ready.error());
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(
      config.web().listen_address, make_routes(snapshot, tools.own_metrics, heartbeat));
  if (!server) return fail(server.error());
  log.info("listening", {{"address", (*server)->address()}});
  if (options.listening) options.listening((*server)->address());
  QueryRunner queries(config.sql(), {loop, log, tools.own_metrics, own_reader,
                                     sql_worker_command(options.paths.procfs)});
  const auto published = [&](const Snapshot& now) {
    service_manager.watching(now.databases());
    if (options.published) options.published(now);
  };
  Scheduler scheduler(config, {loop, sampler, log, tools, snapshot, options.paths,
                               watch_folders(log), published, &queries, own_reader});
  Reload reload(config, {loop, log, tools.own_metrics, service_manager, options.reload,
                         [&](const Config& now) {
                           const Enabled enabled = enabled_by(now);
                           tools.own_metrics->add_collectors(enabled.names);
                           queries.configure(now.sql());
                           scheduler.reconfigure(now, enabled.collectors, enabled.node_collectors);
                         }});
  for (const int signal_number : signals) {
    loop.on_signal(signal_number, [&, signal_number] {
      if (signal_number == SIGHUP && options.reload) return reload.request();
      log.info("stopping", {{"signal", std::string("SIG").append(::sigabbrev_np(signal_number))}});
      service_manager.stopping();
      queries.stop();
      loop.stop();
    });
  }
  watch_progress(loop, sampler, service_manager, *heartbeat, log);
  scheduler.start();
  const bool jobs_ended = loop.run();
  return sampler.stop() && jobs_ended;
}

}  // namespace sqlite_exporter

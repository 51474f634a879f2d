/// The exporter's own instruments, declared once as data and built from that.
#include "exporter/own_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "exporter/process_metrics.h"

namespace sqlite_exporter {
namespace {

constexpr Metric kBuildInfo =
    gauge("sqlite_exporter_build_info",
          "Always 1; the label is the version of the running exporter.", {"version"});
constexpr Metric kCollectorDuration =
    histogram("sqlite_exporter_collector_duration_seconds", "Time one collector took for one look.",
              {"collector"});
constexpr Metric kCollectorErrors = counter(
    "sqlite_exporter_collector_errors_total",
    "Looks of a collector that ended in an error and gave no readings.", {"collector", "reason"});
constexpr Metric kCpuStarved =
    gauge("sqlite_exporter_cpu_starved",
          "1 if in the last pass a thread of the exporter waited for a core longer than it worked: "
          "too little CPU. Databases that it does not reach (reason starved) are not stalled.");
constexpr Metric kReloadSuccessful =
    gauge("sqlite_exporter_config_last_reload_successful",
          "1 if the running configuration is the one last read, 0 if a reload failed.");
constexpr Metric kReloadTimestamp =
    gauge("sqlite_exporter_config_last_reload_success_timestamp_seconds",
          "Unix time at which the running configuration was read.");
constexpr Metric kDatabasesExcluded =
    gauge("sqlite_exporter_databases_excluded",
          "Databases found and not shown because of [discovery] exclude_states.");
constexpr Metric kDiscoveryCpu =
    counter("sqlite_exporter_discovery_cpu_seconds_total",
            "CPU time of walks through folders and of looking for open files.");
constexpr Metric kDiscoveryRescan = gauge(
    "sqlite_exporter_discovery_rescan_seconds",
    "The longest that a folder waits to be walked anew: rescan_interval, or longer where many "
    "names would cost more than half of cpu_budget.");
constexpr Metric kDiscoveryDenied =
    gauge("sqlite_exporter_discovery_denied_processes",
          "Processes whose open files [discovery] processes may not see; CAP_SYS_PTRACE and "
          "CAP_DAC_READ_SEARCH together show them.");
constexpr Metric kDiscoveryLimited =
    gauge("sqlite_exporter_discovery_limited",
          "Walks through folders that ended at a limit of [discovery]: what lies beyond is not "
          "found.",
          {"limit"});
constexpr Metric kDiscoveryNoise = gauge(
    "sqlite_exporter_discovery_noise_files",
    "Files that look as encrypted databases do, and are not watched because nothing else says "
    "that they are: no plain page size, no -wal or -journal beside them, no lock of SQLite's. "
    "Named by its path such a database is watched.");
constexpr Metric kDiscoveryRefusedLinks = gauge(
    "sqlite_exporter_discovery_refused_links",
    "Symbolic links that are not followed: they belong neither to root nor to the owner of what "
    "they lead to, or they lead round in a circle or over several filesystems.");
constexpr Metric kDiscoveryUntranslated =
    gauge("sqlite_exporter_discovery_untranslated_files",
          "Open files in containers that have no path on the node.");
constexpr Metric kDiscoveryUnwatched =
    gauge("sqlite_exporter_discovery_unwatched_folders",
          "Folders in which a new database is found by the rescan only: fs.inotify limits are used "
          "up.");
constexpr Metric kDatabases = gauge("sqlite_exporter_databases", "Databases under observation.");
constexpr Metric kDatabasesOpenedEachTime =
    gauge("sqlite_exporter_databases_opened_each_time",
          "Databases in use whose files are opened and closed at each look, because the limit of "
          "open files leaves no room to keep them open. That costs more CPU, and a file that is "
          "replaced under its application is not always seen to be.");
constexpr Metric kDatabasesWaiting =
    gauge("sqlite_exporter_databases_waiting",
          "Databases that the last pass did not reach; the next one begins with them. They show "
          "their last reading until it is two intervals old, and then nothing.");
constexpr Metric kDatabasesOverLimit =
    gauge("sqlite_exporter_databases_over_limit",
          "Databases found but not observed because of the limit on their number; those that are "
          "named, in use or watched already come first.");
constexpr Metric kLostLogLines =
    counter("sqlite_exporter_log_lines_lost_total",
            "Lines of the log that were lost because nobody read standard error.");
constexpr Metric kLooksCpu = counter("sqlite_exporter_looks_cpu_seconds_total",
                                     "CPU time of samples and full looks, over all databases.");
constexpr Metric kPassesCut =
    counter("sqlite_exporter_passes_cut_total",
            "Passes that were ended after two intervals, before every database was looked at.");
constexpr Metric kPasses =
    counter("sqlite_exporter_passes_total", "Rounds of full looks at all databases.");
constexpr Metric kSamplerLooks =
    counter("sqlite_exporter_sampler_looks_total", "Samples taken, over all databases.");
constexpr Metric kSamplerSlowdown =
    gauge("sqlite_exporter_sampler_slowdown",
          "How many times longer than usual the periods between samples are, to keep within "
          "cpu_budget; 1 is the full rate.");
constexpr Metric kScrapes =
    counter("sqlite_exporter_scrapes_total", "Scrapes answered with a snapshot.");
constexpr Metric kServedBytes =
    counter("sqlite_exporter_served_bytes_total", "Bytes of the snapshots that answered scrapes.");
constexpr Metric kSnapshotTimestamp =
    gauge("sqlite_exporter_snapshot_timestamp_seconds",
          "Unix time at which the readings served now were published.");
constexpr Metric kStalledMounts =
    gauge("sqlite_exporter_stalled_mounts",
          "Filesystems, each of one mount or several, that did not answer within a second and have "
          "not answered since.");

constexpr Metric kWorkerRestarts = counter(
    "sqlite_exporter_worker_restarts_total",
    "SQL workers that were replaced: a statement that was over its time or kept the application "
    "from its work is ended by ending its worker.",
    {"reason"});
constexpr Metric kWorkerSandboxed = gauge(
    "sqlite_exporter_worker_sandboxed",
    "1 if the SQL worker runs in its whole sandbox, 0 if this kernel lacks a part of it, which "
    "the log names.");

/// Sorted by name.
constexpr std::array kDeclarations = {kProcessCpuSeconds,
                                      kProcessMaxFds,
                                      kProcessOpenFds,
                                      kProcessResidentMemory,
                                      kProcessStartTime,
                                      kProcessThreads,
                                      kProcessVirtualMemory,
                                      kBuildInfo,
                                      kCollectorDuration,
                                      kCollectorErrors,
                                      kReloadTimestamp,
                                      kReloadSuccessful,
                                      kCpuStarved,
                                      kDatabases,
                                      kDatabasesExcluded,
                                      kDatabasesOpenedEachTime,
                                      kDatabasesOverLimit,
                                      kDatabasesWaiting,
                                      kDiscoveryCpu,
                                      kDiscoveryDenied,
                                      kDiscoveryLimited,
                                      kDiscoveryNoise,
                                      kDiscoveryRefusedLinks,
                                      kDiscoveryRescan,
                                      kDiscoveryUntranslated,
                                      kDiscoveryUnwatched,
                                      kLostLogLines,
                                      kLooksCpu,
                                      kPassesCut,
                                      kPasses,
                                      kSamplerLooks,
                                      kSamplerSlowdown,
                                      kScrapes,
                                      kServedBytes,
                                      kSnapshotTimestamp,
                                      kStalledMounts,
                                      kWorkerRestarts,
                                      kWorkerSandboxed};
static_assert(std::ranges::is_sorted(kDeclarations, {}, &Metric::name));

/// What a look can end in: no_data is a success, and config ends the program before any look.
constexpr std::array kLookErrors = {Errc::denied,      Errc::busy,    Errc::timeout, Errc::stalled,
                                    Errc::starved,     Errc::limit,   Errc::io,      Errc::corrupt,
                                    Errc::unsupported, Errc::internal};

/// From one sample (5 us) and one full look (20 us) to a filesystem that hardly answers.
constexpr std::array kDurationBuckets = {5e-6, 2e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0};

template <class T>
prometheus::Family<T>& build(prometheus::detail::Builder<T> builder, const Metric& metric,
                             prometheus::Registry& registry) {
  return builder.Name(std::string(metric.name()))
      .Help(std::string(metric.help()))
      .Register(registry);
}

/// A gauge without a value yet is left out, so its sample is made by its first value.
void set(prometheus::Family<prometheus::Gauge>& gauge, double value) { gauge.Add({}).Set(value); }

}  // namespace

struct OwnMetrics::Instruments {
  template <class T>
  using Family = prometheus::Family<T>;
  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;

  prometheus::Registry registry;
  ProcessMetrics process;

  Family<Histogram>& durations = build(prometheus::BuildHistogram(), kCollectorDuration, registry);
  Family<Counter>& errors = build(prometheus::BuildCounter(), kCollectorErrors, registry);
  Family<Gauge>& databases = build(prometheus::BuildGauge(), kDatabases, registry);
  Family<Gauge>& opened_each_time =
      build(prometheus::BuildGauge(), kDatabasesOpenedEachTime, registry);
  Family<Gauge>& over_limit = build(prometheus::BuildGauge(), kDatabasesOverLimit, registry);
  Family<Gauge>& excluded = build(prometheus::BuildGauge(), kDatabasesExcluded, registry);
  Family<Gauge>& rescan = build(prometheus::BuildGauge(), kDiscoveryRescan, registry);
  Family<Gauge>& denied = build(prometheus::BuildGauge(), kDiscoveryDenied, registry);
  Family<Gauge>& limited = build(prometheus::BuildGauge(), kDiscoveryLimited, registry);
  Family<Gauge>& noise = build(prometheus::BuildGauge(), kDiscoveryNoise, registry);
  Family<Gauge>& refused = build(prometheus::BuildGauge(), kDiscoveryRefusedLinks, registry);
  Family<Gauge>& untranslated = build(prometheus::BuildGauge(), kDiscoveryUntranslated, registry);
  Family<Gauge>& unwatched = build(prometheus::BuildGauge(), kDiscoveryUnwatched, registry);
  Family<Gauge>& reload_successful = build(prometheus::BuildGauge(), kReloadSuccessful, registry);
  Family<Gauge>& reload_time = build(prometheus::BuildGauge(), kReloadTimestamp, registry);
  Family<Gauge>& stalled_mounts = build(prometheus::BuildGauge(), kStalledMounts, registry);
  Family<Gauge>& slowdown = build(prometheus::BuildGauge(), kSamplerSlowdown, registry);
  Family<Gauge>& snapshot_time = build(prometheus::BuildGauge(), kSnapshotTimestamp, registry);
  Family<Counter>& worker_restarts = build(prometheus::BuildCounter(), kWorkerRestarts, registry);
  Family<Gauge>& worker_sandboxed = build(prometheus::BuildGauge(), kWorkerSandboxed, registry);
  Family<Gauge>& cpu_starved = build(prometheus::BuildGauge(), kCpuStarved, registry);
  Family<Gauge>& waiting = build(prometheus::BuildGauge(), kDatabasesWaiting, registry);
  Counter& passes = build(prometheus::BuildCounter(), kPasses, registry).Add({});
  Counter& passes_cut = build(prometheus::BuildCounter(), kPassesCut, registry).Add({});
  Counter& lost_log_lines = build(prometheus::BuildCounter(), kLostLogLines, registry).Add({});
  Counter& discovery_cpu = build(prometheus::BuildCounter(), kDiscoveryCpu, registry).Add({});
  Counter& looks_cpu = build(prometheus::BuildCounter(), kLooksCpu, registry).Add({});
  Counter& looks = build(prometheus::BuildCounter(), kSamplerLooks, registry).Add({});
  Counter& scrapes = build(prometheus::BuildCounter(), kScrapes, registry).Add({});
  Counter& bytes = build(prometheus::BuildCounter(), kServedBytes, registry).Add({});

  mutable std::shared_mutex mutex;  ///< a reload adds collectors
  std::map<std::string, Histogram*, std::less<>> duration_of;

  explicit Instruments(std::span<const std::string_view> collector_names) {
    build(prometheus::BuildGauge(), kBuildInfo, registry)
        .Add({{"version", PROJECT_VERSION}})
        .Set(1);
    add(collector_names);
  }

  void add(std::span<const std::string_view> collector_names) {
    const std::unique_lock lock(mutex);
    const Histogram::BucketBoundaries buckets(kDurationBuckets.begin(), kDurationBuckets.end());
    for (const std::string_view name : collector_names) {
      const std::string collector(name);
      duration_of[collector] = &durations.Add({{"collector", collector}}, buckets);
      expect_errors(collector);
    }
  }

  /// At 0 from the start: rate() does not see the first error of a counter that begins at 1.
  void expect_errors(std::string_view name) {
    for (const Errc reason : kLookErrors) error(name, reason);
  }

  Counter& error(std::string_view collector, Errc reason) {
    return errors.Add(
        {{"collector", std::string(collector)}, {"reason", std::string(to_string(reason))}});
  }
};

OwnMetrics::OwnMetrics(std::span<const std::string_view> collector_names)
    : instruments_(std::make_unique<Instruments>(collector_names)) {}

OwnMetrics::~OwnMetrics() = default;

void OwnMetrics::add_collectors(std::span<const std::string_view> names) {
  instruments_->add(names);
}

void OwnMetrics::expect_errors(std::string_view name) {
  instruments_->expect_errors(name);
  instruments_->error(name, Errc::config);  // a statement may be wrong, too
}

void OwnMetrics::observe_collector(std::string_view collector, double seconds) {
  const std::shared_lock lock(instruments_->mutex);
  const auto found = instruments_->duration_of.find(collector);
  if (found != instruments_->duration_of.end()) found->second->Observe(seconds);
}

void OwnMetrics::count_collector_error(std::string_view collector, Errc reason) {
  instruments_->error(collector, reason).Increment();
}
void OwnMetrics::set_looks_cpu(double seconds) {
  instruments_->looks_cpu.Increment(seconds - instruments_->looks_cpu.Value());
}

void OwnMetrics::set_sampler_slowdown(double slowdown) { set(instruments_->slowdown, slowdown); }

void OwnMetrics::count_scrape(std::uint64_t bytes) {
  instruments_->scrapes.Increment();
  instruments_->bytes.Increment(static_cast<double>(bytes));
}

void OwnMetrics::set_lost_log_lines(std::uint64_t lines) {
  prometheus::Counter& lost = instruments_->lost_log_lines;
  lost.Increment(static_cast<double>(lines) - lost.Value());
}

void OwnMetrics::count_sampler_looks(std::uint64_t looks) {
  instruments_->looks.Increment(static_cast<double>(looks));
}

void OwnMetrics::set_reload(bool successful, double unix_seconds) {
  set(instruments_->reload_successful, successful ? 1 : 0);
  if (successful) set(instruments_->reload_time, unix_seconds);
}

void OwnMetrics::set_discovery(const DiscoveryStatus& status) {
  for (std::size_t i = 0; i < kWalkLimitNames.size(); ++i)
    instruments_->limited.Add({{"limit", std::string(kWalkLimitNames[i])}})
        .Set(static_cast<double>(status.limited[i]));
  set(instruments_->noise, static_cast<double>(status.noise_files));
  set(instruments_->rescan, status.rescan_period.count());
  set(instruments_->refused, static_cast<double>(status.refused_links));
  set(instruments_->unwatched, static_cast<double>(status.unwatched_folders));
  if (!status.processes) return;
  set(instruments_->denied, static_cast<double>(status.denied_processes));
  set(instruments_->untranslated, static_cast<double>(status.untranslated_files));
}

void OwnMetrics::set_databases(std::size_t watched, std::size_t excluded, std::size_t over_limit) {
  set(instruments_->databases, static_cast<double>(watched));
  set(instruments_->excluded, static_cast<double>(excluded));
  set(instruments_->over_limit, static_cast<double>(over_limit));
}

void OwnMetrics::count_discovery_cpu(double seconds) {
  instruments_->discovery_cpu.Increment(seconds);
}

void OwnMetrics::set_opened_each_time(std::size_t databases) {
  set(instruments_->opened_each_time, static_cast<double>(databases));
}

void OwnMetrics::set_stalled_mounts(std::size_t count) {
  set(instruments_->stalled_mounts, static_cast<double>(count));
}

void OwnMetrics::count_pass(std::size_t waiting) {
  instruments_->passes.Increment();
  if (waiting > 0) instruments_->passes_cut.Increment();
  set(instruments_->waiting, static_cast<double>(waiting));
}

void OwnMetrics::set_cpu_starved(bool starved) { set(instruments_->cpu_starved, starved ? 1 : 0); }

void OwnMetrics::set_snapshot_time(double unix_seconds) {
  set(instruments_->snapshot_time, unix_seconds);
}

void OwnMetrics::expect_worker() {
  for (const std::string_view reason : kWorkerRestartNames)
    instruments_->worker_restarts.Add({{"reason", std::string(reason)}});
}

void OwnMetrics::count_worker_restart(WorkerRestart reason) {
  const std::string_view name = kWorkerRestartNames[static_cast<std::size_t>(reason)];
  instruments_->worker_restarts.Add({{"reason", std::string(name)}}).Increment();
}

void OwnMetrics::set_worker_sandboxed(bool sandboxed) {
  set(instruments_->worker_sandboxed, sandboxed ? 1 : 0);
}

std::vector<prometheus::MetricFamily> OwnMetrics::collect() const {
  std::vector<prometheus::MetricFamily> families = instruments_->registry.Collect();
  std::ranges::move(instruments_->process.Collect(), std::back_inserter(families));
  // The registry answers in the order of hashes, which differs from one process to the next.
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  for (prometheus::MetricFamily& family : families)
    std::ranges::sort(family.metric, {}, &prometheus::ClientMetric::label);
  return families;
}

std::span<const Metric> OwnMetrics::declarations() { return kDeclarations; }

}  // namespace sqlite_exporter

/// The exporter's own families as a scrape sees them.
#include "exporter/own_metrics.h"

#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "exporter/exposition.h"
#include "tests/support/catch.h"
#include "tests/support/exposition_checks.h"
#include "tests/support/skip.h"

namespace sqlite_exporter {
namespace {

constexpr std::array<std::string_view, 2> kCollectors = {"wal", "database"};

/// `name{label="value",...}` -> value.
std::map<std::string, double> samples_of(const OwnMetrics& metrics) {
  std::map<std::string, double> result;
  for (const test::PageSample& sample : test::read_samples(write_text({}, metrics.collect()))) {
    std::string key = sample.name;
    for (const auto& [name, value] : sample.labels) key += " " + name + "=" + value;
    result[key] = sample.value;
  }
  return result;
}

TEST_CASE("a page of own metrics is sorted, readable and without duplicates") {
  OwnMetrics metrics(kCollectors);
  metrics.set_databases(1, 0, 0);
  const std::string page = write_text({}, metrics.collect());
  CHECK(test::unreadable_lines(page).empty());
  CHECK(test::duplicate_samples(page).empty());
  CHECK(test::misplaced_families(page).empty());
  CHECK(test::read_samples(page).size() > 30);
}

TEST_CASE("two pages differ in values only") {
  OwnMetrics one(kCollectors);
  OwnMetrics two(kCollectors);
  const auto names = [](const OwnMetrics& metrics) {
    std::vector<std::string> result;
    for (const auto& sample : test::read_samples(write_text({}, metrics.collect())))
      result.push_back(sample.name + (sample.labels.empty() ? "" : sample.labels[0].second));
    return result;
  };
  CHECK(names(one) == names(two));
}

TEST_CASE("what has not happened yet: counters are 0, gauges are left out") {
  const auto samples = samples_of(OwnMetrics(kCollectors));
  CHECK(samples.at("sqlite_exporter_build_info version=" PROJECT_VERSION) == 1);
  CHECK(samples.at("sqlite_exporter_scrapes_total") == 0);
  CHECK(samples.at("sqlite_exporter_served_bytes_total") == 0);
  CHECK(samples.at("sqlite_exporter_sampler_looks_total") == 0);
  CHECK(samples.at("sqlite_exporter_looks_cpu_seconds_total") == 0);
  CHECK(samples.at("sqlite_exporter_collector_errors_total collector=wal reason=busy") == 0);
  CHECK_FALSE(
      samples.contains("sqlite_exporter_collector_errors_total collector=wal "
                       "reason=no_data"));
  for (const char* name : {"sqlite_exporter_databases", "sqlite_exporter_databases_over_limit",
                           "sqlite_exporter_sampler_slowdown", "sqlite_exporter_stalled_mounts",
                           "sqlite_exporter_cpu_starved", "sqlite_exporter_databases_waiting",
                           "sqlite_exporter_snapshot_timestamp_seconds"})
    CHECK_FALSE(samples.contains(name));
}

TEST_CASE("what has happened is counted") {
  OwnMetrics metrics(kCollectors);
  metrics.observe_collector("wal", 4e-6);
  metrics.observe_collector("wal", 0.5);
  metrics.observe_collector("unknown", 1);
  metrics.count_collector_error("database", Errc::io);
  metrics.count_scrape(1000);
  metrics.count_scrape(24);
  metrics.count_sampler_looks(500);
  metrics.set_looks_cpu(0.5);
  metrics.set_looks_cpu(1.25);
  metrics.set_sampler_slowdown(2.5);
  metrics.set_databases(7, 0, 3);
  metrics.set_opened_each_time(5);
  metrics.count_discovery_cpu(0.25);
  metrics.count_discovery_cpu(0.5);
  metrics.set_stalled_mounts(2);
  metrics.count_pass(0);
  metrics.count_pass(31);
  metrics.set_cpu_starved(true);
  metrics.set_snapshot_time(1795231440.125);

  const auto samples = samples_of(metrics);
  const std::string duration = "sqlite_exporter_collector_duration_seconds";
  CHECK(samples.at(duration + "_bucket collector=wal le=5e-06") == 1);
  CHECK(samples.at(duration + "_bucket collector=wal le=0.1") == 1);
  CHECK(samples.at(duration + "_bucket collector=wal le=1") == 2);
  CHECK(samples.at(duration + "_count collector=wal") == 2);
  CHECK(samples.at(duration + "_count collector=database") == 0);
  CHECK_FALSE(samples.contains(duration + "_count collector=unknown"));
  CHECK(samples.at("sqlite_exporter_collector_errors_total collector=database reason=io") == 1);
  CHECK(samples.at("sqlite_exporter_scrapes_total") == 2);
  CHECK(samples.at("sqlite_exporter_served_bytes_total") == 1024);
  CHECK(samples.at("sqlite_exporter_sampler_looks_total") == 500);
  CHECK(samples.at("sqlite_exporter_looks_cpu_seconds_total") == 1.25);
  CHECK(samples.at("sqlite_exporter_sampler_slowdown") == 2.5);
  CHECK(samples.at("sqlite_exporter_databases") == 7);
  CHECK(samples.at("sqlite_exporter_databases_over_limit") == 3);
  CHECK(samples.at("sqlite_exporter_databases_opened_each_time") == 5);
  CHECK(samples.at("sqlite_exporter_discovery_cpu_seconds_total") == 0.75);
  CHECK(samples.at("sqlite_exporter_stalled_mounts") == 2);
  CHECK(samples.at("sqlite_exporter_passes_total") == 2);
  CHECK(samples.at("sqlite_exporter_passes_cut_total") == 1);
  CHECK(samples.at("sqlite_exporter_databases_waiting") == 31);
  CHECK(samples.at("sqlite_exporter_cpu_starved") == 1);
  CHECK(samples.at("sqlite_exporter_snapshot_timestamp_seconds") == 1795231440.125);
}

TEST_CASE("every family is declared with the same name, help and type") {
  OwnMetrics metrics(kCollectors);
  metrics.set_databases(1, 0, 0);
  metrics.set_sampler_slowdown(1);
  metrics.set_opened_each_time(0);
  metrics.set_stalled_mounts(0);
  metrics.count_pass(0);
  metrics.set_cpu_starved(false);
  metrics.set_snapshot_time(1);
  metrics.set_reload(true, 1);
  metrics.expect_worker();
  metrics.set_worker_sandboxed(true);
  DiscoveryStatus discovery;
  discovery.processes = true;
  metrics.set_discovery(discovery);
  std::set<std::string> declared;
  std::set<std::string> collected;
  for (const Metric& metric : OwnMetrics::declarations())
    declared.insert(std::string(to_string(metric.type())) + " " + std::string(metric.name()) + " " +
                    std::string(metric.help()));
  for (const auto& family : metrics.collect()) {
    const std::string type = family.type == prometheus::MetricType::Counter ? "counter"
                             : family.type == prometheus::MetricType::Gauge ? "gauge"
                                                                            : "histogram";
    collected.insert(type + " " + family.name + " " + family.help);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
    std::erase_if(declared, [](const auto& line) { return line.starts_with("gauge process_max"); });
  CHECK(collected == declared);
}

TEST_CASE("the process is this one") {
  if (test::is_emulated()) return test::skip("process", "an emulator makes up its memory");
  const OwnMetrics metrics(kCollectors);
  const auto before = samples_of(metrics);
  CHECK(before.at("process_resident_memory_bytes") > 1e6);
  CHECK(before.at("process_virtual_memory_bytes") >= before.at("process_resident_memory_bytes"));
  CHECK(before.at("process_threads") >= 1);
  CHECK(before.at("process_cpu_seconds_total") >= 0);
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(before.at("process_start_time_seconds") <= now);
  CHECK(before.at("process_start_time_seconds") > now - 86400);

  const int descriptor = dup(STDIN_FILENO);
  const auto after = samples_of(metrics);
  close(descriptor);
  CHECK(after.at("process_open_fds") == before.at("process_open_fds") + 1);
  CHECK(after.at("process_start_time_seconds") == before.at("process_start_time_seconds"));
}

TEST_CASE("threads may count at the same time") {
  OwnMetrics metrics(kCollectors);
  const auto count = [&] {
    for (int i = 0; i < 1000; ++i) {
      metrics.count_scrape(1);
      metrics.observe_collector("wal", 1e-6);
      metrics.count_collector_error("wal", Errc::io);
      metrics.set_databases(1, 0, 0);
      if (i % 100 == 0) static_cast<void>(metrics.collect());
    }
  };
  std::thread other(count);
  for (int i = 0; i < 1000; ++i) metrics.count_scrape(1);
  other.join();
  const auto samples = samples_of(metrics);
  CHECK(samples.at("sqlite_exporter_scrapes_total") == 2000);
  CHECK(samples.at("sqlite_exporter_collector_errors_total collector=wal reason=io") == 1000);
}

}  // namespace
}  // namespace sqlite_exporter

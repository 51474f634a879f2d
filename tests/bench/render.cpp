/// Rendering 500 databases x 100 series: our writer against prometheus-cpp's Collect and Serialize.
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/label_text.h"
#include "exporter/exposition.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kDatabases = 500;
constexpr std::size_t kFamilies = 100;
constexpr std::size_t kRounds = 15;

/// "sqlite_bench_family_042_bytes"
template <std::size_t N>
constexpr std::array<char, 29> kName = [] {
  std::array<char, 29> name{};
  std::ranges::copy(std::string_view("sqlite_bench_family_000_bytes"), name.begin());
  for (std::size_t i = 0, rest = N; i < 3; ++i, rest /= 10)
    name[22 - i] = static_cast<char>('0' + rest % 10);
  return name;
}();

template <std::size_t N>
constexpr Metric kMetric =
    gauge({kName<N>.data(), kName<N>.size()}, "A family of the size of those that are served.");

template <std::size_t... N>
constexpr std::array<const Metric*, sizeof...(N)> metrics(std::index_sequence<N...>) {
  return {&kMetric<N>...};
}
constexpr auto kMetrics = metrics(std::make_index_sequence<kFamilies>());

/// Counts, sizes, timestamps: as many whole numbers as there are in real readings.
double value_of(std::size_t database, std::size_t family) {
  const auto mixed = static_cast<double>(database * 7919 + family * 104729);
  return family % 10 == 0 ? 1795231440 + mixed / 1024 : mixed;
}

prometheus::Labels labels_of(std::size_t database) {
  return {{"database", "application/tenant-" + std::to_string(database)},
          {"site", "edge-" + std::to_string(database % 40)},
          {"team", "warehouse"}};
}

std::vector<SubjectReadings> make_subjects() {
  std::vector<SubjectReadings> subjects;
  for (std::size_t database = 0; database < kDatabases; ++database) {
    std::string text;
    for (const auto& [name, value] : labels_of(database)) {
      if (!text.empty()) text += ',';
      append_label(text, name, value);
    }
    SubjectReadings& subject =
        subjects.emplace_back(SubjectReadings{std::make_shared<const std::string>(text), {}});
    for (std::size_t family = 0; family < kFamilies; ++family)
      subject.batch.add(*kMetrics[family], value_of(database, family));
  }
  return subjects;
}

std::unique_ptr<prometheus::Registry> make_registry() {
  auto registry = std::make_unique<prometheus::Registry>();
  for (std::size_t family = 0; family < kFamilies; ++family) {
    auto& gauges = prometheus::BuildGauge()
                       .Name(std::string(kMetrics[family]->name()))
                       .Help(std::string(kMetrics[family]->help()))
                       .Register(*registry);
    for (std::size_t database = 0; database < kDatabases; ++database)
      gauges.Add(labels_of(database)).Set(value_of(database, family));
  }
  return registry;
}

template <class Render>
double milliseconds(const Render& render, std::size_t& bytes) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  bytes = render().size();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::ranges::nth_element(times, times.begin() + kRounds / 2);
  return times[kRounds / 2];
}

void run() {
  const std::vector<SubjectReadings> subjects = make_subjects();
  const std::unique_ptr<prometheus::Registry> registry = make_registry();
  const prometheus::TextSerializer serializer;
  std::vector<double> ours;
  std::vector<double> theirs;
  std::size_t our_bytes = 0;
  std::size_t their_bytes = 0;
  // By turns, so that whatever else the machine does hits both.
  for (std::size_t round = 0; round < kRounds; ++round) {
    ours.push_back(milliseconds([&] { return write_text(subjects, {}); }, our_bytes));
    theirs.push_back(
        milliseconds([&] { return serializer.Serialize(registry->Collect()); }, their_bytes));
  }
  std::printf("render %zu databases x %zu series, median of %zu\n", kDatabases, kFamilies, kRounds);
  const auto print = [](const char* what, const std::vector<double>& times, std::size_t bytes) {
    std::printf("  %-32s %8.2f ms %10zu bytes\n", what, median(times), bytes);
  };
  print("write_text", ours, our_bytes);
  print("prometheus-cpp Collect+Serialize", theirs, their_bytes);
  std::printf("  %-32s %8.1f\n", "ratio", median(theirs) / median(ours));
}

}  // namespace
}  // namespace sqlite_exporter

int main() { sqlite_exporter::run(); }

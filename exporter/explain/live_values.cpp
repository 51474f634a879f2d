#include "exporter/explain/live_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "exporter/inspect/words.h"
#include "exporter/rendered_labels.h"

namespace sqlite_exporter {

namespace {

/// A size is shown in its own unit up to what 64 bits hold.
constexpr double kLargest = 9e18;

/// A small value is the bad one: an old time, little room, a failure.
bool is_worse_small(std::string_view metric) {
  constexpr std::array<std::string_view, 6> kEnds = {
      "_timestamp_seconds", "_avail_bytes", "_files_free", "_up", "_success", "_successful"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return metric.ends_with(end); });
}

/// What the daemon counts from when it began to watch: this process has only just begun.
bool is_counted_by_daemon(const Metric& metric, std::string_view database) {
  return !database.empty() && metric.type() == MetricType::counter;
}

/// The same for ages; that they are there at all says that it holds.
bool is_age_since_watched(std::string_view metric) {
  return metric == "sqlite_oldest_reader_age_seconds" ||
         metric == "sqlite_lock_current_hold_seconds" || metric == "sqlite_commit_blocked_seconds";
}

bool is_wanted(const RunbookValue& wanted, const Reading& reading, std::string_view labels) {
  if (reading.metric->name() != wanted.metric) return false;
  return wanted.label.empty() || labels.find(wanted.label) != std::string_view::npos;
}

std::string database_of(const SubjectReadings& subject) {
  return label_value(*subject.labels, "database").value_or("");
}

}  // namespace

std::vector<LiveValue> live_values(const Snapshot& snapshot, std::span<const RunbookValue> wanted,
                                   const std::optional<std::string>& database) {
  std::vector<LiveValue> values;
  for (const RunbookValue& each : wanted) {
    const auto first = static_cast<std::ptrdiff_t>(values.size());
    for (const SubjectReadings& subject : snapshot.subjects()) {
      const std::string name = database_of(subject);
      if (database && !name.empty() && name != *database) continue;
      for (const Reading& reading : subject.batch.readings()) {
        const std::string_view labels = subject.batch.labels(reading);
        if (is_wanted(each, reading, labels) && !is_counted_by_daemon(*reading.metric, name))
          values.push_back(
              {name, without_empty_labels(labels), reading.metric->name(), reading.value});
      }
    }
    const bool worse_small = is_worse_small(each.metric);
    std::sort(values.begin() + first, values.end(),
              [&](const LiveValue& one, const LiveValue& other) {
                if (one.value != other.value) return (one.value < other.value) == worse_small;
                return std::tie(one.database, one.labels) < std::tie(other.database, other.labels);
              });
  }
  return values;
}

std::optional<std::string> label_of_database(const Snapshot& snapshot, std::string_view database,
                                             std::string_view metric, std::string_view label) {
  for (const SubjectReadings& subject : snapshot.subjects()) {
    if (database_of(subject) != database) continue;
    for (const Reading& reading : subject.batch.readings())
      if (reading.metric->name() == metric)
        return label_value(subject.batch.labels(reading), label);
  }
  return std::nullopt;
}

bool is_told_by_daemon(const RunbookValue& value) {
  constexpr std::array<std::string_view, 4> kBegins = {"sqlite_exporter_", "sqlite_sync_",
                                                       "sqlite_query_", "process_"};
  return std::ranges::any_of(
      kBegins, [&](std::string_view begin) { return value.metric.starts_with(begin); });
}

std::string value_in_words(const LiveValue& value, double unix_now) {
  const double number = value.value;
  if (is_age_since_watched(value.metric)) return "now; since when the daemon's page says";
  if (value.metric.ends_with("_timestamp_seconds") && number > unix_now + 1)
    return moment_in_words(number).append(", which is later than now: a clock is wrong");
  if (value.metric.ends_with("_timestamp_seconds"))
    return moment_in_words(number)
        .append(", ")
        .append(time_in_words(std::max(0.0, unix_now - number)))
        .append(" ago");
  if (value.metric.ends_with("_seconds") || value.metric.ends_with("_seconds_total"))
    return time_in_words(number);
  if (value.metric.ends_with("_bytes") && number >= 0 && number < kLargest)
    return size_in_words(static_cast<std::uint64_t>(number));
  if (std::abs(number) < kLargest && std::floor(number) == number)
    return std::to_string(static_cast<std::int64_t>(number));
  return std::to_string(number);
}

}  // namespace sqlite_exporter

/// Aligns the demo's table: every cell is text first, then columns get the width of their widest.
#include "exporter/demo/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <vector>

namespace sqlite_exporter {
namespace {

constexpr std::size_t kColumns = 7;
constexpr std::size_t kTextColumns = 2;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kUnknown = "-";

using Line = std::array<std::string, kColumns>;

std::string count(std::optional<std::uint64_t> value) {
  return value ? std::to_string(*value) : std::string(kUnknown);
}

std::string size(std::optional<std::uint64_t> bytes) {
  if (!bytes) return std::string(kUnknown);
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB"};
  double value = static_cast<double>(*bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string age(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds)) return std::string(kUnknown);
  // The clock of the file system ticks apart from ours: a write may seem to lie ahead of now.
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f s ago", std::clamp(*seconds, 0.0, 1e9));
  return text.data();
}

Line line_of(const DemoRow& row) {
  return {row.database,
          row.journal_mode.value_or(std::string(kUnknown)),
          count(row.transactions),
          count(row.wal_frames),
          count(row.wal_backfilled_frames),
          size(row.wal_file_size_bytes),
          age(row.seconds_since_last_write)};
}

}  // namespace

std::string demo_table(std::span<const DemoRow> rows) {
  std::vector<Line> lines = {
      {"DATABASE", "MODE", "TRANSACTIONS", "WAL FRAMES", "BACKFILLED", "WAL SIZE", "LAST WRITE"}};
  for (const DemoRow& row : rows) lines.push_back(line_of(row));

  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());

  std::string text;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string padding(widths[i] - line[i].size(), ' ');
      if (i > 0) text += kGap;
      text += i < kTextColumns ? line[i] + padding : padding + line[i];
    }
    text += '\n';
  }
  return text;
}

}  // namespace sqlite_exporter

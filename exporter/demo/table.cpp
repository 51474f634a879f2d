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

constexpr std::size_t kColumns = 8;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kUnknown = "-";

using Line = std::array<std::string, kColumns>;

/// The first two and the last.
bool is_text(std::size_t column) { return column < 2 || column + 1 == kColumns; }

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
          count(row.wal_pinned_frames),
          size(row.wal_file_size_bytes),
          age(row.seconds_since_last_write),
          row.pinned_by.value_or(std::string(kUnknown))};
}

}  // namespace

std::string demo_table(std::span<const DemoRow> rows) {
  std::vector<Line> lines = {{"DATABASE", "MODE", "TRANSACTIONS", "WAL FRAMES", "PINNED",
                              "WAL SIZE", "LAST WRITE", "PINNED BY"}};
  for (const DemoRow& row : rows) lines.push_back(line_of(row));

  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());

  std::string text;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string padding(widths[i] - line[i].size(), ' ');
      if (i > 0) text += kGap;
      if (!is_text(i)) text += padding;
      text += line[i];
      if (is_text(i) && i + 1 < kColumns) text += padding;
    }
    text += '\n';
  }
  return text;
}

}  // namespace sqlite_exporter

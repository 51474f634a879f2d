/// What the demo shows in the terminal: one line a database.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace sqlite_exporter {

/// What is not known (yet) is left empty and shown as "-", never as 0.
struct DemoRow {
  std::string database;
  std::optional<std::string> journal_mode;
  std::optional<std::uint64_t> transactions;
  std::optional<std::uint64_t> wal_frames;
  std::optional<std::uint64_t> wal_pinned_frames;
  std::optional<std::uint64_t> wal_file_size_bytes;
  std::optional<double> seconds_since_last_write;
  std::optional<std::string> pinned_by;
};

/// A heading and one line a row, in the order given; text to the left, numbers to the right. Every
/// line ends with a newline and none in a space.
std::string demo_table(std::span<const DemoRow> rows);

}  // namespace sqlite_exporter

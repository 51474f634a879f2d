/// What the daemon and the SQL worker say to each other: JSON, one message a line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/sql/sync_work.h"

namespace sqlite_exporter {

/// A longer line from the other side is no message.
inline constexpr std::size_t kMaxMessageSize = std::size_t{8} << 20U;

/// In place of a path: the statement is not run, and its result is whether it could ever be.
inline constexpr std::string_view kNoDatabase = ":memory:";

/// What the worker is to read of one database: the rows of a SELECT, or synchronisation tables.
struct StatementRequest {
  std::string path;  ///< a realpath; any bytes; or `kNoDatabase`
  std::string sql;   ///< UTF-8; not used with `sync`
  std::optional<SyncWork> sync;
  std::vector<std::string> labels;  ///< columns that are read as text
  std::vector<std::string> values;  ///< columns that are read as numbers
  std::size_t max_rows = 0;
  std::chrono::milliseconds timeout{};

  bool operator==(const StatementRequest&) const = default;
};

/// An integer keeps all of its 64 bits.
using Number = std::variant<std::int64_t, double>;

struct ResultRow {
  std::vector<std::string> labels;            ///< UTF-8; NULL is ""
  std::vector<std::optional<Number>> values;  ///< nothing for NULL

  bool operator==(const ResultRow&) const = default;
};

struct StatementResult {
  std::vector<ResultRow> rows;
  double seconds = 0;  ///< from the opening of the database to its close
  /// What is not among the rows, though it was asked for.
  std::optional<Error> shortfall;

  bool operator==(const StatementResult&) const = default;
};

/// The first thing a worker says.
struct WorkerHello {
  std::string sqlite_version;
  int listed_pid = 0;  ///< its own, as the node's procfs says it
  /// What of its sandbox this kernel lacks, each in a sentence's part such as
  /// `Landlock: Function not implemented`.
  std::vector<std::string> missing;

  bool operator==(const WorkerHello&) const = default;
};

/// Without the newline, which none of them holds.
std::string encode(const StatementRequest& request);
std::string encode(const Result<StatementResult>& result);
std::string encode(const WorkerHello& hello);

/// Every byte is taken for hostile. Error: internal, if the line is no such message.
Result<StatementRequest> decode_request(std::string_view line);
/// The error of the statement, if it had one; else as many labels and values in each row as the
/// request has columns, or internal.
Result<StatementResult> decode_result(std::string_view line, const StatementRequest& request);
Result<WorkerHello> decode_hello(std::string_view line);

}  // namespace sqlite_exporter

#include "exporter/sql/worker/sync_rows.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/quoted.h"
#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/moment.h"
#include "exporter/sql/worker/pending_rows.h"
#include "exporter/sql/worker/statement.h"

namespace sqlite_exporter {

namespace {

/// As teams write them who move rows by `updated_at`.
std::vector<SyncLayout> built_in_layouts() {
  return {{"sync_status", "table_name", std::nullopt, "last_sync_timestamp", "sync_state"},
          {"cluster_sync", "table_name", "cluster_id", "last_sync_time", "sync_state"}};
}

bool same_name(const std::string& one, const std::string& other) {
  return sqlite3_stricmp(one.c_str(), other.c_str()) == 0;
}

/// `?1` names a table or a view; whether it has the column `?2`.
constexpr std::string_view kFindColumn =
    "SELECT EXISTS (SELECT 1 FROM pragma_table_xinfo(s.name) AS c WHERE c.name = ?2 COLLATE NOCASE)"
    " FROM sqlite_schema AS s WHERE s.type IN ('table', 'view') AND s.name = ?1 COLLATE NOCASE";

enum class Found : std::uint8_t { no_table, no_column, both };

Result<Found> find_column(sqlite3* connection, const std::string& table,
                          const std::string& column) {
  const Result<Prepared> found = prepare(connection, kFindColumn);
  if (!found) return fail(found.error());
  sqlite3_stmt* const statement = found->statement.get();
  sqlite3_bind_text(statement, 1, table.data(), static_cast<int>(table.size()), SQLITE_STATIC);
  sqlite3_bind_text(statement, 2, column.data(), static_cast<int>(column.size()), SQLITE_STATIC);
  switch (sqlite3_step(statement)) {
    case SQLITE_ROW: return sqlite3_column_int(statement, 0) == 0 ? Found::no_column : Found::both;
    case SQLITE_DONE: return Found::no_table;
    default: return fail(error_of(connection));
  }
}

/// A time that is written as a number in a text is that number.
std::string without_quotes(const std::string& column) {
  return "CASE WHEN typeof(" + column + ") = 'text' AND " + column + " <> '' AND " + column +
         " NOT GLOB '*[^0-9]*' THEN CAST(" + column + " AS INTEGER) ELSE " + column + " END";
}

/// Table, peer, state, time, and the milliseconds of a time that is a text.
std::string rows_of(const SyncLayout& layout) {
  const auto or_null = [](const std::optional<std::string>& column) {
    return column ? quoted_identifier(*column) : std::string("NULL");
  };
  const std::string time = quoted_identifier(layout.time_column);
  return "SELECT " + or_null(layout.table_column) + ", " + or_null(layout.peer_column) + ", " +
         or_null(layout.state_column) + ", " + without_quotes(time) + ", CASE WHEN typeof(" + time +
         ") = 'text' AND " + is_date(time) + " THEN " + milliseconds_of(time) + " END FROM " +
         quoted_identifier(layout.table);
}

class Reader {
 public:
  Reader(sqlite3* connection, const StatementRequest& request)
      : connection_(connection), request_(request) {}

  Result<StatementResult> read() {
    const std::vector<SyncLayout>& own = request_.sync->layouts;
    for (const SyncLayout& layout : own) {
      const Result<bool> there = is_there(layout);
      if (!there) return fail(there.error());
      if (!*there) continue;
      if (auto done = read_rows(layout); !done) return fail(done.error());
    }
    for (const SyncLayout& layout : built_in_layouts()) {
      if (std::ranges::any_of(own, [&](const auto& o) { return same_name(o.table, layout.table); }))
        continue;
      // A table of that name may be there for something else.
      const Result<bool> there = is_there(layout);
      if (!there && there.error().code != Errc::config) return fail(there.error());
      if (!there || !*there) continue;
      if (auto done = read_rows(layout); !done) return fail(done.error());
    }
    return result();
  }

 private:
  struct Progress {
    std::optional<Moment> last;
    std::string state;
  };

  Result<bool> is_there(const SyncLayout& layout) {
    std::vector<std::string> columns = {layout.time_column};
    for (const auto& column : {layout.table_column, layout.peer_column, layout.state_column})
      if (column) columns.push_back(*column);
    for (const std::string& column : columns) {
      const Result<Found> found = find_column(connection_, layout.table, column);
      if (!found) return fail(found.error());
      if (*found == Found::no_table) return false;
      if (*found == Found::no_column)
        return fail(Errc::config, in_quotes(layout.table) + " has no column " + in_quotes(column));
    }
    return true;
  }

  Result<void> read_rows(const SyncLayout& layout) {
    const Result<Prepared> rows = prepare(connection_, rows_of(layout));
    if (!rows) return fail(rows.error());
    for (std::size_t row = 1;; ++row) {
      const int code = sqlite3_step(rows->statement.get());
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return fail(error_of(connection_));
      if (auto done = add(layout, rows->statement.get(), row); !done) return done;
    }
  }

  Result<void> add(const SyncLayout& layout, sqlite3_stmt* statement, std::size_t row) {
    std::array<std::string, 3> labels;
    for (int column = 0; column < 3; ++column) {
      Result<std::string> label = label_of(statement, column, row);
      if (!label) {
        fall_short(in_quotes(layout.table), label.error());
        return {};
      }
      labels.at(static_cast<std::size_t>(column)) = std::move(*label);
    }
    auto& [table, peer, state] = labels;
    const std::string where = in_quotes(layout.time_column) + " of row " + std::to_string(row);
    const Result<std::optional<Moment>> last = read_moment(statement, 3, where);
    if (!last) {
      fall_short(in_quotes(layout.table), last.error());
      return {};
    }
    const auto [place, is_new] = progress_.try_emplace({std::move(table), std::move(peer)});
    if (progress_.size() > request_.max_rows)
      return fail(Errc::limit,
                  "there are more than " + std::to_string(request_.max_rows) + " tables and peers");
    Progress& progress = place->second;
    if (is_new || is_newer(*last, progress.last)) progress = {*last, std::move(state)};
    return {};
  }

  static bool is_newer(const std::optional<Moment>& one, const std::optional<Moment>& other) {
    return one && (!other || one->unix_seconds() >= other->unix_seconds());
  }

  std::size_t size() const {
    std::size_t size = 0;
    for (const auto& [names, progress] : progress_)
      size += names.first.size() + names.second.size() + progress.state.size() + 6 * kSizeOfOne;
    return size;
  }

  Result<StatementResult> result() {
    if (size() > kMaxResultSize)
      return fail(Errc::limit, "its tables, peers and states take more than 1 MiB");
    StatementResult result;
    bool in_time = true;
    for (const auto& [names, progress] : progress_) {
      ResultRow& row = result.rows.emplace_back();
      row.labels = {names.first, names.second, progress.state};
      row.values = {std::nullopt, std::nullopt, std::nullopt};
      if (progress.last) row.values[0] = progress.last->seconds;
      if (!in_time) continue;
      const std::size_t most = request_.sync->max_pending;
      const Result<std::optional<std::size_t>> pending =
          count_pending_rows(connection_, names.first, progress.last, most);
      if (!pending) {
        in_time = pending.error().code != Errc::timeout;
        const std::string rows = "the rows of " + in_quotes(names.first) + " that wait";
        if (in_time) {
          fall_short(rows, pending.error());
        } else {
          fall_short(rows, {Errc::timeout,
                            "not counted within the timeout, an index on "
                            "\"updated_at\" would help"});
        }
      } else if (*pending) {
        row.values[1] = static_cast<std::int64_t>(std::min(**pending, most));
        row.values[2] = std::int64_t{**pending > most ? 1 : 0};
      }
    }
    result.shortfall = std::move(shortfall_);
    return result;
  }

  void fall_short(std::string what, const Error& error) {
    if (shortfall_) return;
    shortfall_ = Error{error.code, what.append(": ").append(error.message)};
  }

  sqlite3* connection_;
  const StatementRequest& request_;
  std::map<std::pair<std::string, std::string>, Progress> progress_;
  std::optional<Error> shortfall_;
};

}  // namespace

Result<StatementResult> sync_rows(sqlite3* connection, const StatementRequest& request) {
  return Reader(connection, request).read();
}

}  // namespace sqlite_exporter

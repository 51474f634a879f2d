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

struct KnownLayout {
  SyncLayout layout;
  bool built_in = false;  ///< a table of that name may be there for something else
};

bool same_name(const std::string& one, const std::string& other) {
  return sqlite3_stricmp(one.c_str(), other.c_str()) == 0;
}

/// The user's, and those that teams write who move rows by `updated_at`.
std::vector<KnownLayout> all_layouts(const std::vector<SyncLayout>& own) {
  std::vector<KnownLayout> all;
  all.reserve(own.size() + 2);
  for (const SyncLayout& layout : own) all.push_back({layout, false});
  const std::array<SyncLayout, 2> built_in = {
      {{"sync_status", "table_name", std::nullopt, "last_sync_timestamp", "sync_state"},
       {"cluster_sync", "table_name", "cluster_id", "last_sync_time", "sync_state"}}};
  for (const SyncLayout& layout : built_in)
    if (std::ranges::none_of(own, [&](const auto& o) { return same_name(o.table, layout.table); }))
      all.push_back({layout, true});
  return all;
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
  bind_text(found->statement, 1, table);
  bind_text(found->statement, 2, column);
  const Result<bool> row = step(connection, found->statement);
  if (!row) return fail(row.error());
  if (!*row) return Found::no_table;
  return sqlite3_column_int(found->statement.get(), 0) == 0 ? Found::no_column : Found::both;
}

/// In the order of `kSyncLabels`, and behind them the time.
std::string rows_of(const SyncLayout& layout) {
  const auto or_null = [](const std::optional<std::string>& column) {
    return column ? quoted_identifier(*column) : std::string("NULL");
  };
  return "SELECT " + or_null(layout.table_column) + ", " + or_null(layout.peer_column) + ", " +
         or_null(layout.state_column) + ", " +
         moment_columns(quoted_identifier(layout.time_column)) + " FROM " +
         quoted_identifier(layout.table);
}

constexpr int kTimeColumn = kSyncLabels.size();
constexpr std::size_t kSizeOfRow = kSizeOfOne * (kSyncLabels.size() + kSyncValues.size());

class Reader {
 public:
  Reader(sqlite3* connection, const StatementRequest& request, Deadline& deadline)
      : connection_(connection), request_(request), deadline_(deadline), end_(deadline.at) {}

  Result<StatementResult> read() {
    const std::vector<KnownLayout> layouts = all_layouts(request_.sync->layouts);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
      give_a_share(layouts.size() - i + 1);  // one is for the counts
      const SyncLayout& layout = layouts[i].layout;
      const Result<bool> there = is_there(layouts[i]);
      if (!there && !is_its_own(there.error())) return fail(there.error());
      if (there && !*there) continue;
      const Result<void> done = there ? read_rows(layout) : fail(there.error());
      if (!done) fall_short(in_quotes(layout.table), done.error());
    }
    count_all();
    return StatementResult{result_rows(), 0, std::move(shortfall_)};
  }

 private:
  struct Progress {
    std::optional<Moment> last;
    std::string state;
    std::optional<std::size_t> pending{};
  };

  /// Of the layout, and not of the database.
  static bool is_its_own(const Error& error) {
    return error.code == Errc::config || error.code == Errc::limit || error.code == Errc::timeout;
  }

  /// What hangs or is hostile takes no more than its part of the time.
  void give_a_share(std::size_t left) {
    const auto now = std::chrono::steady_clock::now();
    deadline_.at = now + (end_ - now) / static_cast<std::int64_t>(left);
  }

  /// Errors: those of `error_of`; config, if a column of the user's is not there.
  Result<bool> is_there(const KnownLayout& known) {
    const SyncLayout& layout = known.layout;
    std::vector<std::string> columns = {layout.time_column};
    for (const auto& column : {layout.table_column, layout.peer_column, layout.state_column})
      if (column) columns.push_back(*column);
    for (const std::string& column : columns) {
      const Result<Found> found = find_column(connection_, layout.table, column);
      if (!found) return fail(found.error());
      if (*found == Found::both) continue;
      if (*found == Found::no_table || known.built_in) return false;
      return fail(Errc::config, "it has no column " + in_quotes(column));
    }
    return true;
  }

  Result<void> read_rows(const SyncLayout& layout) {
    const Result<Prepared> rows = prepare(connection_, rows_of(layout));
    if (!rows) return fail(rows.error());
    for (std::size_t row = 1;; ++row) {
      const Result<bool> there = step(connection_, rows->statement);
      if (!there) return fail(there.error());
      if (!*there) return {};
      add(layout, rows->statement.get(), row);
    }
  }

  /// Messages name no row: they are told again when they change.
  void add(const SyncLayout& layout, sqlite3_stmt* statement, std::size_t row) {
    std::array<std::string, kSyncLabels.size()> labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      Result<std::string> label = label_of(statement, static_cast<int>(i), row);
      if (!label)
        return fall_short(in_quotes(layout.table),
                          {label.error().code, "a " + std::string(kSyncLabels.at(i)) +
                                                   " is a blob or longer than 1024 bytes"});
      labels.at(i) = std::move(*label);
    }
    const auto& [table, peer, state] = labels;
    const Result<std::optional<Moment>> last = read_moment(statement, kTimeColumn);
    if (!last)
      return fall_short(
          in_quotes(layout.table),
          {last.error().code, "the time of " + in_quotes(table) + " is " + last.error().message});
    const auto known = progress_.find({table, peer});
    const bool is_new = known == progress_.end();
    if (!is_new && !is_newer(*last, known->second.last)) return;
    const std::size_t size = size_ + state.size() +
                             (is_new ? table.size() + peer.size() + kSizeOfRow : 0) -
                             (is_new ? 0 : known->second.state.size());
    if (size > kMaxResultSize)
      return fall_short(in_quotes(layout.table),
                        {Errc::limit, "its tables, peers and states take more than 1 MiB"});
    if (is_new && progress_.size() == request_.max_rows)
      return fall_short(in_quotes(layout.table),
                        {Errc::limit, "there are more than " + std::to_string(request_.max_rows) +
                                          " tables and peers"});
    size_ = size;
    progress_.insert_or_assign({table, peer}, Progress{*last, state});
  }

  static bool is_newer(const std::optional<Moment>& one, const std::optional<Moment>& other) {
    return one && (!other || one->unix_seconds() >= other->unix_seconds());
  }

  using Entry = std::pair<const std::pair<std::string, std::string>, Progress>;
  /// Those of one table.
  using Group = std::vector<Entry*>;

  /// Tables that take longer than their share get what others left of theirs.
  void count_all() {
    std::vector<Group> groups;
    for (Entry& entry : progress_) {
      if (groups.empty() || groups.back().front()->first.first != entry.first.first)
        groups.emplace_back();
      groups.back().push_back(&entry);
    }
    for (const Group& group : count_each(count_each(groups)))
      fall_short(rows_that_wait(group), {Errc::timeout, ""});
  }

  /// Those for which there was not the time.
  std::vector<Group> count_each(const std::vector<Group>& groups) {
    std::vector<Group> late;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      give_a_share(groups.size() - i);
      if (Group rest = count(groups[i]); !rest.empty()) late.push_back(std::move(rest));
    }
    return late;
  }

  Group count(Group group) {
    if (deadline_.passed()) return group;
    const auto table = find_dated_table(connection_, group.front()->first.first);
    if (table && !*table) return {};
    while (!group.empty()) {
      Progress& progress = group.back()->second;
      const Result<std::size_t> pending = table.and_then([&](const auto& dated) {
        return count_pending_rows(connection_, *dated, progress.last, request_.sync->max_pending);
      });
      if (!pending) {
        if (pending.error().code == Errc::timeout) return group;
        fall_short(rows_that_wait(group), pending.error());
        return {};
      }
      progress.pending = *pending;
      group.pop_back();
    }
    return group;
  }

  std::vector<ResultRow> result_rows() const {
    const std::size_t most = request_.sync->max_pending;
    std::vector<ResultRow> rows;
    rows.reserve(progress_.size());
    for (const auto& [names, progress] : progress_) {
      ResultRow& row = rows.emplace_back();
      row.labels = {names.first, names.second, progress.state};
      row.values.resize(kSyncValues.size());
      if (progress.last) row.values[0] = progress.last->seconds;
      if (!progress.pending) continue;
      row.values[1] = static_cast<std::int64_t>(std::min(*progress.pending, most));
      row.values[2] = std::int64_t{*progress.pending > most ? 1 : 0};
    }
    return rows;
  }

  static std::string rows_that_wait(const Group& group) {
    return "the rows of " + in_quotes(group.front()->first.first) + " are not counted";
  }

  void fall_short(std::string what, const Error& error) {
    if (shortfall_) return;
    shortfall_ = Error{
        error.code, what.append(": ").append(error.code == Errc::timeout
                                                 ? "it takes longer than its share of the timeout"
                                                 : error.message)};
  }

  sqlite3* connection_;
  const StatementRequest& request_;
  Deadline& deadline_;
  std::chrono::steady_clock::time_point end_;
  std::map<std::pair<std::string, std::string>, Progress> progress_;
  std::size_t size_ = 0;
  std::optional<Error> shortfall_;
};

}  // namespace

Result<StatementResult> sync_rows(sqlite3* connection, const StatementRequest& request,
                                  Deadline& deadline) {
  return Reader(connection, request, deadline).read();
}

}  // namespace sqlite_exporter

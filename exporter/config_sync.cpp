#include "exporter/config_sync.h"

#include <strings.h>

#include <algorithm>
#include <utility>

#include "exporter/config_refusal.h"
#include "exporter/config_values.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

Result<SyncLayout> make_layout(const SyncLayoutDraft& draft) {
  if (!draft.table) return refuse(draft.where, "is without a \"table\"");
  if (!draft.time_column) return refuse(draft.where, "is without a \"time_column\"");
  for (const auto* name : {&draft.table, &draft.table_column, &draft.peer_column,
                           &draft.time_column, &draft.state_column}) {
    if (!*name) continue;
    if (auto checked = check_text(**name); !checked) return fail(checked.error());
  }
  const auto column = [](const std::optional<Written<std::string>>& written) {
    return written ? std::optional(written->value) : std::nullopt;
  };
  return SyncLayout{draft.table->value, column(draft.table_column), column(draft.peer_column),
                    draft.time_column->value, column(draft.state_column)};
}

}  // namespace

Result<QueryConfig> make_sync(const SyncDraft& draft) {
  QueryConfig query;
  query.name = kSyncName;
  auto databases = make_databases(draft.where, draft.databases);
  if (!databases) return fail(databases.error());
  query.databases = std::move(*databases);
  query.max_rows = 1'000;
  SyncWork& work = query.sync.emplace();
  const Result<void> set = all_of(
      {set_duration(query.interval, draft.interval, declared("sync", "interval"), 1s, 24h),
       set_duration(query.timeout, draft.timeout, declared("sync", "timeout"), 10ms, 1min),
       set_count(query.max_rows, draft.max_rows, declared("sync", "max_rows"), 10'000),
       set_count(work.max_pending, draft.max_pending, declared("sync", "max_pending"), 1'000'000)});
  if (!set) return fail(set.error());
  for (const SyncLayoutDraft& layout : draft.layouts) {
    auto made = make_layout(layout);
    if (!made) return fail(made.error());
    const auto is_same = [&](const SyncLayout& other) {
      return ::strcasecmp(other.table.c_str(), made->table.c_str()) == 0;  // as SQLite has it
    };
    if (std::ranges::any_of(work.layouts, is_same))
      return refuse(layout.table->where, "is given twice: " + in_quotes(made->table));
    work.layouts.push_back(std::move(*made));
  }
  return query;
}

}  // namespace sqlite_exporter

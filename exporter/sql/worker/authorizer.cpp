#include "exporter/sql/worker/authorizer.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sqlite_exporter {

namespace {

/// They read, at once, and their argument names a table or an index.
constexpr std::array<std::string_view, 6> kOfATable = {
    "foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_xinfo"};

/// They read a number or a word; with an argument some of them would write.
constexpr std::array<std::string_view, 15> kWithoutArgument = {
    "application_id", "auto_vacuum", "collation_list", "compile_options", "data_version",
    "database_list",  "encoding",    "freelist_count", "function_list",   "journal_mode",
    "page_count",     "page_size",   "schema_version", "table_list",      "user_version"};

/// Of the schema, and of R*Trees.
bool is_virtual_tables_own(std::string_view table) {
  return table == "sqlite_master" || table.ends_with("_node") || table.ends_with("_rowid") ||
         table.ends_with("_parent");
}

/// They reach beyond this connection or its memory; Debian's library has none of them but the
/// first two.
constexpr std::array<std::string_view, 5> kRefusedFunctions = {"load_extension", "fts3_tokenizer",
                                                               "edit", "readfile", "writefile"};

bool is_one_of(std::string_view name, const auto& names) {
  return std::ranges::any_of(names, [&](std::string_view candidate) {
    return sqlite3_strnicmp(candidate.data(), name.data(), static_cast<int>(name.size())) == 0 &&
           candidate.size() == name.size();
  });
}

std::string_view text(const char* argument) {
  return argument == nullptr ? std::string_view() : argument;
}

int authorize(void* /*unused*/, int action, const char* first, const char* second,
              const char* /*schema*/, const char* /*trigger_or_view*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      // A virtual table prepares these when it is opened, and runs none of them. In a statement of
      // the user's they are refused as no SELECT.
      return is_virtual_tables_own(text(first)) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION:
      return is_one_of(text(second), kRefusedFunctions) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      return is_one_of(text(first), kOfATable) ||
                     (second == nullptr && is_one_of(text(first), kWithoutArgument))
                 ? SQLITE_OK
                 : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

}  // namespace

void allow_only_reading(sqlite3* connection) {
  sqlite3_set_authorizer(connection, authorize, nullptr);
}

}  // namespace sqlite_exporter

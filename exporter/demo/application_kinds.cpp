/// The table of kinds: applications that are well, and those that cause an incident.
#include "exporter/demo/application_kinds.h"

#include <algorithm>
#include <array>

namespace sqlite_exporter {
namespace {

// One transaction a beat; old rows go, so that only a pinned WAL can grow.
constexpr const char* kInsertAndTrim =
    "BEGIN IMMEDIATE;"
    "INSERT INTO measurement(value) VALUES (abs(random() % 1000));"
    "DELETE FROM measurement WHERE id <= (SELECT max(id) FROM measurement) - 1000;"
    "COMMIT";

constexpr std::array kKinds = {
    // A checkpoint every half minute instead of every few minutes: something to see.
    ApplicationKind{"wal",
                    "PRAGMA journal_mode = WAL;"
                    "PRAGMA wal_autocheckpoint = 100;"
                    "CREATE TABLE IF NOT EXISTS measurement(id INTEGER PRIMARY KEY, value INTEGER)",
                    kInsertAndTrim},
    // The write puts a frame into the WAL: a reader of an empty WAL would pin the database file.
    ApplicationKind{"pinned-reader",
                    "PRAGMA journal_mode = WAL;"
                    "CREATE TABLE IF NOT EXISTS measurement(id INTEGER PRIMARY KEY, value INTEGER);"
                    "INSERT INTO measurement(value) VALUES (0);"
                    "BEGIN;"
                    "SELECT count(*) FROM measurement",
                    ""},
    ApplicationKind{"rollback",
                    "PRAGMA journal_mode = DELETE;"
                    "CREATE TABLE IF NOT EXISTS measurement(id INTEGER PRIMARY KEY, value INTEGER)",
                    kInsertAndTrim},
    // A row fills a page, here and below: the WAL grows and the database does not. Behind a reader
    // it comes to the limit in four minutes; once that has gone, the truncation lets it go on.
    ApplicationKind{"busy-writer",
                    "PRAGMA journal_mode = WAL;"
                    "PRAGMA wal_autocheckpoint = 100;"
                    "CREATE TABLE IF NOT EXISTS page(id INTEGER PRIMARY KEY, content BLOB);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
                    "INSERT OR REPLACE INTO page SELECT i, randomblob(4000) FROM n",
                    "UPDATE page SET content = randomblob(4000)",
                    // Without the wait: it would hold the write lock until the reader ends.
                    "PRAGMA busy_timeout = 0;"
                    "PRAGMA wal_checkpoint(TRUNCATE);"
                    "PRAGMA busy_timeout = 5000"},
    // 1,300 frames a second, and nobody who would copy them; at the limit of the WAL's size it
    // stops.
    ApplicationKind{"no-checkpoint",
                    "PRAGMA journal_mode = WAL;"
                    "PRAGMA wal_autocheckpoint = 0;"
                    "CREATE TABLE IF NOT EXISTS page(id INTEGER PRIMARY KEY, content BLOB);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
                    "INSERT OR REPLACE INTO page SELECT i, randomblob(4000) FROM n",
                    "UPDATE page SET content = randomblob(4000)"},
    // The cache is smaller than the transaction: the pages that do not fit reach the file before
    // the commit, and what was there before them the journal.
    ApplicationKind{"killed-writer",
                    "PRAGMA journal_mode = DELETE;"
                    "PRAGMA cache_size = 10;"
                    "CREATE TABLE IF NOT EXISTS page(id INTEGER PRIMARY KEY, content BLOB);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
                    "INSERT OR REPLACE INTO page SELECT i, randomblob(4000) FROM n;"
                    "BEGIN IMMEDIATE;"
                    "UPDATE page SET content = randomblob(4000)",
                    ""},
    ApplicationKind{"waiting-writer",
                    "PRAGMA journal_mode = WAL;"
                    "CREATE TABLE IF NOT EXISTS measurement(id INTEGER PRIMARY KEY, value INTEGER)",
                    kInsertAndTrim, "", true},
    ApplicationKind{"stuck-writer",
                    "PRAGMA journal_mode = WAL;"
                    "CREATE TABLE IF NOT EXISTS measurement(id INTEGER PRIMARY KEY, value INTEGER);"
                    "BEGIN IMMEDIATE;"
                    "INSERT INTO measurement(value) VALUES (0)",
                    ""},
};

constexpr std::size_t kLongestProcessName = 15;
static_assert(std::ranges::all_of(kKinds, [](const ApplicationKind& kind) {
  return kind.name.size() <= kLongestProcessName;
}));

}  // namespace

const ApplicationKind* find_application_kind(std::string_view name) {
  const auto* const found = std::ranges::find(kKinds, name, &ApplicationKind::name);
  return found == kKinds.end() ? nullptr : found;
}

}  // namespace sqlite_exporter

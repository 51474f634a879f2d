/// What the self-test compares, and how it tells a difference.
#include "exporter/selftest/comparison.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

ResultRow answer() {
  ResultRow row;
  for (const std::int64_t value : {0, 12, 3150, 4096, 14, 0}) row.values.emplace_back(value);
  row.labels = {"0", "UTF-8", "wal"};
  return row;
}

const ComparedValues kLive = {
    {"application_id", "0"},  {"auto_vacuum", "none"},  {"encoding", "UTF-8"},
    {"freelist_count", "12"}, {"journal_mode", "wal"},  {"page_count", "3150"},
    {"page_size", "4096"},    {"schema_version", "14"}, {"user_version", "0"}};

TEST_CASE("a look and an answer tell the same values in the same words") {
  CHECK(values_of(*test::live_wal().look) == kLive);
  CHECK(values_of(std::vector<ResultRow>{answer()}) == kLive);
  CHECK(differences(kLive, kLive).empty());
}

TEST_CASE("the request asks for what is compared") {
  const StatementRequest request = comparison_request("/a.db");
  CHECK(request.path == "/a.db");
  CHECK(request.sql ==
        "SELECT application_id, freelist_count, page_count, page_size, schema_version, "
        "user_version, auto_vacuum, encoding, journal_mode FROM pragma_application_id, "
        "pragma_freelist_count, pragma_page_count, pragma_page_size, pragma_schema_version, "
        "pragma_user_version, pragma_auto_vacuum, pragma_encoding, pragma_journal_mode");
  CHECK(request.values.size() == 6);
  CHECK(request.labels.size() == 3);
  CHECK(request.max_rows == 1);
}

TEST_CASE("the file knows less of journals and more of auto_vacuum than the pragma's word") {
  ResultRow row = answer();
  row.labels = {"2", "UTF-16le", "persist"};
  const ComparedValues values = values_of(std::vector<ResultRow>{row});
  CHECK(values.at("auto_vacuum") == "incremental");
  CHECK(values.at("encoding") == "UTF-16le");
  CHECK(values.at("journal_mode") == "rollback");
}

TEST_CASE("a difference is told with both values") {
  ComparedValues sql = kLive;
  sql["page_count"] = "3151";
  sql["encoding"] = "UTF-16be";
  sql.erase("user_version");
  CHECK(differences(kLive, sql) ==
        std::vector<std::string>{
            "encoding of sqlite_database_info is UTF-8, and PRAGMA encoding says UTF-16be",
            "sqlite_database_pages is 3150, and PRAGMA page_count says 3151",
            "sqlite_database_user_version is 0, and PRAGMA user_version says nothing"});
}

TEST_CASE("what is not seen is not compared") {
  Look look = *test::live_wal().look;
  look.header.reset();
  CHECK(values_of(look).empty());
  CHECK(differences({}, kLive).empty());
  CHECK(values_of(std::vector<ResultRow>{}).empty());
}

}  // namespace
}  // namespace sqlite_exporter

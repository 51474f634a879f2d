/// What statements begin with, and what is behind them, whatever stands in between.
#include "exporter/sql/worker/statement_words.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("statements that begin a write, and those that only look so") {
  for (const char* const sql :
       {"delete from t", " /* a */ -- b\n\tUPDATE t SET x = 1", "Replace into t values (1)",
        "drop table t", "VACUUM", "with a as (select 1) delete from t",
        "WITH a(x) AS (SELECT ')'), \"select\" AS (SELECT 2) INSERT INTO t SELECT * FROM a"})
    CHECK(begins_a_write(sql));
  for (const char* const sql :
       {"", "select 1", "values (1)", "pragma page_count", "deleted", "\"delete\"", "/* delete",
        "with a as (select 1) select \"delete\", [update], `insert`, 'drop' from a",
        "with a as (select replace(x, 1, 2) from t) values (1)", "with", "with a as (((", "é"})
    CHECK_FALSE(begins_a_write(sql));
}

TEST_CASE("a second statement is one behind a semicolon that is not quoted") {
  for (const char* const sql : {"select 1; select 2", ";x", "select ';'; -- a\n drop table t"})
    CHECK(has_another_statement(sql));
  for (const char* const sql :
       {"", ";", "select 1;;\n /* ; x */ -- x", "select ';x', \"; x\" from t",
        "select 'a;''; b' as v", "select 'open; x"})
    CHECK_FALSE(has_another_statement(sql));
}

}  // namespace
}  // namespace sqlite_exporter

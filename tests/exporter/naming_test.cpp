/// Names of databases from configured paths.
#include "exporter/naming.h"

#include <fnmatch.h>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a pattern holds a glob character") {
  CHECK(is_pattern("/data/*.db"));
  CHECK(is_pattern("/data/?.db"));
  CHECK(is_pattern("/data/[ab].db"));
  CHECK_FALSE(is_pattern("/data/app].db"));
  CHECK_FALSE(is_pattern("/data/app.db"));
  CHECK_FALSE(is_pattern(""));
}

TEST_CASE("a literal pattern matches its file and no other") {
  CHECK(literal_pattern("/data/app.db") == "/data/app.db");
  CHECK(literal_pattern("/data/a[1]*?.db") == "/data/a[[]1][*][?].db");
  const std::string pattern = literal_pattern("/data/a[1]*?.db");
  CHECK(::fnmatch(pattern.c_str(), "/data/a[1]*?.db", FNM_PATHNAME) == 0);
  CHECK(::fnmatch(pattern.c_str(), "/data/a1xy.db", FNM_PATHNAME) == FNM_NOMATCH);
}

TEST_CASE("the fixed prefix is the directory before the first glob character") {
  CHECK(fixed_prefix("/data/*/app.db") == "/data");
  CHECK(fixed_prefix("/data/site-*/app.db") == "/data");
  CHECK(fixed_prefix("/data/a/b/*.db") == "/data/a/b");
  CHECK(fixed_prefix("/data//*.db") == "/data");
  CHECK(fixed_prefix("/*.db") == "/");
  CHECK(fixed_prefix("//*.db") == "/");
  CHECK(fixed_prefix("*.db").empty());
  CHECK(fixed_prefix("/var/lib/app/edge.db") == "/var/lib/app");
  CHECK(fixed_prefix("/edge.db") == "/");
  CHECK(fixed_prefix("").empty());
}

TEST_CASE("a database is named by its path below the fixed prefix") {
  CHECK(derive_database_name("/data/*/app.db", "/data/x/app.db") == "x/app");
  CHECK(derive_database_name("/data/site-*/app.db", "/data/site-7/app.db") == "site-7/app");
  CHECK(derive_database_name("/data/*.db", "/data/v1.2.db") == "v1.2");
  CHECK(derive_database_name("/data//*.db", "/data//x.db") == "x");
  CHECK(derive_database_name("/*/*", "/a.b/c") == "a.b/c");
  CHECK(derive_database_name("/*", "/edge.db") == "edge");
}

TEST_CASE("a database in a folder is named by its path below it") {
  CHECK(is_folder("/data/"));
  CHECK(is_folder("/"));
  CHECK_FALSE(is_folder("/data"));
  CHECK(names_many("/data/"));
  CHECK(names_many("/data/*"));
  CHECK_FALSE(names_many("/data/x.db"));
  CHECK(fixed_prefix("/data/") == "/data");
  CHECK(fixed_prefix("/data/*/") == "/data");
  CHECK(derive_database_name("/data/", "/data/x/y/app.db") == "x/y/app");
  CHECK(derive_database_name("/data/", "/data/app.db") == "app");
  CHECK(derive_database_name("/data/*/", "/data/x/app.db") == "x/app");
  CHECK(derive_database_name("/data/**/*.db", "/data/x/y/app.db") == "x/y/app");
  CHECK(derive_database_name("/", "/edge.db") == "edge");
}

TEST_CASE("a plain path names its file whatever it links to") {
  CHECK(derive_database_name("/var/lib/app/edge.db", "/var/lib/app/edge.db") == "edge");
  CHECK(derive_database_name("/var/lib/app/current.db", "/srv/v5.db") == "current");
}

TEST_CASE("a match outside the fixed prefix is named by its file") {
  CHECK(derive_database_name("/data/*.db", "/database/x.db") == "x");
  CHECK(derive_database_name("/data/*.db", "/srv/x.db") == "x");
}

TEST_CASE("files that are called the same are named from the first folder in which they differ") {
  using Names = std::vector<std::string>;
  CHECK(names_apart({}).empty());
  CHECK(names_apart({"/x/app.db"}) == Names{"app"});
  CHECK(names_apart({"/x/a/app.db", "/x/b/app.db"}) == Names{"a/app", "b/app"});
  CHECK(names_apart({"/a/x/app.db", "/b/x/app.db"}) == Names{"a/x/app", "b/x/app"});
  CHECK(names_apart({"/app.db", "/b/app.db"}) == Names{"app", "b/app"});
  CHECK(names_apart({"/x/app/app.db", "/x/app.db", "/x/apples/app.db"}) ==
        Names{"app/app", "app", "apples/app"});
  CHECK(names_apart({"/x/app.db", "/x/app.sqlite"}) == Names{"app", "app"});
  CHECK(names_apart({"/x/.db/.db", "/x/y/.db"}) == Names{".db/.db", "y/.db"});
}

TEST_CASE("a name is never empty") {
  CHECK(derive_database_name("/data/.db", "/data/.db") == ".db");
  CHECK(derive_database_name("/data/*", "/data/.db") == ".db");
  CHECK(derive_database_name("/data/*/*", "/data/x/.db") == "x/.db");
  CHECK(derive_database_name("/data/app", "/data/app") == "app");
  CHECK(derive_database_name("/data/app.", "/data/app.") == "app");
  CHECK(derive_database_name("/data/..db", "/data/..db") == ".");
}

TEST_CASE("bytes that are not UTF-8, and NUL, are named, each by its number") {
  CHECK(as_utf8("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(as_utf8("a\xFF"
                "b\x80") == "a\\xffb\\x80");
  // Prometheus refuses a page with it.
  CHECK(as_utf8(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(as_utf8("\xFF\xFE") != as_utf8("\xFE\xFF"));
  CHECK(as_utf8("").empty());
}

}  // namespace
}  // namespace sqlite_exporter

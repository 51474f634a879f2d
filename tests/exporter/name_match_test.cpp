/// What a pattern makes of one path, beside what a walk through the same folders finds.
#include "exporter/name_match.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

bool is_file(const char* pattern, const char* path) {
  return match_name(walk_start(pattern), path).file;
}

bool is_folder(const char* pattern, const char* path) {
  return match_name(walk_start(pattern), path).folder;
}

TEST_CASE("a path below a pattern's folder matches by its names") {
  CHECK(is_file("/data/*.db", "/data/a.db"));
  CHECK_FALSE(is_file("/data/*.db", "/data/a.txt"));
  CHECK_FALSE(is_file("/data/*.db", "/data/1/a.db"));
  CHECK_FALSE(is_file("/data/*.db", "/data2/a.db"));
  CHECK_FALSE(is_file("/data/*.db", "/data"));
  CHECK_FALSE(is_file("/data/*.db", "/other/a.db"));
  CHECK(is_file("/*.db", "/a.db"));
  CHECK(is_folder("/data/*/a.db", "/data/1"));
  CHECK_FALSE(is_folder("/data/**/a.db", "/data/1"));
  CHECK_FALSE(is_file("/data/*/a.db", "/data/1"));
}

TEST_CASE("it matches what a walk finds, and nothing else") {
  const test::TemporaryDirectory directory;
  const std::string root = std::filesystem::canonical(directory.path()).string();
  std::vector<std::string> all;
  for (const char* name : {"a.db", "x", ".hidden.db", "1/a.db", "1/x", "1/2/a.db", "1/2/3/a.db",
                           ".dot/a.db", "1/.dot/a.db", "b/db/a.db", "b/db/c.db", "b/b/b/b.db"}) {
    all.push_back(root + "/" + name);
    std::filesystem::create_directories(std::filesystem::path(all.back()).parent_path());
    std::ofstream(all.back()) << "x";
  }
  for (const char* pattern : {"/", "/*", "/*.db", "/**/*.db", "/*/*.db", "/*/db/*.db", "/**/a.db",
                              "/**/2/**/a.db", "/1/**/*", "/*/**/b/*", "/[b]/**", "/**/db/a.db"}) {
    CAPTURE(pattern);
    const WalkStart start = walk_start(root + pattern);
    std::vector<std::string> matched;
    for (const std::string& path : all)
      if (match_name(start, path).file) matched.push_back(path);
    std::sort(matched.begin(), matched.end());
    CHECK(matched == walk(start, {}).files);
  }
}

}  // namespace
}  // namespace sqlite_exporter

/// Real paths name by name, against the kernel's own answer, and where they stop.
#include "collectors/linux/resolve_path.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "collectors/linux/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

bool anything(std::string_view) { return true; }

struct Tree {
  TemporaryDirectory directory;
  std::string root = fs::canonical(directory.path()).string();

  Tree() {
    fs::create_directories(root + "/a/b");
    fs::create_directories(root + "/c");
    std::ofstream(root + "/a/b/file") << "x";
  }
  void link(const std::string& name, const std::string& target) const {
    fs::create_symlink(target, root + "/" + name);
  }
};

std::string resolved(const std::string& root, const std::string& path) {
  const auto result = resolve_path(root, path, anything);
  REQUIRE(result);
  CHECK_FALSE(result->elsewhere);
  return result->path;
}

Errc failure(const std::string& root, const std::string& path) {
  const auto result = resolve_path(root, path, anything);
  REQUIRE_FALSE(result);
  return result.error().code;
}

TEST_CASE("a path is resolved as the kernel resolves it") {
  const Tree tree;
  tree.link("relative", "a/b");
  tree.link("absolute", tree.root + "/a");
  tree.link("c/up", "../relative/../b/./file");
  tree.link("chain", "c/up");
  const std::string path = tree.root + "/" +
                           GENERATE("a/b/file", "relative/file", "absolute/b//file", "c/up",
                                    "chain", "a/../c", "a/b/.", "c/up/../..");
  const Result<std::string> expected = real_path(path);
  if (expected) {
    CHECK(resolved("", path) == *expected);
  } else {
    // The kernel refuses `..` of a file; by names alone it is the folder above.
    CHECK(path.ends_with("c/up/../.."));
  }
}

TEST_CASE("what is absent and what leads round in a circle are errors") {
  const Tree tree;
  tree.link("loop", "loop");
  tree.link("dangling", "a/nothing");
  CHECK(failure("", tree.root + "/nothing") == Errc::no_data);
  CHECK(failure("", tree.root + "/dangling") == Errc::no_data);
  CHECK(failure("", tree.root + "/a/b/file/below") == Errc::no_data);
  CHECK(failure("", tree.root + "/loop") != Errc::no_data);
}

TEST_CASE("below a root, links lead nowhere else") {
  const Tree tree;
  tree.link("c/absolute", "/a/b/file");
  tree.link("c/out", "../../../../../../../../a/b");
  CHECK(resolved(tree.root, tree.root + "/c/absolute") == tree.root + "/a/b/file");
  CHECK(resolved(tree.root, tree.root + "/c/out/file") == tree.root + "/a/b/file");
}

TEST_CASE("a path that may not be touched ends it, before a link there is followed") {
  const Tree tree;
  tree.link("link", "a/b/file");
  std::set<std::string, std::less<>> touched;
  const auto result = resolve_path("", tree.root + "/link", [&](std::string_view path) {
    if (path == tree.root + "/a") return false;
    touched.emplace(path);
    return true;
  });
  REQUIRE(result);
  CHECK(result->elsewhere);
  CHECK(result->path == tree.root + "/a/b/file");
  CHECK(touched.contains(tree.root + "/link"));
  CHECK_FALSE(touched.contains(tree.root + "/a/b"));
}

}  // namespace
}  // namespace sqlite_exporter::test

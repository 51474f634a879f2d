/// Real paths name by name, against the kernel's own answer, and where they stop.
#include "collectors/linux/resolve_path.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "collectors/linux/file.h"
#include "tests/support/catch.h"
#include "tests/support/skip.h"
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

constexpr uid_t kOne = 4001;
constexpr uid_t kOther = 4002;

/// Links and files of two users in folders that both may enter.
struct Users {
  Tree tree;
  std::string root = tree.root;

  Users() {
    fs::create_directories(root + "/one");
    fs::create_directories(root + "/other");
    give("/one", kOne);
    give("/other", kOther);
    for (const auto& [name, owner] : {std::pair("/one/own", kOne), {"/other/secret", kOther}}) {
      std::ofstream(root + name) << "x";
      give(name, owner);
    }
  }
  void give(const std::string& name, uid_t owner) const {
    REQUIRE(::lchown((root + name).c_str(), owner, owner) == 0);
  }
  void link(const std::string& name, const std::string& target, uid_t owner) const {
    fs::create_symlink(target, root + name);
    give(name, owner);
  }
};

bool only_root_gives_away() {
  if (::geteuid() == 0) return false;
  skip("links of two users", "only root can give files to others");
  return true;
}

TEST_CASE("a link is followed if root or the owner of its target made it") {
  if (only_root_gives_away()) return;
  const Users users;
  users.link("/one/to_own", "own", kOne);
  users.link("/one/to_own_by_folder", "../one/./own", kOne);
  users.link("/one/chain", "to_own", kOne);
  users.link("/by_root", "one/own", 0);
  users.link("/one/by_root", "../other/secret", 0);
  users.link("/one/folder_by_root", "../other", 0);
  users.link("/one/self", ".", kOne);
  for (const char* const name : {"/one/to_own", "/one/to_own_by_folder", "/one/chain", "/by_root",
                                 "/one/self/own", "/one/self/self/to_own"})
    CHECK(resolved("", users.root + name) == users.root + "/one/own");
  for (const char* const name : {"/one/by_root", "/one/folder_by_root/secret"})
    CHECK(resolved("", users.root + name) == users.root + "/other/secret");
}

TEST_CASE("a link to what is another user's is not followed") {
  if (only_root_gives_away()) return;
  const Users users;
  users.link("/one/to_file", "../other/secret", kOne);
  users.link("/one/to_folder", "../other", kOne);
  users.link("/one/to_above", "..", kOne);
  users.link("/one/to_root", "/", kOne);
  users.link("/one/first", "to_file", kOne);
  users.link("/other/own", "secret", kOther);
  users.link("/one/to_his_link", "../other/own", kOne);
  users.link("/one/by_root", "../other/secret", 0);
  users.link("/one/to_roots_link", "by_root", kOne);
  users.link("/one/unknown", "../other/mapped", 65534);
  std::ofstream(users.root + "/other/mapped") << "x";
  users.give("/other/mapped", 65534);  // to a user namespace all strangers are one
  for (const char* const name :
       {"/one/to_file", "/one/to_folder/secret", "/one/to_above/other/secret", "/one/to_root",
        "/one/first", "/one/to_his_link", "/one/to_roots_link", "/one/unknown"})
    CHECK(failure("", users.root + name) == Errc::unsupported);
}

TEST_CASE("in a folder that a link leads to, only files of the link's owner are reached") {
  if (only_root_gives_away()) return;
  const Users users;
  fs::create_directories(users.root + "/one/folder/deep");
  users.give("/one/folder", kOne);
  for (const char* const name : {"/one/folder/deep/theirs", "/one/folder/deep/own"})
    std::ofstream(users.root + name) << "x";
  users.give("/one/folder/deep", kOther);
  users.give("/one/folder/deep/theirs", kOther);
  users.give("/one/folder/deep/own", kOne);
  users.link("/one/to_folder", "folder", kOne);
  users.link("/other/to_folder", "../one/folder", kOther);
  users.link("/one/folder/deep/their_link", "theirs", kOther);
  const std::string deep = users.root + "/one/to_folder/deep";
  CHECK(resolved("", deep) == users.root + "/one/folder/deep");  // it may hold files of his
  CHECK(resolved("", deep + "/own") == users.root + "/one/folder/deep/own");
  const auto own = resolve_path("", deep + "/own", anything);
  CHECK(required_owner(own.value().links) == RequiredOwner(kOne));
  CHECK(failure("", deep + "/theirs") == Errc::unsupported);
  CHECK(failure("", deep + "/their_link") == Errc::unsupported);
  CHECK(failure("", users.root + "/other/to_folder/deep/theirs") == Errc::unsupported);
  CHECK_FALSE(required_owner(resolve_path("", users.root + "/one/own", anything).value().links));
}

TEST_CASE("a link to where somebody else goes on is judged there") {
  if (only_root_gives_away()) return;
  const Users users;
  fs::create_directories(users.root + "/mount/deep");
  std::ofstream(users.root + "/mount/deep/file") << "x";
  users.link("/one/away", "../mount/deep", kOne);
  const auto first = resolve_path("", users.root + "/one/away/file", [&](std::string_view path) {
    return path != users.root + "/mount";
  });
  REQUIRE(first);
  CHECK(first->elsewhere);
  CHECK(first->links == FollowedLinks{{kOne, 1}});
  const auto on = [&] { return resolve_path("", first->path, anything, first->links); };
  CHECK(on().error().code == Errc::unsupported);
  users.give("/mount/deep", kOne);
  CHECK(on().error().code == Errc::unsupported);  // the file is root's
  users.give("/mount/deep/file", kOne);
  CHECK(on().value().path == users.root + "/mount/deep/file");
}

}  // namespace
}  // namespace sqlite_exporter::test

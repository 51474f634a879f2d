/// The walk through folders: what matches, what is left alone, and where it ends.
#include "exporter/walk.h"

#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class Tree {
 public:
  explicit Tree(std::initializer_list<const char*> files = {}) {
    for (const char* file : files) add(file);
  }
  void add(const std::string& file) const {
    fs::create_directories(fs::path(path(file)).parent_path());
    std::ofstream(path(file)) << "x";
  }
  std::string path(const std::string& name) const { return directory_ / name; }
  std::string root() const { return directory_.path().string(); }

  Walked walk(const std::string& pattern, const WalkRules& rules = {}) const {
    return sqlite_exporter::walk(walk_start(path(pattern)), rules);
  }
  Names files(const std::string& pattern, const WalkRules& rules = {}) const {
    return below(walk(pattern, rules).files);
  }
  /// Without the path of the tree; "" is the tree itself.
  Names below(Names paths) const {
    for (std::string& path : paths) {
      REQUIRE(path.starts_with(root()));
      path.erase(0, std::min(path.size(), root().size() + 1));
    }
    return paths;
  }

 private:
  TemporaryDirectory directory_;
};

std::function<bool(std::string_view)> is_one_of(Names paths) {
  return [paths = std::move(paths)](std::string_view path) {
    return std::ranges::find(paths, path) != paths.end();
  };
}

WalkRules with_mountpoints(Names paths) {
  WalkRules rules;
  rules.is_mountpoint = is_one_of(std::move(paths));
  return rules;
}

WalkRules within(WalkLimits limits) {
  WalkRules rules;
  rules.limits = limits;
  return rules;
}

WalkStart start(const std::string& directory, Names components) {
  return {directory, std::move(components), 0};
}

TEST_CASE("a pattern is split into its fixed prefix and its components") {
  CHECK(walk_start("/data/*.db") == start("/data", {"*.db"}));
  CHECK(walk_start("/data/*/b/*.db") == start("/data", {"*", "b", "*.db"}));
  CHECK(walk_start("/*") == start("/", {"*"}));
  CHECK(walk_start("//*//./x") == start("/", {"*", "x"}));
  CHECK(walk_start("/data/app.db") == start("/data", {"app.db"}));
}

TEST_CASE("a folder is all that is below it") {
  const WalkStart all = start("/data", {"**", "*"});
  CHECK(walk_start("/data/") == all);
  CHECK(walk_start("/data//") == all);
  CHECK(walk_start("/data/**") == all);
  CHECK(walk_start("/data/**/") == all);
  CHECK(walk_start("/data/**/**/*") == all);
  CHECK(walk_start("/data/*/") == start("/data", {"*", "**", "*"}));
  CHECK(walk_start("/") == start("/", {"**", "*"}));
}

TEST_CASE("a wildcard matches within one name") {
  const Tree tree({"a.db", "b.db", "ab.db", "a.txt", "x/a.db", "y/b.db", "x/z/a.db"});
  CHECK(tree.files("*.db") == Names{"a.db", "ab.db", "b.db"});
  CHECK(tree.files("?.db") == Names{"a.db", "b.db"});
  CHECK(tree.files("[b-z].db") == Names{"b.db"});
  CHECK(tree.files("*/*.db") == Names{"x/a.db", "y/b.db"});
  CHECK(tree.files("*/a.db") == Names{"x/a.db"});
  CHECK(tree.files("x/z/*") == Names{"x/z/a.db"});
  CHECK(tree.files("a**b") == tree.files("a*b"));
  CHECK(tree.files("a**") == Names{"a.db", "a.txt", "ab.db"});
  CHECK(tree.files("nothing/*.db") == Names{});
}

TEST_CASE("two stars match any number of folders, none too, and each file once") {
  const Tree tree({"a.db", "x/a.db", "x/y/a.db", "x/y/x/a.db", "x/y/b"});
  CHECK(tree.files("**/a.db") == Names{"a.db", "x/a.db", "x/y/a.db", "x/y/x/a.db"});
  CHECK(tree.files("**/x/**/*.db") == Names{"x/a.db", "x/y/a.db", "x/y/x/a.db"});
  CHECK(tree.files("**/y/*") == Names{"x/y/a.db", "x/y/b"});
  CHECK(tree.files("**/x/y/**/x/*") == Names{"x/y/x/a.db"});
  CHECK(tree.files("x/") == Names{"x/a.db", "x/y/a.db", "x/y/b", "x/y/x/a.db"});
  CHECK(tree.files("*/") == tree.files("x/"));
}

TEST_CASE("each folder is read once, however many stars lead to it") {
  const Tree tree({"a/a/a/a/a/a/a/a.db"});
  std::size_t steps = 0;
  WalkRules rules;
  rules.step = [&steps] { ++steps; };
  CHECK(tree.files("**/a/**/a/**/a/**/*.db", rules) == Names{"a/a/a/a/a/a/a/a.db"});
  CHECK(steps == 8);
}

TEST_CASE("a name that begins with a dot is matched by a dot alone") {
  const Tree tree({".a.db", "x/.b/c.db", "x/.c.db", "x/d.db"});
  CHECK(tree.files("*.db") == Names{});
  CHECK(tree.files(".*.db") == Names{".a.db"});
  CHECK(tree.files("?a.db") == Names{});
  CHECK(tree.files("") == Names{"x/d.db"});
  CHECK(tree.files("**/.b/*") == Names{"x/.b/c.db"});
}

TEST_CASE("a backslash and brackets in names are themselves") {
  const Tree tree({"a\\b/x.db", "c[1]/x.db"});
  CHECK(tree.files("a\\b/*.db") == Names{"a\\b/x.db"});
  CHECK(tree.files("c[[]1]/x.db") == Names{"c[1]/x.db"});
}

TEST_CASE("only regular files and symbolic links to something are files") {
  const Tree tree({"a.db"});
  fs::create_directory(tree.path("folder.db"));
  REQUIRE(::mkfifo(tree.path("fifo.db").c_str(), 0600) == 0);
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(tree.path("s.db").size() < sizeof address.sun_path);
  std::ranges::copy(tree.path("s.db"), address.sun_path);
  REQUIRE(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(server);
  fs::create_symlink("a.db", tree.path("link.db"));
  CHECK(tree.files("*.db") == Names{"a.db", "link.db"});
  for (const std::string name : {"fifo.db", "folder.db", "s.db"})
    CHECK(tree.files("**/" + name) == Names{});
}

TEST_CASE("folders have other names than paths where a link was followed, in the prefix too") {
  const Tree tree({"real/deep/app.db"});
  fs::create_symlink(tree.path("real"), tree.path("prefix"));
  fs::create_symlink(tree.path("real/deep"), tree.path("real/named"));
  CHECK(tree.walk("real/*/*.db").followed);  // `named` among them
  CHECK_FALSE(tree.walk("real/deep/*.db").followed);
  CHECK(tree.walk("prefix/deep/*.db").followed);
  CHECK(tree.walk("real//deep/*.db").followed);
}

TEST_CASE("a link to a folder is followed where the pattern names it, and never by two stars") {
  const Tree tree({"real/a.db", "real/sub/b.db"});
  fs::create_directory_symlink("real", tree.path("link"));
  fs::create_directory_symlink("..", tree.path("real/up"));
  CHECK(tree.files("*/a.db") == Names{"link/a.db", "real/a.db"});
  CHECK(tree.files("**/link/a.db") == Names{"link/a.db"});
  CHECK(tree.files("l*/sub/*.db") == Names{"link/sub/b.db"});
  CHECK(tree.files("**/*.db") == Names{"real/a.db", "real/sub/b.db"});
  // `**` stands for `real`, then the pattern names `up`: it does not go on as `**` in there.
  CHECK(tree.files("**/u*/*") == Names{"real/up/link"});
  CHECK_FALSE(tree.walk("**/u*/*").limit);
  fs::create_directory_symlink("loop", tree.path("loop"));
  CHECK(tree.files("*/*.db") == Names{"link/a.db", "real/a.db"});
  CHECK_FALSE(tree.walk("loop/*").limit);
}

TEST_CASE("the folders where a new name may be a match are told") {
  const Tree tree({"a/server/db/state.db", "b/other", "c/server/x"});
  CHECK(tree.below(tree.walk("*/server/db/state.db").directories) ==
        Names{"", "a/server/db", "b", "c/server"});
  CHECK(tree.below(tree.walk("a/").directories) == Names{"a", "a/server", "a/server/db"});
  CHECK(tree.below(tree.walk("a/server/db/absent.db").directories) == Names{"a/server/db"});
  CHECK(tree.walk("absent/*").directories.empty());
}

/// Whether these paths are opened, listed or read.
class Touches {
 public:
  explicit Touches(const Names& paths) {
    for (const std::string& path : paths)
      REQUIRE(::inotify_add_watch(inotify_, path.c_str(), IN_ALL_EVENTS) >= 0);
  }
  Touches(const Touches&) = delete;
  Touches& operator=(const Touches&) = delete;
  ~Touches() { ::close(inotify_); }

  bool any() const {
    std::array<char, 4096> events{};
    return ::read(inotify_, events.data(), events.size()) > 0;
  }

 private:
  int inotify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
};

TEST_CASE("a mountpoint is not touched but handed on") {
  const Tree tree({"a/x.db", "mnt/x.db", "mnt/sub/y.db", "file.db"});
  const Touches touches({tree.path("mnt"), tree.path("file.db")});
  const WalkRules rules = with_mountpoints({tree.path("mnt"), tree.path("file.db")});
  const Walked all = tree.walk("**/*.db", rules);
  CHECK(tree.below(all.files) == Names{"a/x.db"});
  CHECK(all.elsewhere == std::vector<WalkStart>{{tree.path("file.db"), {}, 1},
                                                {tree.path("mnt"), {"**", "*.db"}, 1}});
  CHECK(tree.below(all.directories) == Names{"", "a"});

  const Walked named = tree.walk("*/sub/*", rules);
  CHECK(named.elsewhere == std::vector<WalkStart>{{tree.path("mnt"), {"sub", "*"}, 1}});
  const Walked literal = walk(start(tree.root(), {"mnt", "*.db"}), rules);
  CHECK(literal.files.empty());
  CHECK(literal.elsewhere == std::vector<WalkStart>{{tree.path("mnt"), {"*.db"}, 1}});
  const Walked file = walk(start(tree.root(), {"file.db"}), rules);
  CHECK(file.files.empty());
  CHECK(file.elsewhere == std::vector<WalkStart>{{tree.path("file.db"), {}, 1}});
  // Whether it is a file could only be told by asking it.
  CHECK(walk(start(tree.root(), {"mnt"}), rules).elsewhere ==
        std::vector<WalkStart>{{tree.path("mnt"), {}, 1}});
  CHECK_FALSE(touches.any());

  CHECK(tree.files("mnt/", rules) == Names{"mnt/sub/y.db", "mnt/x.db"});
  CHECK(tree.below(walk({tree.path("mnt"), {"**", "*.db"}, 1}, rules).files) ==
        Names{"mnt/sub/y.db", "mnt/x.db"});
  CHECK(tree.below(walk({tree.path("file.db"), {}, 1}, rules).files) == Names{"file.db"});
  CHECK(walk({tree.path("mnt"), {}, 1}, rules).files.empty());
  CHECK(touches.any());
}

TEST_CASE("a mountpoint is known behind a symbolic link, too") {
  const Tree tree({"real/mnt/x.db", "real/y.db"});
  fs::create_directory_symlink("real", tree.path("link"));
  const WalkRules rules = with_mountpoints({tree.path("real/mnt")});
  for (const std::string pattern : {"link/", "l*/**/*"}) {
    const Walked walked = tree.walk(pattern, rules);
    CHECK(tree.below(walked.files) == Names{"link/y.db"});
    REQUIRE(walked.elsewhere.size() == 1);
    CHECK(walked.elsewhere[0].directory == tree.path("link/mnt"));
    CHECK(walked.elsewhere[0].real_directory() == tree.path("real/mnt"));
    CHECK(tree.below(walk(walked.elsewhere[0], rules).files) == Names{"link/mnt/x.db"});
  }
}

TEST_CASE("what is excluded is not entered and no match") {
  const Tree tree({"a.db", "b.db", "cache/c.db", "x/cache/d.db"});
  WalkRules rules;
  rules.is_excluded = is_one_of({tree.path("cache"), tree.path("b.db"), tree.path("x/cache")});
  const Walked walked = tree.walk("**/*.db", rules);
  CHECK(tree.below(walked.files) == Names{"a.db"});
  CHECK(tree.below(walked.directories) == Names{"", "x"});
}

TEST_CASE("folders deeper than the limit are passed over") {
  const Tree tree({"a.db", "1/a.db", "1/2/a.db", "1/2/3/a.db"});
  const Walked walked = tree.walk("", within({.max_depth = 2}));
  CHECK(tree.below(walked.files) == Names{"1/2/a.db", "1/a.db", "a.db"});
  CHECK(walked.limit == WalkLimit::depth);
  CHECK_FALSE(tree.walk("", within({.max_depth = 3})).limit);
  WalkStart below = walk_start(tree.path("1/**/a.db"));
  below.depth = 1;
  CHECK(tree.below(walk(below, within({.max_depth = 2})).files) == Names{"1/2/a.db", "1/a.db"});
}

TEST_CASE("no more names are read than the limit says") {
  const Tree tree({"a.db", "b.db", "x/c.db"});
  CHECK_FALSE(tree.walk("", within({.max_entries = 4})).limit);
  const Walked walked = tree.walk("", within({.max_entries = 3}));
  CHECK(walked.limit == WalkLimit::count);
  CHECK(walked.files.size() == 2);
}

TEST_CASE("the limit that ends a walk is told, though folders were too deep before") {
  const Tree tree({"a/x/1.db", "b/1.db", "b/2.db"});
  CHECK(tree.walk("", within({.max_depth = 1})).limit == WalkLimit::depth);
  CHECK(tree.walk("", within({.max_depth = 1, .max_entries = 3})).limit == WalkLimit::count);
}

TEST_CASE("a walk ends when its time does") {
  const Tree tree({"a.db", "x/c.db"});
  const Walked walked = tree.walk("", within({.max_duration = -1ms}));
  CHECK(walked.limit == WalkLimit::time);
  CHECK(walked.files.empty());
}

TEST_CASE("many files are many matches and steps, and few descriptors") {
  const Tree tree;
  for (int folder = 0; folder < 50; ++folder)
    for (int file = 0; file < 100; ++file)
      tree.add(std::to_string(folder) + "/x/" + std::to_string(file) + ".db");
  std::size_t steps = 0;
  WalkRules rules;
  rules.step = [&steps] { ++steps; };
  CHECK(tree.files("", rules).size() == 5'000);
  CHECK(steps >= 101);
  CHECK(tree.files("*/x/*.db").size() == 5'000);
}

TEST_CASE("without descriptors a walk fails: it does not find nothing") {
  const Tree tree({"a.db", "1/2/3/a.db"});
  const int next = ::dup(0);
  ::close(next);
  rlim_t limit = static_cast<rlim_t>(next);
  for (;; ++limit) {
    Walked walked;
    {
      const FewDescriptors few(limit);
      walked = tree.walk("");
    }
    if (!walked.error) break;
    CHECK(walked.error->code == Errc::limit);
    CHECK(walked.files.size() < 2);
  }
  CHECK(limit >= static_cast<rlim_t>(next + 5));  // four levels and the one that is listed
}

/// Gives up root's rights to read everything, for as long as it lives.
class Nobody {
 public:
  Nobody() { is_other_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
  ~Nobody() {
    if (is_other_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool is_other_ = false;
};

TEST_CASE("folders that may not be read are passed over, names in them can still be looked up") {
  const Tree tree({"a/x.db", "b/x.db", "c/x.db"});
  const auto only = [&](const std::string& name, fs::perms perms) {
    fs::permissions(tree.path(name), perms);
  };
  only("", fs::perms::all);
  only("a", fs::perms::all);
  only("b", fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
  only("c", fs::perms::none);
  {
    const Nobody nobody;
    const Walked walked = tree.walk("**/*.db");
    CHECK(tree.below(walked.files) == Names{"a/x.db"});
    CHECK_FALSE(walked.error);
    CHECK(tree.files("*/x.db") == Names{"a/x.db", "b/x.db"});

    const Walked unreadable = tree.walk("c/");
    REQUIRE(unreadable.error);
    CHECK(unreadable.error->code == Errc::denied);
    CHECK(unreadable.error->message == "open " + tree.path("c") + ": Permission denied");
    CHECK_FALSE(tree.walk("absent/").error);
    CHECK_FALSE(tree.walk("a/x.db/").error);
  }
  only("b", fs::perms::owner_all);
  only("c", fs::perms::owner_all);
}

}  // namespace
}  // namespace sqlite_exporter::test

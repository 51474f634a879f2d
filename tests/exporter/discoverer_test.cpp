/// Which walks are due, and what stays found when one does not come back.
#include "exporter/discoverer.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/discover.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using Kind = DiscoveryTask::Kind;
using Names = std::set<std::string>;

const std::string kDatabase("SQLite format 3\0rest", 20);

std::string real(const std::string& path) { return std::filesystem::canonical(path).string(); }

void make(const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << kDatabase;
}

DatabaseConfig entry(const std::string& path) {
  DatabaseConfig config;
  config.path = path;
  return config;
}

Names found(const Discoverer& discoverer, std::size_t of_entry = 0) {
  const Findings findings = discoverer.findings();
  REQUIRE(findings.at(of_entry));
  Names paths;
  for (const Found& each : *findings.at(of_entry)) paths.insert(each.path);
  return paths;
}

bool never(const DiscoveryTask&) { return false; }

std::string no_mount(const std::string&) { return {}; }

/// Without a filesystem: answers what the test says.
struct Scripted {
  Discoverer discoverer{"", nullptr};
  Discoverer::Clock::time_point now{std::chrono::hours(1)};

  std::vector<DiscoveryTask> due() { return discoverer.due(now, never); }
  void done(DiscoveryTask task, std::vector<Found> what) {
    task.found = std::move(what);
    discoverer.done(std::move(task), now, no_mount);
  }
};

TEST_CASE("a pattern is walked again after the rescan interval, a plain path in each pass") {
  Scripted scripted;
  DiscoveryConfig config;
  config.rescan_interval = std::chrono::seconds(60);
  scripted.discoverer.configure({entry("/data/*.db"), entry("/srv/a.db")}, config);
  auto tasks = scripted.due();
  REQUIRE(tasks.size() == 2);
  CHECK(scripted.due().empty());  // they are under way
  for (DiscoveryTask& task : tasks) scripted.done(std::move(task), {});
  CHECK(scripted.due().empty());

  scripted.now += std::chrono::seconds(5);
  scripted.discoverer.begin_pass();
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].kind == Kind::plain);
  scripted.done(std::move(tasks[0]), {});

  scripted.now += std::chrono::seconds(60);
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].kind == Kind::walk);
}

TEST_CASE("a walk is due when one of its databases is gone, but not all the time") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*.db")}, {});
  auto tasks = scripted.due();
  tasks[0].took = std::chrono::seconds(1);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  scripted.discoverer.look_again_for({"/data/other.db"});
  scripted.now += std::chrono::seconds(30);
  CHECK(scripted.due().empty());
  scripted.discoverer.look_again_for({"/data/a.db"});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  tasks[0].took = std::chrono::seconds(1);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  scripted.discoverer.look_again_for({"/data/a.db"});
  scripted.now += std::chrono::seconds(10);
  CHECK(scripted.due().empty());  // a walk of a second needs a longer pause
  scripted.now += std::chrono::seconds(10);
  CHECK(scripted.due().size() == 1);
}

TEST_CASE("mounts that a walk meets are walked of their own, and keep what they found") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/")}, {});
  auto tasks = scripted.due();
  const WalkStart mount{"/data/mnt", {"**", "*"}, 1};
  tasks[0].elsewhere = {mount};
  scripted.done(std::move(tasks[0]), {{"/data/a", "/data/a"}});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].start == mount);
  CHECK(tasks[0].touches() == "/data/mnt");
  scripted.done(std::move(tasks[0]), {{"/data/mnt/b", "/data/mnt/b"}});
  CHECK(found(scripted.discoverer) == Names{"/data/a", "/data/mnt/b"});

  SECTION("also when it hangs at the next time") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    REQUIRE(tasks.size() == 2);
    tasks[0].elsewhere = {mount};
    scripted.done(std::move(tasks[0]), {{"/data/c", "/data/c"}});
    CHECK(found(scripted.discoverer) == Names{"/data/c", "/data/mnt/b"});
  }
  SECTION("until it is not mounted any more") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    REQUIRE(tasks.size() == 2);
    scripted.done(std::move(tasks[0]), {{"/data/a", "/data/a"}});
    scripted.done(std::move(tasks[1]), {{"/data/mnt/b", "/data/mnt/b"}});  // it came too late
    CHECK(found(scripted.discoverer) == Names{"/data/a"});
  }
  SECTION("and a walk that was cut off says nothing of mounts") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    tasks[0].limit = WalkLimit::time;
    scripted.done(std::move(tasks[0]), {});
    CHECK(found(scripted.discoverer) == Names{"/data/mnt/b"});
    CHECK(scripted.discoverer.status().limited[static_cast<std::size_t>(WalkLimit::time)] == 1);
  }
}

TEST_CASE("a plain path is known before its mount answers, a pattern is not") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/a.db"), entry("/data/*")}, {});
  const auto tasks = scripted.due();
  REQUIRE(tasks.size() == 2);
  const Findings findings = scripted.discoverer.findings();
  REQUIRE(findings[0]);
  CHECK(findings[0]->at(0).path == "/data/a.db");
  CHECK_FALSE(findings[1]);
}

TEST_CASE("a link to another filesystem is followed by a task of that filesystem") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/link.db")}, {});
  auto tasks = scripted.due();
  tasks[0].elsewhere = {{"/data/link.db", {}, 0, "/mnt/app.db"}};
  scripted.done(std::move(tasks[0]), {{"/data/link.db", "/mnt/app.db"}});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].touches() == "/mnt/app.db");
  scripted.done(std::move(tasks[0]), {{"/data/link.db", "/mnt/app.db"}});
  CHECK(scripted.due().empty());
  scripted.discoverer.begin_pass();
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].touches() == "/data/link.db");  // it may lead elsewhere by now
}

TEST_CASE("a new configuration keeps what the entries that stay have found") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*"), entry("/srv/*")}, {});
  auto tasks = scripted.due();
  scripted.done(std::move(tasks[0]), {{"/data/a", "/data/a"}});
  scripted.done(std::move(tasks[1]), {{"/srv/b", "/srv/b"}});
  scripted.discoverer.configure({entry("/new/*"), entry("/srv/*")}, {});
  CHECK_FALSE(scripted.discoverer.findings()[0]);
  CHECK(found(scripted.discoverer, 1) == Names{"/srv/b"});
  CHECK(scripted.due().size() == 2);
}

TEST_CASE("a new database in a watched folder is found without a rescan") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/a.db");
  auto watch = FolderWatch::create();
  REQUIRE(watch);
  Discoverer discoverer("", *watch);
  discoverer.configure({entry(root + "/*.db")}, {});
  const auto begin = Discoverer::Clock::now();
  run_due(discoverer, {}, "", begin);
  // What was there before the watch is looked at once more.
  run_due(discoverer, {}, "", begin + std::chrono::seconds(10));
  discoverer.read_changes({});
  CHECK(found(discoverer) == Names{root + "/a.db"});
  CHECK(discoverer.due(begin + std::chrono::seconds(20), never).empty());
  make(root + "/b.db");
  discoverer.read_changes({});
  run_due(discoverer, {}, "", begin + std::chrono::seconds(30));
  CHECK(found(discoverer) == Names{root + "/a.db", root + "/b.db"});
}

TEST_CASE("what processes hold open is found, and stays found when they let go of it") {
  const TemporaryDirectory directory;
  const std::string path = real(directory.path().string()) + "/unnamed";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
  Discoverer discoverer("", nullptr);
  DiscoveryConfig config;
  config.processes = true;
  config.rescan_interval = std::chrono::milliseconds(0);
  discoverer.configure({entry("/**/*")}, config);
  const auto scan = [&] {
    NodePaths paths;
    const DiscoveryContext context{std::make_shared<const Node>(read_node(paths).value()),
                                   discoverer.config(), nullptr,
                                   std::make_shared<const KnownPaths>()};
    // The scan, and then the files it found.
    for (int step = 0; step < 2; ++step)
      for (DiscoveryTask& task : discoverer.due(Discoverer::Clock::now(), never)) {
        run_discovery(task, context, [] {});
        discoverer.done(std::move(task), Discoverer::Clock::now(), no_mount);
      }
  };
  scan();
  CHECK(found(discoverer).contains(path));
  app.close();
  scan();
  CHECK(found(discoverer).contains(path));
  ::unlink(path.c_str());
  while (found(discoverer).contains(path)) scan();
  CHECK_FALSE(found(discoverer).contains(path));
}

TEST_CASE("below another root, paths and links are the node's") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/var/lib/app/a.db");
  std::filesystem::create_symlink("/var/lib", root + "/data");
  Discoverer discoverer(root, nullptr);
  discoverer.configure({entry("/data/app/a.db"), entry("/data/*/*.db")}, {});
  run_due(discoverer, {}, root);
  CHECK(found(discoverer, 0) == Names{root + "/var/lib/app/a.db"});
  CHECK(found(discoverer, 1) == Names{root + "/var/lib/app/a.db"});
}

TEST_CASE("a folder with all mounts below it is not searched where the kernel shows itself") {
  Discoverer discoverer("", nullptr);
  DiscoveryConfig config;
  config.limits.max_depth = 1;
  discoverer.configure({entry("/")}, config);
  NodePaths paths;
  const DiscoveryContext context{std::make_shared<const Node>(read_node(paths).value()),
                                 discoverer.config(), nullptr,
                                 std::make_shared<const KnownPaths>()};
  auto tasks = discoverer.due(Discoverer::Clock::now(), never);
  REQUIRE(tasks.size() == 1);
  run_discovery(tasks[0], context, [] {});
  REQUIRE(context.node->mounts.is_mountpoint("/proc"));
  for (const WalkStart& start : tasks[0].elsewhere) CHECK(start.directory != "/proc");
}

TEST_CASE("a link that leads over several filesystems is not followed for ever") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  std::filesystem::create_directories(root + "/a");
  std::filesystem::create_directories(root + "/b");
  std::filesystem::create_symlink(root + "/b/x.db", root + "/a/x.db");
  std::filesystem::create_symlink(root + "/a/x.db", root + "/b/x.db");
  Node node;
  node.mounts =
      MountTable({{.mountpoint = "/", .fstype = "ext4", .device = "", .superblock = 1},
                  {.mountpoint = root + "/a", .fstype = "ext4", .device = "", .superblock = 2},
                  {.mountpoint = root + "/b", .fstype = "ext4", .device = "", .superblock = 3}});
  Discoverer discoverer("", nullptr);
  discoverer.configure({entry(root + "/a/x.db"), entry(root + "/a/*.db")}, {});
  const DiscoveryContext context{std::make_shared<const Node>(std::move(node)), discoverer.config(),
                                 nullptr, std::make_shared<const KnownPaths>()};
  std::size_t tasks = 0;
  for (auto due = discoverer.due(Discoverer::Clock::now(), never); !due.empty() && tasks < 100;
       due = discoverer.due(Discoverer::Clock::now(), never))
    for (DiscoveryTask& task : due) {
      ++tasks;
      run_discovery(task, context, [] {});
      discoverer.done(std::move(task), Discoverer::Clock::now(), no_mount);
    }
  CHECK(tasks == 4);
  CHECK(found(discoverer, 0) == Names{root + "/a/x.db"});
  CHECK(found(discoverer, 1).empty());
}

TEST_CASE("what is excluded is not found") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/cache/a.db");
  make(root + "/app/b.db");
  Discoverer discoverer("", nullptr);
  DiscoveryConfig config;
  config.exclude = {"*/cache"};
  discoverer.configure({entry(root + "/")}, config);
  run_due(discoverer);
  CHECK(found(discoverer) == Names{root + "/app/b.db"});
}

}  // namespace
}  // namespace sqlite_exporter::test

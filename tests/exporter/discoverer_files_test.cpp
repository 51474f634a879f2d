/// What walks find among real files, mounts and processes, pass after pass.
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "exporter/discoverer.h"
#include "tests/support/catch.h"
#include "tests/support/discover.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using Names = std::set<std::string>;

const std::string kDatabase("SQLite format 3\0rest", 20);

std::string real(const std::string& path) { return std::filesystem::canonical(path).string(); }

void make(const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << kDatabase;
}

std::string no_mount(const std::string&) { return {}; }

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
  CHECK(found_by(discoverer) == Names{root + "/a.db"});
  CHECK(discoverer.due(begin + std::chrono::seconds(20), nothing_held_up).empty());
  make(root + "/b.db");
  discoverer.read_changes({});
  run_due(discoverer, {}, "", begin + std::chrono::seconds(30));
  CHECK(found_by(discoverer) == Names{root + "/a.db", root + "/b.db"});
}

TEST_CASE("files that come and go are looked at by themselves, though a walk would cost too much") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/1/a.db");
  make(root + "/2/b.db");
  const auto watch = FolderWatch::create().value();
  Discoverer discoverer("", watch);
  // So little that no second walk comes round.
  discoverer.configure({entry(root + "/*/*.db")}, {}, 1e-9);
  const auto begin = Discoverer::Clock::now();
  run_due(discoverer, {}, "", begin);
  const auto change = [&] {
    discoverer.read_changes({});
    run_due(discoverer, {}, "", begin + std::chrono::seconds(30));
    return found_by(discoverer);
  };
  make(root + "/1/new.db");
  make(root + "/2/new.other");
  std::ofstream(root + "/2/empty.db").flush();
  CHECK(change() == Names{root + "/1/a.db", root + "/1/new.db", root + "/2/b.db"});
  make(root + "/2/empty.db");  // no name comes or goes
  make(root + "/2/empty.db-journal");
  std::filesystem::remove(root + "/1/a.db");
  CHECK(change() == Names{root + "/1/new.db", root + "/2/b.db", root + "/2/empty.db"});
  std::filesystem::rename(root + "/1/new.db", root + "/2/new.db");
  std::filesystem::create_symlink("../2/b.db", root + "/1/link.db");
  std::filesystem::remove(root + "/2/empty.db");
  CHECK(change() == Names{root + "/2/b.db", root + "/2/new.db"});
  // A new folder takes a walk.
  make(root + "/3/late.db");
  CHECK(change() == Names{root + "/2/b.db", root + "/2/new.db"});
  run_due(discoverer, {}, "", begin + std::chrono::hours(25));
  CHECK(found_by(discoverer) == Names{root + "/2/b.db", root + "/2/new.db", root + "/3/late.db"});
}

TEST_CASE("folders are watched, but none on a network or FUSE mount, nor below one") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  for (const char* name : {"/near/a.db", "/far/b.db", "/far/bind/c.db"}) make(root + name);
  Node node;
  node.mounts = MountTable(
      {{.mountpoint = "/", .fstype = "ext4", .device = "", .superblock = 1},
       {.mountpoint = root + "/far",
        .fstype = "fuse",
        .device = "",
        .remote = true,
        .superblock = 2},
       {.mountpoint = root + "/far/bind", .fstype = "ext4", .device = "", .superblock = 1}});
  const auto watch = FolderWatch::create().value();
  Discoverer discoverer("", watch);
  discoverer.configure({entry(root + "/")}, {});
  const DiscoveryContext context{std::make_shared<const Node>(std::move(node)), discoverer.config(),
                                 watch, std::make_shared<const KnownPaths>()};
  const auto now = Discoverer::Clock::now();
  for (auto due = discoverer.due(now, nothing_held_up); !due.empty();
       due = discoverer.due(now, nothing_held_up))
    for (DiscoveryTask& task : due) {
      run_discovery(task, context, [] {});
      discoverer.done(std::move(task), now, no_mount);
    }
  CHECK(found_by(discoverer) ==
        Names{root + "/far/b.db", root + "/far/bind/c.db", root + "/near/a.db"});
  make(root + "/far/new");
  make(root + "/far/bind/new");
  CHECK(watch->read_changes([](std::string_view) { return false; }).folders.empty());
  make(root + "/near/new");
  CHECK(watch->read_changes([](std::string_view) { return false; }).folders ==
        Names{root + "/near"});
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
    // The scan, and then the files it found; and a mount that the walk met, such as /tmp.
    for (int step = 0; step < 4; ++step)
      for (DiscoveryTask& task : discoverer.due(Discoverer::Clock::now(), nothing_held_up)) {
        run_discovery(task, context, [] {});
        discoverer.done(std::move(task), Discoverer::Clock::now(), no_mount);
      }
  };
  scan();
  CHECK(found_by(discoverer).contains(path));
  app.close();
  scan();
  CHECK(found_by(discoverer).contains(path));
  ::unlink(path.c_str());
  while (found_by(discoverer).contains(path)) scan();
  CHECK_FALSE(found_by(discoverer).contains(path));
}

TEST_CASE("below another root, paths and links are the node's") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/var/lib/app/a.db");
  std::filesystem::create_symlink("/var/lib", root + "/data");
  Discoverer discoverer(root, nullptr);
  discoverer.configure({entry("/data/app/a.db"), entry("/data/*/*.db")}, {});
  run_due(discoverer, {}, root);
  CHECK(found_by(discoverer, 0) == Names{root + "/var/lib/app/a.db"});
  CHECK(found_by(discoverer, 1) == Names{root + "/var/lib/app/a.db"});
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
  auto tasks = discoverer.due(Discoverer::Clock::now(), nothing_held_up);
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
  for (auto due = discoverer.due(Discoverer::Clock::now(), nothing_held_up);
       !due.empty() && tasks < 100; due = discoverer.due(Discoverer::Clock::now(), nothing_held_up))
    for (DiscoveryTask& task : due) {
      ++tasks;
      run_discovery(task, context, [] {});
      discoverer.done(std::move(task), Discoverer::Clock::now(), no_mount);
    }
  CHECK(tasks == 4);
  // Whoever touched it would be led on by the kernel.
  CHECK(found_by(discoverer, 0).empty());
  CHECK(found_by(discoverer, 1).empty());
}

TEST_CASE("what was found before and is excluded now is not kept by a walk that was cut off") {
  const TemporaryDirectory directory;
  const std::string root = real(directory.path().string());
  make(root + "/cache/a.db");
  make(root + "/b.db");
  Discoverer discoverer("", nullptr);
  discoverer.configure({entry(root + "/")}, {});
  run_due(discoverer);
  CHECK(found_by(discoverer) == Names{root + "/b.db", root + "/cache/a.db"});
  DiscoveryConfig config;
  config.exclude = {"*/cache"};
  config.limits.max_entries = 1;
  discoverer.configure({entry(root + "/")}, config);
  CHECK(found_by(discoverer) == Names{root + "/b.db"});
  run_due(discoverer);
  CHECK(found_by(discoverer) == Names{root + "/b.db"});
  CHECK(discoverer.status().limited[static_cast<std::size_t>(WalkLimit::count)] == 1);
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
  CHECK(found_by(discoverer) == Names{root + "/app/b.db"});
}

}  // namespace
}  // namespace sqlite_exporter::test

/// Which walks are due, and what stays found when one does not come back.
#include "exporter/discoverer.h"

#include <chrono>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/discover.h"

namespace sqlite_exporter::test {
namespace {

using Kind = DiscoveryTask::Kind;
using Names = std::set<std::string>;

std::string no_mount(const std::string&) { return {}; }

/// Without a filesystem: answers what the test says.
struct Scripted {
  Discoverer discoverer{"", nullptr};
  Discoverer::Clock::time_point now{std::chrono::hours(1)};

  std::vector<DiscoveryTask> due() { return discoverer.due(now, nothing_held_up); }
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

TEST_CASE("one of its databases that is gone is looked at by itself, and at once") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*.db")}, {}, 0.005);
  auto tasks = scripted.due();
  tasks[0].cpu = std::chrono::seconds(2);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}, {"/data/b.db", "/data/b.db"}});
  scripted.discoverer.look_again_for({"/data/a.db"});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].changed == std::vector<std::string>{"/data/a.db"});
  CHECK_FALSE(tasks[0].is_whole());
  SECTION("gone") {
    scripted.done(std::move(tasks[0]), {});
    CHECK(found_by(scripted.discoverer) == Names{"/data/b.db"});
    CHECK(scripted.due().empty());
  }
  SECTION("or not to be seen") {
    tasks[0].error = Error{Errc::limit, "open"};
    tasks[0].again = true;
    scripted.done(std::move(tasks[0]), {});
    CHECK(found_by(scripted.discoverer) == Names{"/data/a.db", "/data/b.db"});
    scripted.now += std::chrono::seconds(399);
    CHECK(scripted.due().empty());
    scripted.now += std::chrono::seconds(2);
    REQUIRE(scripted.due().size() == 1);
  }
}

TEST_CASE("a walk through links is due when one of its databases is gone, not all the time") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*.db")}, {});
  auto tasks = scripted.due();
  tasks[0].followed = true;
  tasks[0].took = std::chrono::seconds(1);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  scripted.discoverer.look_again_for({"/data/other.db"});
  scripted.now += std::chrono::seconds(30);
  CHECK(scripted.due().empty());
  scripted.discoverer.look_again_for({"/data/a.db"});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  tasks[0].followed = true;
  tasks[0].took = std::chrono::seconds(1);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  scripted.discoverer.look_again_for({"/data/a.db"});
  scripted.now += std::chrono::seconds(10);
  CHECK(scripted.due().empty());  // a walk of a second needs a longer pause
  scripted.now += std::chrono::seconds(10);
  CHECK(scripted.due().size() == 1);
}

TEST_CASE("a walk that costs more CPU time than it may waits longer than the rescan interval") {
  Scripted scripted;
  DiscoveryConfig config;
  config.rescan_interval = std::chrono::seconds(60);
  scripted.discoverer.configure({entry("/data/*.db")}, config, 0.005);
  auto tasks = scripted.due();
  tasks[0].cpu = std::chrono::milliseconds(1700);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  CHECK(scripted.discoverer.status().rescan_period.count() == Approx(340));
  CHECK(scripted.discoverer.cpu_share() == Approx(0.005));
  scripted.now += std::chrono::seconds(300);
  CHECK(scripted.due().empty());
  scripted.now += std::chrono::seconds(41);
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);

  tasks[0].cpu = std::chrono::milliseconds(3);
  scripted.done(std::move(tasks[0]), {{"/data/a.db", "/data/a.db"}});
  CHECK(scripted.discoverer.status().rescan_period.count() == 60);
  CHECK(scripted.discoverer.cpu_share() == Approx(0.00005));
  scripted.now += std::chrono::seconds(59);
  CHECK(scripted.due().empty());
  scripted.now += std::chrono::seconds(1);
  CHECK(scripted.due().size() == 1);
}

TEST_CASE("a changed configuration is walked at once, whatever the walk costs") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*.db")}, {}, 0.005);
  auto tasks = scripted.due();
  tasks[0].cpu = std::chrono::milliseconds(1700);
  scripted.done(std::move(tasks[0]), {});
  scripted.discoverer.configure({entry("/data/*.db")}, {}, 0.005);
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
  CHECK(found_by(scripted.discoverer) == Names{"/data/a", "/data/mnt/b"});

  SECTION("also when it hangs at the next time") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    REQUIRE(tasks.size() == 2);
    tasks[0].elsewhere = {mount};
    scripted.done(std::move(tasks[0]), {{"/data/c", "/data/c"}});
    CHECK(found_by(scripted.discoverer) == Names{"/data/c", "/data/mnt/b"});
  }
  SECTION("until it is not mounted any more") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    REQUIRE(tasks.size() == 2);
    scripted.done(std::move(tasks[0]), {{"/data/a", "/data/a"}});
    scripted.done(std::move(tasks[1]), {{"/data/mnt/b", "/data/mnt/b"}});  // it came too late
    CHECK(found_by(scripted.discoverer) == Names{"/data/a"});
  }
  SECTION("and a walk that was cut off says nothing of mounts") {
    scripted.now += std::chrono::hours(1);
    tasks = scripted.due();
    tasks[0].limit = WalkLimit::time;
    scripted.done(std::move(tasks[0]), {});
    CHECK(found_by(scripted.discoverer) == Names{"/data/mnt/b"});
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
  tasks[0].elsewhere = {{"/data/link.db", {}, 0, "/mnt/app.db", {{4001, 0}}}};
  scripted.done(std::move(tasks[0]), {{"/data/link.db", "/mnt/app.db"}});
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].touches() == "/mnt/app.db");
  CHECK(tasks[0].start.links == FollowedLinks{{4001, 0}});  // to be judged there
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
  CHECK(found_by(scripted.discoverer, 1) == Names{"/srv/b"});
  CHECK(scripted.due().size() == 2);
}

TEST_CASE("a walk that hangs on what is unmounted since is begun anew") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/")}, {});
  auto tasks = scripted.due();
  tasks[0].elsewhere = {{"/data/mnt", {"**", "*"}, 1}};
  scripted.done(std::move(tasks[0]), {});
  auto hung = scripted.due();
  REQUIRE(hung.size() == 1);
  CHECK(scripted.due().empty());
  scripted.discoverer.abandon(hung[0].id);
  tasks = scripted.due();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].start == hung[0].start);
  CHECK(tasks[0].id != hung[0].id);
  scripted.done(std::move(tasks[0]), {{"/data/mnt/new", "/data/mnt/new"}});
  scripted.done(std::move(hung[0]), {{"/data/mnt/old", "/data/mnt/old"}});
  CHECK(found_by(scripted.discoverer) == Names{"/data/mnt/new"});
  // It is still its parent's: without the mount it goes.
  scripted.now += std::chrono::hours(1);
  for (DiscoveryTask& task : scripted.due()) scripted.done(std::move(task), {});
  CHECK(found_by(scripted.discoverer).empty());
  scripted.now += std::chrono::hours(1);
  CHECK(scripted.due().size() == 1);
}

TEST_CASE("mounts that processes used and where nothing is left are forgotten") {
  Scripted scripted;
  DiscoveryConfig config;
  config.processes = true;
  scripted.discoverer.configure({entry("/**/*")}, config);
  const auto scan = [&](std::vector<std::string> paths) {
    scripted.now += std::chrono::hours(1);
    std::size_t walks = 0;
    for (auto tasks = scripted.due(); !tasks.empty(); tasks = scripted.due())
      for (DiscoveryTask& task : tasks) {
        ++walks;
        task.found.clear();
        for (const std::string& path : task.candidates) task.found.push_back({path, path});
        if (task.kind == Kind::processes) task.candidates = paths;
        scripted.discoverer.done(std::move(task), scripted.now, [](const std::string& path) {
          return path.substr(0, path.find('/', 1));
        });
      }
    return walks;
  };
  CHECK(scan({"/pvc-1/a.db", "/pvc-2/b.db"}) == 3);
  CHECK(scan({"/pvc-1/a.db"}) == 3);  // what was found there may be gone
  CHECK(scan({"/pvc-1/a.db"}) == 2);
  CHECK(scan({}) == 2);
  CHECK(scan({}) == 1);
}

TEST_CASE("a file that lies elsewhere by now stays found, though nobody has it open") {
  Scripted scripted;
  DiscoveryConfig config;
  config.processes = true;
  scripted.discoverer.configure({entry("/**/*")}, config);
  const auto scan = [&](bool is_open, bool is_there) {
    scripted.now += std::chrono::hours(1);
    for (auto tasks = scripted.due(); !tasks.empty(); tasks = scripted.due())
      for (DiscoveryTask& task : tasks) {
        std::vector<Found> found;
        if (task.kind == Kind::processes) {
          if (is_open) task.candidates = {"/link.db"};
        } else if (task.kind == Kind::files) {
          if (!task.candidates.empty()) task.elsewhere = {{"/link.db", {}, 0, "/mnt/a.db"}};
        } else if (is_there) {
          found = {{"/link.db", "/mnt/a.db"}};
        }
        scripted.done(std::move(task), found);
      }
    return found_by(scripted.discoverer);
  };
  CHECK(scan(true, true) == Names{"/mnt/a.db"});
  CHECK(scan(false, true) == Names{"/mnt/a.db"});
  CHECK(scan(false, true) == Names{"/mnt/a.db"});
  CHECK(scan(false, false).empty());
}

TEST_CASE("what the last task met is told once") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/*.db")}, {});
  auto tasks = scripted.due();
  const std::uint64_t id = tasks[0].id;
  CHECK_FALSE(scripted.discoverer.last_troubles(id).value().error);
  tasks[0].error = Error{Errc::io, "read: broken"};
  tasks[0].limit = WalkLimit::count;
  scripted.done(std::move(tasks[0]), {});
  CHECK(scripted.discoverer.last_troubles(id).value().error == Errc::io);
  CHECK(scripted.discoverer.last_troubles(id).value().limit == WalkLimit::count);
  CHECK_FALSE(scripted.discoverer.last_troubles(id + 1));
}

TEST_CASE("without inotify all folders are left to the rescan") {
  Scripted scripted;
  scripted.discoverer.configure({entry("/data/")}, {});
  auto tasks = scripted.due();
  tasks[0].directories = {"/data", "/data/a"};
  scripted.done(std::move(tasks[0]), {});
  CHECK(scripted.discoverer.status().unwatched_folders == 2);
}

}  // namespace
}  // namespace sqlite_exporter::test

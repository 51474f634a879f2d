/// Cgroup paths from within a cgroup namespace: as texts, and as the kernel really writes them.
#include "collectors/linux/cgroup_namespace.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "collectors/linux/cgroup_hierarchy.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/real_cgroup.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::RealCgroup;
using test::TemporaryDirectory;

constexpr const char* kOwn = "/kubepods.slice/podA/own";

std::string resolved(const std::string& path, const std::string& own = kOwn) {
  const std::string text = seen_from_root("0::" + path + "\n", own);
  REQUIRE(text.starts_with("0::"));
  REQUIRE(text.ends_with("\n"));
  return text.substr(3, text.size() - 4);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a path that is relative to our cgroup namespace, from the hierarchy's root") {
  CHECK(resolved("/") == "/kubepods.slice/podA/own");
  CHECK(resolved("/child") == "/kubepods.slice/podA/own/child");
  CHECK(resolved("/../other") == "/kubepods.slice/podA/other");
  CHECK(resolved("/../../podB/other") == "/kubepods.slice/podB/other");
  CHECK(resolved("/../../../system.slice/k3s.service") == "/system.slice/k3s.service");
  CHECK(resolved("/..") == "/kubepods.slice/podA");
  CHECK(resolved("/../../..") == "/");
  CHECK(resolved("/..hidden") == "/kubepods.slice/podA/own/..hidden");
}

TEST_CASE("a path that leads out of the hierarchy stays, and means nothing") {
  CHECK(resolved("/../../../../a.service") == "/../../../../a.service");
  CHECK_FALSE(parse_cgroup_membership("0::/../../../../a.service\n"));
}

TEST_CASE("where our namespace begins at the root, all stays") {
  CHECK(resolved("/", "/") == "/");
  CHECK(resolved("/a.service", "/") == "/a.service");
  CHECK(resolved("/../a.service", "/") == "/../a.service");
}

TEST_CASE("what cannot be told is left out") {
  CHECK(seen_from_root("0::/a.service\n", std::nullopt).empty());
  CHECK(seen_from_root("4:cpu:/a\n1:name=systemd:/\n0::/b\n", "/own") ==
        "1:name=systemd:/\n0::/own/b\n");
  CHECK(seen_from_root("4:cpu:/\n0::/b\n", std::nullopt) == "4:cpu:/\n");
  for (const char* text : {"", "\n", "0::\n", "0:\n", "0::b\n", "::/b\n"})
    CHECK(seen_from_root(text, "/own").empty());
  CHECK(seen_from_root("0::/b", "/own") == "0::/own/b\n");
}

TEST_CASE("without a namespace of our own, or without v2, texts are as they are") {
  const TemporaryDirectory directory;
  const std::string text = "4:cpu:/a\n0::/../b\n";
  for (const std::string& root : {std::string(), directory.path().string()}) {
    const Result<CgroupNamespace> seen_from = CgroupNamespace::find(root, text);
    REQUIRE(seen_from);
    CHECK(seen_from->node_text(text) == text);
  }
}

TEST_CASE("a directory that is in no hierarchy") {
  const TemporaryDirectory directory;
  const Result<std::string> found =
      find_namespace_root("/sys/fs/cgroup", directory.path().string());
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Errc::no_data);
}

TEST_CASE("a real cgroup namespace: where it begins, and others from within") {
  const RealCgroup group("", "sqlite_exporter_test_namespace_" + std::to_string(::getpid()));
  if (!group.missing().empty()) return test::skip("cgroup_namespace", group.missing());
  const std::string base = "/sys/fs/cgroup";
  const bool hybrid = !std::filesystem::exists(base + "/cgroup.controllers");
  const std::string root = hybrid ? base + "/unified" : base;

  const TemporaryDirectory directory;
  const std::string own = directory / "own";
  std::filesystem::create_directory(own);
  const std::string others_file = "/proc/" + std::to_string(::getpid()) + "/cgroup";
  const std::string own_file = "/proc/self/cgroup";
  const std::string from_outside = text_of(others_file);
  const ChildProcess child([&] {
    std::ofstream out(directory / "out");
    if (!group.move_here(::getpid()) || ::unshare(CLONE_NEWCGROUP | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("cgroup2", own.c_str(), "cgroup2", 0, nullptr) != 0) {
      out << "refused";
      return true;
    }
    const Result<std::string> found = find_namespace_root(root, own);
    if (!found && found.error().code == Errc::denied) {
      out << "refused";
      return true;
    }
    out << (found ? *found : found.error().message) << '\n'
        << seen_from_root(text_of(others_file), found.value_or("/"));
    // What is mounted at /sys/fs/cgroup is not this namespace's: nothing may be believed.
    const Result<CgroupNamespace> seen_from = CgroupNamespace::find(root, text_of(own_file));
    if (seen_from) out << "node_text:" << seen_from->node_text(text_of(others_file));
    return true;
  });
  const std::string out = text_of(directory / "out");
  if (out == "refused") return test::skip("cgroup_namespace", "it cannot be made here");
  CHECK(out.starts_with(group.path() + "\n"));
  const std::size_t end = out.find("node_text:");
  REQUIRE(end != std::string::npos);
  const std::string from_within = out.substr(0, end);
  CHECK(from_within.substr(from_within.find("0::")) ==
        from_outside.substr(from_outside.find("0::")));
  CHECK(out.find("0::", end) == std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter

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
  const std::string text = seen_from_root("1:name=systemd:/x\n0::" + path + "\n", own);
  CHECK(text.starts_with("1:name=systemd:/x\n0::/"));
  CHECK(text.ends_with("\n"));
  return text.substr(21, text.size() - 22);
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

TEST_CASE("which paths need to know where the namespace begins") {
  for (const char* text : {"0::/\n", "0::/..\n", "4:cpu:/x\n0::/../a\n"})
    CHECK(is_seen_from_namespace(text));
  for (const char* text : {"", "0::/a/../b\n", "0::/..a\n", "4:cpu:/../a\n", "4:cpu:/\n"})
    CHECK_FALSE(is_seen_from_namespace(text));
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
    out << (found ? *found : found.error().message) << '\n';
    const std::string text = text_of(others_file);
    out << is_seen_from_namespace(text) << '\n' << seen_from_root(text, found.value_or("/"));
    return true;
  });
  const std::string out = text_of(directory / "out");
  if (out == "refused") return test::skip("cgroup_namespace", "it cannot be made here");
  // In hybrid mode others may see the v1 paths from their namespaces as well.
  const std::string wanted = from_outside.substr(from_outside.find("0::"));
  CHECK(out.starts_with(group.path() + "\n1\n"));
  CHECK(out.substr(out.find("0::")) == wanted);
}

}  // namespace
}  // namespace sqlite_exporter

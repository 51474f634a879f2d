/// The flags `--path.*`: what they name, and the sentence for what is no directory.
#include "exporter/node_paths.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::TemporaryDirectory;

CommandLine with_rootfs(const std::string& path) {
  CommandLine line;
  line.rootfs = path;
  return line;
}

TEST_CASE("without flags the node's paths are ours") {
  const NodePaths paths = node_paths_of({}).value();
  CHECK(paths.procfs == "/proc");
  CHECK(paths.sysfs == "/sys");
  CHECK(paths.rootfs.empty());
  CHECK(paths.access_path("/var/app.db") == "/var/app.db");
}

TEST_CASE("directories are taken without slashes at their ends") {
  const TemporaryDirectory directory;
  for (const char* name : {"proc/self/mountinfo", "sys/fs/cgroup", "root"})
    std::filesystem::create_directories(directory / name);
  CommandLine line;
  line.procfs = directory / "proc/";
  line.sysfs = directory / "sys";
  line.rootfs = directory / "root//";
  const NodePaths paths = node_paths_of(line).value();
  CHECK(paths.procfs == directory / "proc");
  CHECK(paths.sysfs == directory / "sys");
  CHECK(paths.rootfs == directory / "root");
}

TEST_CASE("a root that is reached by a link has its real name, as mounts below it have") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "root");
  std::filesystem::create_symlink("root", directory / "link");
  std::filesystem::create_symlink("/", directory / "slash");
  CHECK(node_paths_of(with_rootfs(directory / "link")).value().rootfs == directory / "root");
  CHECK(node_paths_of(with_rootfs(directory / "slash")).value().rootfs.empty());
}

TEST_CASE("what is no directory is refused in one sentence") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "file") << "x";
  const auto check = [](const CommandLine& line, const std::string& message) {
    const auto paths = node_paths_of(line);
    REQUIRE_FALSE(paths);
    CHECK(paths.error().code == Errc::config);
    CHECK(paths.error().message == message);
  };
  for (const std::string& path : {directory / "none", directory / "file", std::string("host"),
                                  std::string(".."), std::string()}) {
    const std::string rest = " must be the absolute path of a directory, not \"" + path + "\"";
    check(with_rootfs(path), std::string("--path.rootfs").append(rest));
    CommandLine line;
    line.procfs = path;
    check(line, std::string("--path.procfs").append(rest));
    line = {};
    line.sysfs = path;
    check(line, std::string("--path.sysfs").append(rest));
  }
}

TEST_CASE("a directory that is no procfs or sysfs is refused, since nothing would be known") {
  const TemporaryDirectory directory;
  CommandLine line;
  line.procfs = directory.path().string();
  CHECK(node_paths_of(line).error().message ==
        "--path.procfs: \"" + line.procfs + "\" has no self/mountinfo");
  line = {};
  line.sysfs = directory.path().string();
  CHECK(node_paths_of(line).error().message ==
        "--path.sysfs: \"" + line.sysfs + "\" has no fs/cgroup");
}

}  // namespace
}  // namespace sqlite_exporter

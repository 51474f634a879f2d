/// How full mounts of the real kernel are, against what `stat` says of them in the same moment.
#include "collectors/linux/filesystem_status.h"

#include <sys/mount.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/private_mounts.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::PrivateMounts;
using test::TemporaryDirectory;

struct Figures {
  std::uint64_t block = 0, blocks = 0, available = 0, files = 0, files_free = 0;
};

/// As coreutils sees it: another program and another library call.
Figures figures_of(const std::string& path) {
  struct Close {
    void operator()(FILE* stream) const { ::pclose(stream); }
  };
  const std::string command = "stat --file-system --format='%S %b %a %c %d' '" + path + "'";
  const std::unique_ptr<FILE, Close> stream(::popen(command.c_str(), "r"));
  REQUIRE(stream);
  char line[200] = {};
  REQUIRE(std::fgets(line, sizeof line, stream.get()) != nullptr);
  Figures figures;
  std::istringstream(line) >> figures.block >> figures.blocks >> figures.available >>
      figures.files >> figures.files_free;
  return figures;
}

FilesystemStatus status_at(const std::string& path) {
  const auto table = MountTable::read();
  REQUIRE(table);
  const Mount* mount = table->mount_of(path);
  REQUIRE(mount != nullptr);
  CHECK(mount->mountpoint == path);
  const auto status = read_filesystem_status(*mount);
  REQUIRE(status);
  return *status;
}

void check_against_stat(const FilesystemStatus& status) {
  const Figures truth = figures_of(status.mount.mountpoint);
  CHECK(status.size_bytes == truth.block * truth.blocks);
  CHECK(status.avail_bytes == truth.block * truth.available);
  CHECK(status.files == truth.files);
  CHECK(status.files_free == truth.files_free);
}

TEST_CASE("size, space and inodes are what stat says, before and after a file") {
  const TemporaryDirectory directory;
  PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return test::skip("filesystem", mounts.refused());
  }
  const std::string path = directory.path().string();
  mounts.mount("tmpfs", "scratch", path, 0, "size=1m,nr_inodes=100");
  const FilesystemStatus empty = status_at(path);
  check_against_stat(empty);
  CHECK(empty.mount.fstype == "tmpfs");
  CHECK(empty.mount.device == "scratch");
  CHECK(empty.size_bytes == 1'048'576);
  CHECK(empty.files == 100);

  std::ofstream(directory / "f") << std::string(65'536, 'x') << std::flush;
  const FilesystemStatus used = status_at(path);
  check_against_stat(used);
  CHECK(used.avail_bytes == empty.avail_bytes - 65'536);
  CHECK(used.files_free == empty.files_free - 1);
}

TEST_CASE("a filesystem without limits says 0") {
  const TemporaryDirectory directory;
  PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return test::skip("filesystem", mounts.refused());
  }
  const std::string path = directory.path().string();
  mounts.mount("tmpfs", "scratch", path, 0, "size=0,nr_inodes=0");
  const FilesystemStatus status = status_at(path);
  check_against_stat(status);
  CHECK(status.size_bytes == 0);
  CHECK(status.files == 0);
}

TEST_CASE("a mount that is gone") {
  const TemporaryDirectory directory;
  const auto status = read_filesystem_status({directory / "none", "ext4", "/dev/a"});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::no_data);
}

}  // namespace
}  // namespace sqlite_exporter

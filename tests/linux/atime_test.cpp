/// What reading leaves behind on a mount that notes every reader.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "collectors/linux/file.h"
#include "tests/support/catch.h"
#include "tests/support/private_mounts.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

constexpr uid_t kNobody = 65534;

time_t atime_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_atim.tv_sec;
}

/// A file that was last read in 2001.
std::string long_unread(const std::string& path) {
  std::ofstream(path) << "0123456789";
  const std::array<timespec, 2> times = {timespec{1'000'000'000, 0}, timespec{1'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
  return path;
}

void read_one_byte(const std::string& path) {
  std::array<std::byte, 1> byte{};
  const Result<File> file = File::open(path);
  REQUIRE(file);
  CHECK(file->read_at(0, byte) == 1U);
  CHECK((::fcntl(file->descriptor(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("who may leave the atime alone does, and who may not reads all the same") {
  const test::TemporaryDirectory directory;
  test::PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return test::skip("atime", mounts.refused());
  }
  mounts.mount("tmpfs", "scratch", directory.path().string(), MS_STRICTATIME, "mode=755");
  const std::string path = long_unread(directory / "f");
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  read_one_byte(path);
  CHECK(atime_of(path) == 1'000'000'000);

  REQUIRE(::seteuid(kNobody) == 0);
  read_one_byte(path);
  REQUIRE(::seteuid(0) == 0);
  CHECK(atime_of(path) > 1'000'000'000);

  long_unread(path);
  REQUIRE(::chown(path.c_str(), kNobody, kNobody) == 0);
  REQUIRE(::seteuid(kNobody) == 0);
  read_one_byte(path);
  REQUIRE(::seteuid(0) == 0);
  CHECK(atime_of(path) == 1'000'000'000);
}

}  // namespace
}  // namespace sqlite_exporter

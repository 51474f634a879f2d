/// Which mounts the node can write to, from inside sandboxes and containers: written by hand, and
/// that of a real mount namespace.
#include "collectors/linux/readonly_mounts.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/private_mounts.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;
using test::PrivateMounts;
using test::TemporaryDirectory;

constexpr const char* kInitialPids = "pid:[4026531836]";
constexpr const char* kHost =
    "1 0 179:1 / / rw - ext4 /dev/a rw\n"
    "2 1 179:2 / /data rw - ext4 /dev/b rw\n"
    "3 1 179:3 / /failed rw - ext4 /dev/c ro\n"
    "4 1 179:2 /part /bound ro - ext4 /dev/b rw\n";
/// As systemd's ProtectSystem=strict has it, with a ReadWritePaths= below /data.
constexpr const char* kSandbox =
    "1 0 179:1 / / ro - ext4 /dev/a rw\n"
    "2 1 179:2 / /data ro - ext4 /dev/b rw\n"
    "3 1 179:3 / /failed ro - ext4 /dev/c ro\n"
    "4 1 179:2 /part /bound ro - ext4 /dev/b rw\n"
    "5 2 179:2 /out /data/out rw - ext4 /dev/b rw\n"
    "6 1 179:2 /in /data/in ro - ext4 /dev/b rw\n"
    "7 1 0:9 / /tmp ro - tmpfs tmpfs rw\n";

struct Procfs {
  TemporaryDirectory directory;

  void process(const std::string& name, const char* mountinfo, const char* mounts,
               const char* pids) const {
    fs::create_directories(directory.path() / name / "ns");
    std::ofstream(directory / (name + "/mountinfo")) << mountinfo;
    fs::create_symlink(mounts, directory.path() / name / "ns/mnt");
    fs::create_symlink(pids, directory.path() / name / "ns/pid");
  }

  /// By mountpoint, and what the node calls it if that is something else.
  std::optional<bool> is_readonly(const std::string& mountpoint,
                                  const std::string& host_mountpoint = "") const {
    const auto here = MountTable::read(directory.path().string());
    REQUIRE(here);
    const auto readonly = ReadonlyMounts::read(directory.path().string(), *here);
    const Mount* mount = here->mount_of(mountpoint);
    REQUIRE(mount != nullptr);
    REQUIRE(mount->mountpoint == mountpoint);
    return readonly.is_readonly(*mount, host_mountpoint.empty() ? mountpoint : host_mountpoint);
  }
};

TEST_CASE("in a sandbox a mount is read-only if it is so for process 1") {
  const Procfs procfs;
  procfs.process("self", kSandbox, "mnt:[2]", kInitialPids);
  procfs.process("1", kHost, "mnt:[1]", kInitialPids);
  CHECK(procfs.is_readonly("/") == false);
  CHECK(procfs.is_readonly("/data") == false);
  CHECK(procfs.is_readonly("/failed") == true);
  CHECK(procfs.is_readonly("/bound") == true);
  CHECK(procfs.is_readonly("/data/out") == false);
}

TEST_CASE("what a sandbox mounted itself is as writable as the mount it was taken from") {
  const Procfs procfs;
  procfs.process("self", kSandbox, "mnt:[2]", kInitialPids);
  procfs.process("1", kHost, "mnt:[1]", kInitialPids);
  CHECK(procfs.is_readonly("/data/in") == false);
  CHECK(procfs.is_readonly("/tmp") == std::nullopt);  // another filesystem than the node has there
}

TEST_CASE("a container that has the node's root read-only asks by the node's names") {
  const Procfs procfs;
  procfs.process("self",
                 "1 0 0:50 / / ro - overlay overlay rw\n"
                 "2 1 179:1 / /host ro - ext4 /dev/a rw\n"
                 "3 2 179:3 / /host/failed ro - ext4 /dev/c ro\n"
                 "4 2 179:2 /part /host/bound ro - ext4 /dev/b rw\n",
                 "mnt:[3]", "pid:[5]");
  procfs.process("1", kHost, "mnt:[1]", kInitialPids);
  CHECK(procfs.is_readonly("/host", "/") == false);
  CHECK(procfs.is_readonly("/host/failed", "/failed") == true);
  CHECK(procfs.is_readonly("/host/bound", "/bound") == true);
}

TEST_CASE("on the node itself its mounts are ours") {
  const Procfs procfs;
  procfs.process("self", kHost, "mnt:[1]", kInitialPids);
  procfs.process("1", kHost, "mnt:[1]", kInitialPids);
  CHECK(procfs.is_readonly("/data") == false);
  CHECK(procfs.is_readonly("/failed") == true);
  CHECK(procfs.is_readonly("/bound") == true);
}

TEST_CASE("where process 1 is a container's own, or says nothing, nobody knows") {
  const Procfs container;
  container.process("self", kHost, "mnt:[7]", "pid:[7]");
  container.process("1", kHost, "mnt:[7]", "pid:[7]");
  const Procfs silent;
  silent.process("self", kHost, "mnt:[7]", kInitialPids);
  for (const Procfs* procfs : {&container, &silent}) {
    CHECK(procfs->is_readonly("/bound") == std::nullopt);
    CHECK(procfs->is_readonly("/data") == false);
    CHECK(procfs->is_readonly("/failed") == true);
  }
}

TEST_CASE("a real sandbox over a writable filesystem is not taken for a failed disk") {
  const TemporaryDirectory directory;
  PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return test::skip("filesystem", mounts.refused());
  }
  const std::string path = directory.path().string();
  mounts.mount("tmpfs", "scratch", path);
  const auto is_readonly = [&] {
    const auto here = MountTable::read();
    REQUIRE(here);
    const Mount* mount = here->mount_of(path);
    REQUIRE(mount->mountpoint == path);
    return ReadonlyMounts::read("/proc", *here).is_readonly(*mount, path);
  };
  CHECK(is_readonly() == false);
  mounts.mount("", "", path, MS_REMOUNT | MS_BIND | MS_RDONLY);  // the mount, as a sandbox does
  CHECK(is_readonly() == std::nullopt);
  mounts.mount("", "", path, MS_REMOUNT | MS_RDONLY);
  CHECK(is_readonly() == true);
}

/// Process 1 shows its mounts to it, and not the links of its namespaces.
class AnotherUser {
 public:
  explicit AnotherUser(uid_t user) { refused_ = ::seteuid(user) != 0; }
  AnotherUser(const AnotherUser&) = delete;
  AnotherUser& operator=(const AnotherUser&) = delete;
  ~AnotherUser() {
    if (::seteuid(::getuid()) != 0) std::abort();
  }
  bool refused() const { return refused_; }

 private:
  bool refused_ = false;
};

TEST_CASE("what is read-only in a real sandbox is writable for process 1, whoever asks") {
  constexpr uid_t kNobody = 65534;
  const TemporaryDirectory directory;
  const std::string path = directory.path().string();
  const auto node = MountTable::read("/proc", "1");
  REQUIRE(node);
  if (const Mount* below = node->mount_of(path); below->readonly || below->mounted_readonly)
    return test::skip("filesystem", "process 1 cannot write to " + path);
  PrivateMounts mounts;
  if (!mounts.refused().empty()) return test::skip("filesystem", mounts.refused());
  mounts.mount("", path, path, MS_BIND);
  mounts.mount("", "", path, MS_REMOUNT | MS_BIND | MS_RDONLY);
  for (const uid_t user : {::getuid(), kNobody}) {
    const AnotherUser other(user);
    if (other.refused()) return test::skip("filesystem", "nobody else can be put on here");
    INFO("as user " << user);
    const auto here = MountTable::read();
    REQUIRE(here);
    const Mount* mount = here->mount_of(path);
    REQUIRE(mount->mountpoint == path);
    CHECK(ReadonlyMounts::read("/proc", *here).is_readonly(*mount, path) == false);
  }
}

}  // namespace
}  // namespace sqlite_exporter

/// Mount tables: written by hand, broken, and that of this machine.
#include "tests/support/catch.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "collectors/linux/mount_table.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::TemporaryDirectory;

Result<MountTable> table_of(const TemporaryDirectory& procfs,
                            std::initializer_list<const char*> mountinfo) {
  std::filesystem::create_directories(procfs.path() / "self");
  std::ofstream file(procfs / "self/mountinfo");
  for (const char* lines : mountinfo) file << lines;
  file.close();
  return MountTable::read(procfs.path().string());
}

const Mount& mount_at(const MountTable& table, std::string_view path) {
  const Mount* mount = table.mount_of(path);
  REQUIRE(mount != nullptr);
  return *mount;
}

constexpr const char* kMountinfo =
    "22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n"
    "23 22 0:21 / /srv/data rw - nfs4 nas:/export rw,vers=4.2\n"
    "24 22 179:3 / /srv/data/local rw shared:2 master:1 - xfs /dev/mmcblk0p3 rw\n"
    "25 22 0:30 / /mnt/two\\040words\\134n rw - fuse.sshfs me@host:/ rw\n"
    "26 22 179:4 / /srv/db rw - ext4 /dev/sda1 rw\n"
    "27 26 179:5 / /srv/db rw - btrfs /dev/sdb1 rw\n";

TEST_CASE("what is gone when the machine is switched off") {
  for (const char* fstype : {"tmpfs", "ramfs", "rootfs"})
    CHECK(is_in_memory({"/", fstype, "none"}));
  for (const char* device : {"/dev/zram0", "/dev/zram12", "/dev/ram1"})
    CHECK(is_in_memory({"/", "ext4", device}));
  for (const char* device : {"/dev/sda1", "/dev/ram", "/dev/rampart1", "/dev/zram", "zram0", ""})
    CHECK_FALSE(is_in_memory({"/", "ext4", device}));
}

TEST_CASE("a path lies on the mount with the longest name before it") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {kMountinfo});
  REQUIRE(table);
  CHECK(mount_at(*table, "/etc/a.db").fstype == "ext4");
  CHECK(mount_at(*table, "/etc/a.db").mountpoint == "/");
  CHECK(mount_at(*table, "/etc/a.db").device == "/dev/mmcblk0p2");
  CHECK_FALSE(mount_at(*table, "/etc/a.db").remote);
  CHECK(mount_at(*table, "/srv/data/a.db").fstype == "nfs4");
  CHECK(mount_at(*table, "/srv/data/a.db").device == "nas:/export");
  CHECK(mount_at(*table, "/srv/data/a.db").remote);
  CHECK(mount_at(*table, "/srv/data").fstype == "nfs4");
  CHECK(mount_at(*table, "/srv/data/local/a.db").fstype == "xfs");
}

TEST_CASE("a directory whose name only begins like a mountpoint does not lie on it") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {kMountinfo});
  REQUIRE(table);
  CHECK(mount_at(*table, "/srv/database/a.db").mountpoint == "/");
  CHECK(mount_at(*table, "/srv/data/localized").mountpoint == "/srv/data");
}

TEST_CASE("of two mounts on one mountpoint the last one counts") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {kMountinfo});
  REQUIRE(table);
  CHECK(mount_at(*table, "/srv/db/a.db").device == "/dev/sdb1");
}

TEST_CASE("all mounts of one filesystem have one superblock, and a bind mount its directory") {
  const TemporaryDirectory procfs;
  const auto table =
      table_of(procfs, {kMountinfo, "28 22 179:2 /var/app /srv/bind rw - ext4 /dev/root rw\n"});
  REQUIRE(table);
  CHECK(mount_at(*table, "/etc/a.db").superblock == makedev(179, 2));
  CHECK(mount_at(*table, "/etc/a.db").root == "/");
  CHECK(mount_at(*table, "/srv/bind/a.db").superblock == makedev(179, 2));
  CHECK(mount_at(*table, "/srv/bind/a.db").root == "/var/app");
  CHECK(mount_at(*table, "/srv/data/a.db").superblock == makedev(0, 21));
}

TEST_CASE("a network or FUSE mount answers for all that is mounted below it") {
  const auto mount = [](const char* mountpoint, const char* fstype, std::uint64_t superblock) {
    return Mount{.mountpoint = mountpoint,
                 .fstype = fstype,
                 .device = "",
                 .remote = is_remote_filesystem(fstype),
                 .superblock = superblock};
  };
  const MountTable table({mount("/", "nfs4", 1), mount("/srv", "ext4", 2), mount("/far", "fuse", 3),
                          mount("/far/bind", "ext4", 2), mount("/far/bind/x/n", "nfs4", 4),
                          mount("/home", "autofs", 5), mount("/home/a", "nfs4", 6),
                          mount("/home/b", "ext4", 7)});
  const auto answering = [&table](std::string_view path) {
    return table.answering(path)->superblock;
  };
  CHECK(answering("/etc/a.db") == 1);
  CHECK(answering("/srv/a.db") == 2);
  CHECK(answering("/far/a.db") == 3);
  CHECK(answering("/far/bind/a.db") == 3);
  CHECK(answering("/far/bind") == 3);
  CHECK(answering("/far/bind/x/n/a.db") == 3);
  CHECK(answering("/home/c") == 5);
  CHECK(answering("/home/a/x.db") == 6);
  CHECK(answering("/home/b/x.db") == 7);
  CHECK(MountTable().answering("/") == nullptr);
  CHECK(mount_at(table, "/far/bind/a.db").superblock == 2);
  // A mount that another one answers for does not stand for its filesystem.
  CHECK(table.filesystem_of("/srv/a.db")->mountpoint == "/srv");
  CHECK(table.filesystem_of("/far/bind/a.db")->mountpoint == "/far");
}

TEST_CASE("a mountpoint is known by its exact name") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {kMountinfo});
  REQUIRE(table);
  for (const std::string_view path : {"/", "/srv/data", "/srv/data/local", "/srv/db"}) {
    CAPTURE(path);
    CHECK(table->is_mountpoint(path));
  }
  for (const std::string_view path : {"", "/srv", "/srv/data/", "/srv/database", "/srv/db/a.db"}) {
    CAPTURE(path);
    CHECK_FALSE(table->is_mountpoint(path));
  }
}

TEST_CASE("what lies below the upper directory of an overlay, a covered one too") {
  const MountTable table({{"/", "ext4", "/dev/root", false},
                          {"/merged", "overlay", "overlay", false, "/layers/1/diff/"},
                          {"/merged", "overlay", "overlay", false, "/layers/2/diff"}});
  for (const std::string_view path :
       {"/layers/1/diff/a.db", "/layers/2/diff", "/layers/2/diff/a/b"})
    CHECK(table.is_below_upper(path));
  for (const std::string_view path : {"/layers/1/difference", "/layers/1", "/merged/a.db", "/", ""})
    CHECK_FALSE(table.is_below_upper(path));
}

/// The mount of a path as the documentation of `mount_of` says it, asking each mount.
std::string device_by_walk(const std::vector<Mount>& mounts, const std::string& path) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts) {
    const std::string below = mount.mountpoint == "/" ? "/" : mount.mountpoint + "/";
    if (path != mount.mountpoint && !path.starts_with(below)) continue;
    if (best == nullptr || mount.mountpoint.size() >= best->mountpoint.size()) best = &mount;
  }
  return best == nullptr ? "" : best->device;
}

TEST_CASE("of thousands of mounts, nested and covered, each path finds the one that a walk finds") {
  std::mt19937 random(20260101);  // NOLINT(*-msc51-cpp): the same tree each time
  const auto any_path = [&random](std::size_t depth) {
    std::string path;
    for (std::size_t i = 0; i < depth; ++i)
      path.append("/").append(1 + random() % 2, static_cast<char>('a' + random() % 5));
    return path;
  };
  std::vector<Mount> mounts = {{"/", "ext4", "root"}};
  for (int i = 0; i < 5000; ++i)
    mounts.push_back({any_path(1 + random() % 5), "ext4", std::to_string(i)});
  const MountTable table(mounts);
  for (int i = 0; i < 2000; ++i) {
    const std::string path = any_path(1 + random() % 7);
    CAPTURE(path);
    CHECK(mount_at(table, path).device == device_by_walk(mounts, path));
  }
}

TEST_CASE("a filesystem that takes no more writes after an error says so in its options") {
  const TemporaryDirectory procfs;
  const auto table = table_of(
      procfs, {"22 1 179:2 / / rw - ext4 /dev/a rw,errors=remount-ro\n",
               "23 22 179:3 / /a rw - ext4 /dev/b rw,emergency_ro\n",
               "24 22 179:4 / /b rw - ext4 /dev/c rw,shutdown\n",
               "25 22 179:5 / /c rw - ext4 /dev/d ro\n", "26 22 179:2 / /d ro - ext4 /dev/a rw\n"});
  REQUIRE(table);
  CHECK_FALSE(mount_at(*table, "/x").readonly);
  CHECK(mount_at(*table, "/a/x").readonly);
  CHECK(mount_at(*table, "/b/x").readonly);
  CHECK(mount_at(*table, "/c/x").readonly);
  CHECK_FALSE(mount_at(*table, "/c/x").mounted_readonly);
  CHECK_FALSE(mount_at(*table, "/d/x").readonly);
  CHECK(mount_at(*table, "/d/x").mounted_readonly);
}

TEST_CASE("blanks and backslashes in a mountpoint") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {kMountinfo});
  REQUIRE(table);
  CHECK(mount_at(*table, "/mnt/two words\\n/a.db").fstype == "fuse.sshfs");
}

TEST_CASE("a line that is no mount does not hide the others") {
  const TemporaryDirectory procfs;
  const auto table =
      table_of(procfs, {"22 1 179:2 / / rw - ext4 /dev/a rw\n", "not a mount at all\n",
                        "23 22 0:21 / /srv rw - xfs /dev/b rw\n"});
  REQUIRE(table);
  CHECK(mount_at(*table, "/etc").fstype == "ext4");
  CHECK(mount_at(*table, "/srv/x").fstype == "xfs");
}

TEST_CASE("an empty mount table knows no mount") {
  const TemporaryDirectory procfs;
  const auto table = table_of(procfs, {});
  REQUIRE(table);
  CHECK(table->mount_of("/") == nullptr);
}

TEST_CASE("a procfs that is not there") {
  const TemporaryDirectory procfs;
  const auto table = MountTable::read(procfs / "none");
  REQUIRE_FALSE(table);
  CHECK(table.error().code == Errc::no_data);
}

TEST_CASE("the mounts of this machine: their devices are what stat says") {
  const auto table = MountTable::read();
  REQUIRE(table);
  CHECK(mount_at(*table, "/").mountpoint == "/");
  CHECK(mount_at(*table, "/proc/self/stat").fstype == "proc");
  struct stat truth{};
  REQUIRE(::stat("/proc", &truth) == 0);
  CHECK(mount_at(*table, "/proc").superblock == truth.st_dev);
}

TEST_CASE("filesystems that another machine or process answers for") {
  for (const std::string_view fstype :
       {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "virtiofs", "ocfs2"}) {
    CAPTURE(fstype);
    CHECK(remote_kind(fstype) == RemoteKind::network);
    CHECK(is_remote_filesystem(fstype));
  }
  for (const std::string_view fstype : {"fuse", "fuseblk", "fuse.sshfs", "fuse.glusterfs"}) {
    CAPTURE(fstype);
    CHECK(remote_kind(fstype) == RemoteKind::fuse);
    CHECK(is_remote_filesystem(fstype));
  }
  CHECK(remote_kind("autofs") == RemoteKind::automount);
  CHECK(is_remote_filesystem("autofs"));
  for (const std::string_view fstype :
       {"ext4", "xfs", "btrfs", "tmpfs", "overlay", "fusectl", "", "nfsd", "f2fs", "zfs"}) {
    CAPTURE(fstype);
    CHECK_FALSE(is_remote_filesystem(fstype));
  }
}

}  // namespace
}  // namespace sqlite_exporter

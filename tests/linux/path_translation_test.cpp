/// Paths of containers, services and sandboxes, and where they are on the machine: mount tables of
/// fixtures.
#include "tests/support/catch.h"

#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "collectors/linux/path_translation.h"

namespace sqlite_exporter {
namespace {

using Paths = std::vector<std::string>;

Mount mount(unsigned minor, const std::string& root, const std::string& mountpoint) {
  Mount mount;
  mount.superblock = makedev(8, minor);
  mount.root = root;
  mount.mountpoint = mountpoint;
  mount.fstype = "ext4";
  return mount;
}

Mount overlay(unsigned minor, const std::string& mountpoint, const std::string& upper) {
  Mount overlaid = mount(minor, "/", mountpoint);
  overlaid.superblock = makedev(0, minor);
  overlaid.fstype = "overlay";
  overlaid.upper = upper;
  return overlaid;
}

const MountTable kMachine({mount(1, "/", "/"), mount(2, "/", "/srv/disk"), mount(3, "/@", "/btrfs"),
                           overlay(40, "/run/c/40/rootfs", "/c/40/fs")});

TEST_CASE("what lies below a folder, by whole names") {
  CHECK(rest_below("/a/b", "/a") == "/b");
  CHECK(rest_below("/a/b", "/a/") == "/b");
  CHECK(rest_below("/a", "/a") == "");
  CHECK(rest_below("/a/b", "/") == "/a/b");
  CHECK_FALSE(rest_below("/ab", "/a"));
  CHECK_FALSE(rest_below("/a", "/a/b"));
  CHECK_FALSE(rest_below("a", "/"));
}

TEST_CASE("a volume that is mounted into a container") {
  const MountTable container({overlay(41, "/", "/c/41/fs"), mount(1, "/var/storage/pvc-1", "/data"),
                              mount(2, "/", "/disk"),
                              mount(1, "/var/one/file.db", "/etc/file.db")});
  CHECK(translate_path("/data/x.db", container, kMachine) == Paths{"/var/storage/pvc-1/x.db"});
  CHECK(translate_path("/disk/a/x.db", container, kMachine) == Paths{"/srv/disk/a/x.db"});
  CHECK(translate_path("/etc/file.db", container, kMachine) == Paths{"/var/one/file.db"});
}

TEST_CASE("a folder within a filesystem of which the machine mounts a part") {
  const MountTable container({mount(3, "/@/app", "/data"), mount(3, "/@other", "/other")});
  CHECK(translate_path("/data/x.db", container, kMachine) == Paths{"/btrfs/app/x.db"});
  CHECK(translate_path("/other/x.db", container, kMachine).empty());
}

TEST_CASE("an overlay that the machine mounts too is seen through it, with its locks") {
  const MountTable container({overlay(40, "/", "/c/40/fs")});
  CHECK(translate_path("/app/x.db", container, kMachine) == Paths{"/run/c/40/rootfs/app/x.db"});
}

TEST_CASE("an overlay of another namespace alone leaves its upper directory") {
  const MountTable container({overlay(41, "/", "/c/41/fs"), overlay(42, "/lower", "relative")});
  CHECK(translate_path("/app/x.db", container, kMachine) == Paths{"/c/41/fs/app/x.db"});
  CHECK(translate_path("/lower/x.db", container, kMachine).empty());
}

TEST_CASE("a filesystem of another namespace alone has no path here") {
  const MountTable container({mount(1, "/c", "/"), mount(9, "/", "/tmp")});
  CHECK(translate_path("/tmp/x.db", container, kMachine).empty());
  CHECK(translate_path("/x.db", container, kMachine) == Paths{"/c/x.db"});
}

TEST_CASE("a path that another mount hides here is none") {
  const MountTable container({mount(1, "/srv/disk/old", "/data"), mount(2, "/a", "/a")});
  CHECK(translate_path("/data/x.db", container, kMachine).empty());

  const MountTable covered({mount(1, "/", "/"), mount(2, "/", "/mnt"), mount(5, "/", "/mnt")});
  CHECK(translate_path("/a/x.db", container, covered).empty());
}

TEST_CASE("of several paths that of the widest mount comes first, then that of the last one") {
  const MountTable container({mount(7, "/vol/a", "/data")});
  const MountTable machine({mount(1, "/", "/"), mount(7, "/vol/a", "/pods/1/sub"),
                            mount(7, "/", "/plugin/global"), mount(7, "/", "/pods/1/mount")});
  CHECK(translate_path("/data/x.db", container, machine) ==
        Paths{"/pods/1/mount/vol/a/x.db", "/plugin/global/vol/a/x.db", "/pods/1/sub/x.db"});
}

TEST_CASE("what is no path, and filesystems without paths") {
  const MountTable container({mount(1, "/", "/"), mount(4, "net:[4026531840]", "/run/net")});
  const MountTable machine({mount(1, "/", "/"), mount(4, "net:[4026531840]", "/run/net")});
  CHECK(translate_path("", container, machine).empty());
  CHECK(translate_path("x.db", container, machine).empty());
  CHECK(translate_path("/run/net", container, machine).empty());
  CHECK(translate_path("/x.db", MountTable(), machine).empty());
  CHECK(translate_path("/x.db", container, MountTable()).empty());
  CHECK(translate_path("/x.db", container, machine) == Paths{"/x.db"});
}

}  // namespace
}  // namespace sqlite_exporter

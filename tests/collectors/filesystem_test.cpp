/// The collector `filesystem`: risks of mount tables written by hand and of the real kernel's.
#include "collectors/filesystem.h"

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/exposition.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/private_mounts.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

/// A database and an observer to whom the machine has these mounts.
struct Scene {
  TemporaryDirectory directory;
  std::string path = directory / "app.db";
  Observer observer{path};

  explicit Scene(std::vector<Mount> mounts = {}) {
    SqliteApplication(path).exec("create table t(x)");
    observer.node().mounts = MountTable(std::move(mounts));
  }
  std::string risks() { return observer.text({"filesystem"}); }
};

std::string risk(const std::string& mountpoint, const std::string& fstype,
                 const std::string& reason) {
  return "sqlite_filesystem_risk{database=\"app\",mountpoint=\"" + mountpoint + "\",fstype=\"" +
         fstype + "\",reason=\"" + reason + "\"} 1\n";
}

TEST_CASE("a database on a local disk is not at risk") {
  for (const std::string fstype : {"ext4", "xfs", "btrfs", "autofs"}) {
    CAPTURE(fstype);
    CHECK(Scene({{"/", fstype, "/dev/a"}}).risks().empty());
  }
}

TEST_CASE("a filesystem that another machine or a process answers for") {
  for (const std::string fstype : {"nfs4", "cifs", "9p", "virtiofs", "ceph"})
    CHECK(Scene({{"/", fstype, "nas:/a", true}}).risks() == risk("/", fstype, "network"));
  for (const std::string fstype : {"fuse.sshfs", "fuseblk"})
    CHECK(Scene({{"/", fstype, "a", true}}).risks() == risk("/", fstype, "fuse"));
}

TEST_CASE("a filesystem in memory") {
  for (const std::string fstype : {"tmpfs", "ramfs"})
    CHECK(Scene({{"/", fstype, "none"}}).risks() == risk("/", fstype, "memory"));
  CHECK(Scene({{"/", "ext4", "/dev/zram0"}}).risks() == risk("/", "ext4", "memory"));
}

TEST_CASE("an overlay with an upper directory, and without one") {
  CHECK(Scene({{"/", "overlay", "overlay", false, "/layers/diff"}}).risks() ==
        risk("/", "overlay", "overlay_upper"));
  CHECK(Scene({{"/", "overlay", "overlay"}}).risks().empty());
}

TEST_CASE("below the upper directory of an overlay that is mounted elsewhere") {
  Scene scene;
  scene.observer.node().mounts =
      MountTable({{"/", "ext4", "/dev/a"},
                  {"/merged", "overlay", "overlay", false, scene.directory.path().string()}});
  CHECK(scene.risks() == risk("/", "ext4", "overlay_upper"));
}

TEST_CASE("a file that alone is mounted into a container leaves its WAL in the container's layer") {
  Scene scene;
  scene.observer.node().mounts = MountTable(
      {{"/", "overlay", "overlay", false, "/layers/diff"}, {scene.path, "ext4", "/dev/a"}});
  CHECK(scene.risks() ==
        risk("/", "overlay", "overlay_upper") + risk(scene.path, "ext4", "file_mount"));
}

TEST_CASE("a second name of the file, while it has one") {
  Scene scene({{"/", "ext4", "/dev/a"}});
  fs::create_hard_link(scene.path, scene.directory / "copy.db");
  CHECK(scene.risks() == risk("/", "ext4", "hard_link"));
  fs::remove(scene.directory / "copy.db");
  CHECK(scene.risks().empty());
}

TEST_CASE("an absent database and an unknown mount are no risk") {
  Scene scene({{"/", "nfs", "nas:/a", true}});
  fs::remove(scene.path);
  CHECK(scene.risks().empty());
  CHECK(Scene().risks().empty());
}

TEST_CASE("mounts and upper directories are named as the node names them") {
  Scene scene;
  const std::string root = scene.directory.path().parent_path();
  const std::string name = scene.directory.path().filename();
  scene.observer.node().paths.rootfs = root;
  scene.observer.node().mounts =
      MountTable({{root, "xfs", "/dev/a"}, {"/x", "overlay", "overlay", false, "/" + name}});
  CHECK(scene.risks() == risk("/", "xfs", "overlay_upper"));
}

TEST_CASE("on a real overlay a database is at risk, through it and below its upper directory") {
  const TemporaryDirectory directory;
  PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return skip("filesystem", mounts.refused());
  }
  const std::string path = directory.path().string();
  mounts.mount("tmpfs", "scratch", path);
  for (const char* name : {"lower", "upper", "work", "merged"})
    fs::create_directory(directory / name);
  mounts.mount("overlay", "overlay", directory / "merged", 0,
               "lowerdir=" + path + "/lower,upperdir=" + path + "/upper,workdir=" + path + "/work");
  SqliteApplication app(directory / "merged/app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  const auto risks = [&](const std::string& name) {
    Observer observer(directory / name);
    observer.node().mounts = MountTable::read().value();
    return observer.text({"filesystem"});
  };
  CHECK(risks("merged/app.db") == risk(directory / "merged", "overlay", "overlay_upper"));
  const std::string memory = risk(path, "tmpfs", "memory");
  CHECK(risks("upper/app.db") == risk(path, "tmpfs", "overlay_upper") + memory);
  SqliteApplication(directory / "beside.db").exec("create table t(x)");
  CHECK(risks("beside.db") == memory);
}

std::string node_text(const Node& node, const std::vector<FilesystemStatus>& filesystems) {
  std::vector<SubjectReadings> subjects(1);
  subjects[0].labels = std::make_shared<const std::string>();
  REQUIRE(kFilesystemNodeCollector.look({&node, filesystems, {}}, subjects[0].batch));
  std::string samples;
  std::istringstream lines(write_text(subjects, {}));
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#')) samples += line + '\n';
  return samples;
}

TEST_CASE("the figures of mounts, each once, without what a filesystem has no limit of") {
  Node node;
  node.paths.rootfs = "/host";
  Mount readonly{"/host/data", "btrfs", "/dev/b"};
  readonly.readonly = true;
  Mount unknown{"/host/seen", "ext4", "/dev/c"};
  unknown.mounted_readonly = true;
  const std::vector<FilesystemStatus> filesystems = {
      {{"/host", "ext4", "/dev/a"}, 1000, 400, 100, 40},
      {{"/", "ext4", "/dev/a"}, 1000, 400, 100, 40},
      {std::move(readonly), 2000, 0, 0, 0},
      {std::move(unknown), 2000, 0, 0, 0},
      {{"/host/run", "tmpfs", "tmpfs"}, 0, 0, 0, 0},
  };
  const std::string a = "{device=\"/dev/a\",mountpoint=\"/\",fstype=\"ext4\"} ";
  const std::string b = "{device=\"/dev/b\",mountpoint=\"/data\",fstype=\"btrfs\"} ";
  const std::string c = "{device=\"/dev/c\",mountpoint=\"/seen\",fstype=\"ext4\"} ";
  const std::string run = "{device=\"tmpfs\",mountpoint=\"/run\",fstype=\"tmpfs\"} ";
  CHECK(node_text(node, filesystems) ==
        "sqlite_filesystem_avail_bytes" + a + "400\nsqlite_filesystem_avail_bytes" + b +
            "0\nsqlite_filesystem_avail_bytes" + c + "0\nsqlite_filesystem_files" + a +
            "100\nsqlite_filesystem_files_free" + a + "40\nsqlite_filesystem_readonly" + a +
            "0\nsqlite_filesystem_readonly" + b + "1\nsqlite_filesystem_readonly" + run +
            "0\nsqlite_filesystem_size_bytes" + a + "1000\nsqlite_filesystem_size_bytes" + b +
            "2000\nsqlite_filesystem_size_bytes" + c + "2000\n");
}

TEST_CASE("without databases there are no mounts to tell of") {
  const Node node;
  CHECK(node_text(node, {}).empty());
}

}  // namespace
}  // namespace sqlite_exporter::test

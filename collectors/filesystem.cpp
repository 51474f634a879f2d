#include "collectors/filesystem.h"

#include <set>
#include <string_view>
#include <tuple>

namespace sqlite_exporter {

namespace {

constexpr Metric kRisk =
    gauge("sqlite_filesystem_risk",
          "1 for each risk that holds: network (another machine answers, and neither locks nor the "
          "wal-index are sure to reach all writers: move it to a local disk), fuse (locks and "
          "shared memory are as good as the process that answers: move it to a local disk), "
          "overlay_upper (it lies in a container's own layer, which goes away with the container: "
          "give it a volume), file_mount (the file is mounted without its folder: its WAL lies "
          "elsewhere and goes away with the container: mount the folder), hard_link (it has a "
          "second name, under which SQLite finds neither its WAL nor its journal: remove one), "
          "memory (it lies on tmpfs, ramfs or a disk in memory, and is gone at power-off: move it "
          "if it is meant to last), sidecar_owner (another user owns its WAL, wal-index or hot "
          "journal, and its own may not write it: change the owner).",
          {"mountpoint", "fstype", "reason"});

constexpr const Metric* kFilesystemMetrics[] = {&kRisk};

constexpr Metric kSize = gauge("sqlite_filesystem_size_bytes",
                               "Size of the filesystem; absent where it has no limit of its own.",
                               {"device", "mountpoint", "fstype"});
constexpr Metric kAvail =
    gauge("sqlite_filesystem_avail_bytes",
          "Space left to users without privileges; at 0 commits and checkpoints fail.",
          {"device", "mountpoint", "fstype"});
constexpr Metric kFiles = gauge("sqlite_filesystem_files",
                                "Inodes; absent where the filesystem makes them as it needs them.",
                                {"device", "mountpoint", "fstype"});
constexpr Metric kFilesFree =
    gauge("sqlite_filesystem_files_free",
          "Inodes left to users without privileges; at 0 no journal and no WAL can be created.",
          {"device", "mountpoint", "fstype"});
constexpr Metric kReadonly =
    gauge("sqlite_filesystem_readonly",
          "1 if nothing can be written; if it was not mounted so, the filesystem turned to it "
          "after an error of its disk. Absent where the exporter sees it read-only and cannot tell "
          "whether the node does.",
          {"device", "mountpoint", "fstype"});

constexpr const Metric* kFilesystemNodeMetrics[] = {&kSize, &kAvail, &kFiles, &kFilesFree,
                                                    &kReadonly};

/// A mount of its own for the WAL is possible: that of the database may be the file alone.
void add_risks_of(const Mount& mount, const Look& look, Batch& batch) {
  const auto add = [&](std::string_view reason) {
    batch.add(kRisk, 1, {look.host_path(mount.mountpoint), mount.fstype, reason});
  };
  const RemoteKind kind = remote_kind(mount.fstype);
  if (kind == RemoteKind::network) add("network");
  if (kind == RemoteKind::fuse) add("fuse");
  // Without an upper directory an overlay is read-only, and nothing written can get lost.
  if (!mount.upper.empty() || look.locks_hidden) add("overlay_upper");
  if (is_in_memory(mount)) add("memory");
}

Result<void> look_at_risks(const Look& look, Batch& batch) {
  if (!look.database) return fail(Errc::no_data, "there is no file");
  if (look.mount == nullptr) return fail(Errc::no_data, "its mount is not known");
  add_risks_of(*look.mount, look, batch);
  if (look.wal_mount != nullptr && look.wal_mount != look.mount)
    add_risks_of(*look.wal_mount, look, batch);
  const auto add = [&](bool holds, std::string_view reason) {
    if (holds)
      batch.add(kRisk, 1, {look.host_path(look.mount->mountpoint), look.mount->fstype, reason});
  };
  add(look.database->link_count > 1, "hard_link");
  add(look.file_mount, "file_mount");
  add(look.foreign_sidecar.has_value(), "sidecar_owner");
  return {};
}

Result<void> look_at_filesystems(const NodeLook& look, Batch& batch) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> told;
  for (const FilesystemStatus& status : look.filesystems) {
    const Mount& mount = status.mount;
    const std::string_view mountpoint = look.node->paths.host_path(mount.mountpoint);
    if (!told.insert({mount.device, mountpoint, mount.fstype}).second) continue;
    const auto add = [&](const Metric& metric, double value) {
      batch.add(metric, value, {mount.device, mountpoint, mount.fstype});
    };
    if (status.size_bytes > 0) {
      add(kSize, static_cast<double>(status.size_bytes));
      add(kAvail, static_cast<double>(status.avail_bytes));
    }
    if (status.files > 0) {
      add(kFiles, static_cast<double>(status.files));
      add(kFilesFree, static_cast<double>(status.files_free));
    }
    if (const auto readonly = look.node->readonly.is_readonly(mount, mountpoint))
      add(kReadonly, *readonly ? 1 : 0);
  }
  return {};
}

}  // namespace

const Collector kFilesystemCollector = {"filesystem", kFilesystemMetrics, look_at_risks};

const NodeCollector kFilesystemNodeCollector = {"filesystem", kFilesystemNodeMetrics,
                                                look_at_filesystems};

}  // namespace sqlite_exporter

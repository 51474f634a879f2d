/// Asks libmount for the mounts, and names which of their filesystems can hang.
#include "collectors/linux/mount_table.h"

#include <libmount/libmount.h>

#include <algorithm>
#include <array>
#include <memory>

#include "collectors/linux/file.h"

namespace sqlite_exporter {
namespace {

struct Unref {
  void operator()(libmnt_table* table) const { mnt_unref_table(table); }
  void operator()(libmnt_iter* iterator) const { mnt_free_iter(iterator); }
};

/// A line libmount cannot read is skipped: one odd mount must not hide the others.
int skip_line(libmnt_table*, const char*, int) { return 1; }

std::string text(const char* field) { return field == nullptr ? std::string() : field; }

std::string option(libmnt_fs* filesystem, const char* name) {
  char* value = nullptr;
  std::size_t size = 0;
  if (mnt_fs_get_option(filesystem, name, &value, &size) != 0 || value == nullptr) return {};
  return {value, size};
}

constexpr std::array<std::string_view, 22> kRemoteFilesystems = {
    "9p",      "afs",      "autofs",    "beegfs", "ceph",   "cifs",    "coda", "fuse",
    "fuseblk", "gfs2",     "glusterfs", "gpfs",   "lustre", "ncpfs",   "nfs",  "nfs4",
    "ocfs2",   "orangefs", "pvfs2",     "smb3",   "smbfs",  "virtiofs"};
static_assert(std::ranges::is_sorted(kRemoteFilesystems));

/// True if `path` is `mountpoint` or lies below it, by whole names.
bool lies_on(std::string_view path, std::string_view mountpoint) {
  if (mountpoint.ends_with('/')) mountpoint.remove_suffix(1);
  return path.starts_with(mountpoint) &&
         (path.size() == mountpoint.size() || path[mountpoint.size()] == '/');
}

}  // namespace

Result<MountTable> MountTable::read(const std::string& procfs) {
  const std::string path = procfs + "/self/mountinfo";
  const std::unique_ptr<libmnt_table, Unref> table(mnt_new_table());
  const std::unique_ptr<libmnt_iter, Unref> iterator(mnt_new_iter(MNT_ITER_FORWARD));
  if (!table || !iterator) return fail(Errc::limit, "no memory for the mount table");
  mnt_table_set_parser_errcb(table.get(), skip_line);
  if (const int result = mnt_table_parse_file(table.get(), path.c_str()); result != 0) {
    return fail(error_from_errno(result < 0 ? -result : EINVAL, "read", path));
  }

  std::vector<Mount> mounts;
  libmnt_fs* filesystem = nullptr;
  while (mnt_table_next_fs(table.get(), iterator.get(), &filesystem) == 0) {
    Mount mount;
    mount.mountpoint = text(mnt_fs_get_target(filesystem));
    mount.fstype = text(mnt_fs_get_fstype(filesystem));
    mount.device = text(mnt_fs_get_source(filesystem));
    mount.remote = is_remote_filesystem(mount.fstype);
    if (mount.fstype == "overlay") mount.upper = option(filesystem, "upperdir");
    mounts.push_back(std::move(mount));
  }
  return MountTable(std::move(mounts));
}

const Mount* MountTable::mount_of(std::string_view path) const {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts_) {
    if (!lies_on(path, mount.mountpoint)) continue;
    if (best == nullptr || mount.mountpoint.size() >= best->mountpoint.size()) best = &mount;
  }
  return best;
}

bool MountTable::is_below_upper(std::string_view path) const {
  return std::ranges::any_of(mounts_, [&](const Mount& mount) {
    return !mount.upper.empty() && lies_on(path, mount.upper);
  });
}

bool is_remote_filesystem(std::string_view fstype) {
  return fstype.starts_with("fuse.") || std::ranges::binary_search(kRemoteFilesystems, fstype);
}

}  // namespace sqlite_exporter

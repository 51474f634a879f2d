/// Asks libmount for the mounts, and names which of their filesystems can hang.
#include "collectors/linux/mount_table.h"

#include <libmount/libmount.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

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

bool has_option(const char* options, const char* name) {
  char* value = nullptr;
  std::size_t size = 0;
  return options != nullptr && mnt_optstr_get_option(options, name, &value, &size) == 0;
}

/// gfs2 and ocfs2 lie on a disk that several machines write to.
constexpr std::array<std::string_view, 19> kNetworkFilesystems = {
    "9p",        "afs",   "beegfs", "ceph",  "cifs",    "coda", "gfs2",
    "glusterfs", "gpfs",  "lustre", "ncpfs", "nfs",     "nfs4", "ocfs2",
    "orangefs",  "pvfs2", "smb3",   "smbfs", "virtiofs"};
static_assert(std::ranges::is_sorted(kNetworkFilesystems));

constexpr std::array<std::string_view, 22> kKernelFilesystems = {
    "binfmt_misc", "bpf",     "cgroup",   "cgroup2",  "configfs",   "cpuset",
    "debugfs",     "devpts",  "devtmpfs", "efivarfs", "fusectl",    "hugetlbfs",
    "mqueue",      "nsfs",    "proc",     "pstore",   "rpc_pipefs", "securityfs",
    "selinuxfs",   "smackfs", "sysfs",    "tracefs"};
static_assert(std::ranges::is_sorted(kKernelFilesystems));

constexpr std::array<std::string_view, 2> kMemoryDisks = {"/dev/zram", "/dev/ram"};

bool waits_for_others(std::string_view fstype) {
  const RemoteKind kind = remote_kind(fstype);
  return kind == RemoteKind::network || kind == RemoteKind::fuse;
}

/// `path` and the directories it lies in, from the longest to "/", until `is_it` is true of one;
/// "" if it is of none.
template <class Predicate>
std::string_view nearest(std::string_view path, Predicate is_it) {
  while (!path.empty()) {
    if (is_it(path)) return path;
    if (path == "/") break;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) break;
    path = path.substr(0, std::max<std::size_t>(slash, 1));
  }
  return {};
}

}  // namespace

Result<MountTable> MountTable::read(const std::string& procfs, const std::string& process) {
  const std::string path = procfs + "/" + process + "/mountinfo";
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
    mount.superblock = mnt_fs_get_devno(filesystem);
    mount.root = text(mnt_fs_get_root(filesystem));
    const char* const options = mnt_fs_get_fs_options(filesystem);
    mount.readonly = has_option(options, "ro") || has_option(options, "emergency_ro") ||
                     has_option(options, "shutdown");
    mount.mounted_readonly = has_option(mnt_fs_get_vfs_options(filesystem), "ro");
    mounts.push_back(std::move(mount));
  }
  return MountTable(std::move(mounts));
}

MountTable::MountTable(std::vector<Mount> mounts) {
  for (Mount& mount : mounts) {
    std::string_view upper = mount.upper;
    while (upper.size() > 1 && upper.ends_with('/')) upper.remove_suffix(1);
    if (!upper.empty()) uppers_.emplace(upper);
    mounts_.insert_or_assign(mount.mountpoint, std::move(mount));
  }
  for (const auto& [mountpoint, mount] : mounts_)
    if (answering(mountpoint) == &mount) standing_.emplace(mount.superblock, mountpoint);
}

const Mount* MountTable::mounted_on(std::string_view path) const {
  const auto found = mounts_.find(path);
  return found == mounts_.end() ? nullptr : &found->second;
}

const Mount* MountTable::mount_of(std::string_view path) const {
  const Mount* mount = nullptr;
  nearest(path, [&](std::string_view at) { return (mount = mounted_on(at)) != nullptr; });
  return mount;
}

const Mount* MountTable::answering(std::string_view path) const {
  const Mount* const own = mount_of(path);
  const Mount* answering = own;
  for (const Mount* on_the_way = own; on_the_way != nullptr && on_the_way->mountpoint != "/";) {
    if (waits_for_others(on_the_way->fstype)) answering = on_the_way;
    const std::string_view mountpoint = on_the_way->mountpoint;
    const std::size_t slash = mountpoint.rfind('/');
    if (slash == std::string_view::npos) break;
    on_the_way = mount_of(mountpoint.substr(0, std::max<std::size_t>(slash, 1)));
  }
  return answering;
}

const Mount* MountTable::filesystem_of(std::string_view path) const {
  const Mount* const mount = answering(path);
  if (mount == nullptr || mount->superblock == 0) return mount;
  const auto standing = standing_.find(mount->superblock);
  return standing == standing_.end() ? mount : mounted_on(standing->second);
}

bool MountTable::is_mountpoint(std::string_view path) const { return mounted_on(path) != nullptr; }

bool MountTable::is_below_upper(std::string_view path) const {
  const auto is_upper = [this](std::string_view at) { return uppers_.contains(at); };
  return !uppers_.empty() && !nearest(path, is_upper).empty();
}

bool is_kernel_filesystem(std::string_view fstype) {
  return std::ranges::binary_search(kKernelFilesystems, fstype);
}

bool is_in_memory(const Mount& mount) {
  if (mount.fstype == "tmpfs" || mount.fstype == "ramfs" || mount.fstype == "rootfs") return true;
  return std::ranges::any_of(kMemoryDisks, [&](std::string_view disk) {
    const std::string_view device = mount.device;
    if (!device.starts_with(disk)) return false;
    const std::string_view number = device.substr(disk.size());
    return !number.empty() &&
           std::ranges::all_of(number, [](char digit) { return digit >= '0' && digit <= '9'; });
  });
}

RemoteKind remote_kind(std::string_view fstype) {
  if (fstype == "autofs") return RemoteKind::automount;
  if (fstype == "fuse" || fstype == "fuseblk" || fstype.starts_with("fuse.")) {
    return RemoteKind::fuse;
  }
  const bool network = std::ranges::binary_search(kNetworkFilesystems, fstype);
  return network ? RemoteKind::network : RemoteKind::none;
}

}  // namespace sqlite_exporter

/// Walks the descriptors of a process, and asks each with as little as will do.
#include "collectors/linux/process_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>

#include "collectors/base/database_files.h"
#include "collectors/linux/link.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostDescriptors = 4096;
/// The locks of a descriptor stand before what may be long, as the targets of an epoll; and all
/// name the same inode, so that the first one is enough.
constexpr std::size_t kFdinfoBeginning = 4096;

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// True as soon as `test` says so for a descriptor, by its name; one that was closed meanwhile
/// (no_data) counts for nothing.
Result<bool> any_descriptor(const std::string& process,
                            const std::function<Result<bool>(const std::string&)>& test) {
  const auto names = names_in(process + "/fd", kMostDescriptors + 1);
  if (!names) return fail(names.error());
  for (std::size_t i = 0; i < std::min(names->size(), kMostDescriptors); ++i) {
    const Result<bool> found = test((*names)[i]);
    if (found && *found) return true;
    if (!found && found.error().code != Errc::no_data) return fail(found.error());
  }
  if (names->size() > kMostDescriptors) {
    return fail(Errc::limit, process + " has more descriptors than are looked at");
  }
  // Descriptors also vanish one by one when the process ends.
  const auto alive = status_of_kernel(process);
  if (!alive) return fail(alive.error());
  return false;
}

/// The file behind a link of procfs. DONT_SYNC: what is known here is enough, and asking a server
/// that does not answer would hang.
Result<FileIdentity> identity_behind(const std::string& link) {
  struct statx status{};
  if (::statx(AT_FDCWD, link.c_str(), AT_STATX_DONT_SYNC, STATX_INO, &status) != 0) {
    return fail(error_from_errno(errno, "stat", link));
  }
  return FileIdentity{makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

/// The line "ino:" of fdinfo.
bool names_inode(std::string_view fdinfo, std::uint64_t inode) {
  constexpr std::string_view kKey = "ino:\t";
  while (!fdinfo.empty()) {
    std::string_view line = take_until(fdinfo, '\n');
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    std::uint64_t named = 0;
    return assign_number(line, named) && named == inode;
  }
  return false;
}

}  // namespace

std::vector<LockEntry> parse_fdinfo_locks(std::string_view text) {
  constexpr std::string_view kKey = "lock:\t";
  std::vector<LockEntry> locks;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    if (const auto lock = parse_lock(line)) locks.push_back(*lock);
  }
  return locks;
}

Result<void> for_each_file(const std::string& procfs, int pid,
                           const std::function<void(std::string_view fdinfo)>& see) {
  const std::string process = procfs + "/" + std::to_string(pid);
  char first = '\0';
  const Result<bool> asked = any_descriptor(process, [&](const std::string& name) -> Result<bool> {
    const std::string link = process + "/fd/" + name;
    if (::readlink(link.c_str(), &first, 1) < 0)
      return fail(error_from_errno(errno, "read the link", link));
    if (first != '/') return false;
    const auto info = read_beginning(process + "/fdinfo/" + name, kFdinfoBeginning);
    if (!info) return fail(info.error());
    see(*info);
    return false;
  });
  if (!asked) return fail(asked.error());
  return {};
}

Result<FileLocks> locks_on_file(const std::string& procfs, int pid, const FileIdentity& file) {
  const std::string process = procfs + "/" + std::to_string(pid);
  FileLocks found;
  const Result<bool> asked = any_descriptor(process, [&](const std::string& name) -> Result<bool> {
    const auto info = read_beginning(process + "/fdinfo/" + name, kFdinfoBeginning);
    if (!info) return fail(info.error());
    const auto locks = parse_fdinfo_locks(*info);
    const bool locked = std::ranges::find(locks, file.inode, &LockEntry::inode) != locks.end();
    if (!locked && !names_inode(*info, file.inode)) return false;
    const auto identity = identity_behind(process + "/fd/" + name);
    if (!identity) return fail(identity.error());
    if (*identity != file) return false;
    found.opened = true;
    found.locks.insert(found.locks.end(), locks.begin(), locks.end());
    return false;
  });
  if (!asked) return fail(asked.error());
  return found;
}

Result<bool> has_open(const std::string& procfs, int pid, const FileIdentity& file) {
  const std::string process = procfs + "/" + std::to_string(pid);
  return any_descriptor(process, [&](const std::string& name) -> Result<bool> {
    const auto info = read_beginning(process + "/fdinfo/" + name, kFdinfoBeginning);
    if (!info) return fail(info.error());
    const auto locks = parse_fdinfo_locks(*info);
    if (std::ranges::find(locks, file.inode, &LockEntry::inode) == locks.end()) return false;
    const auto identity = identity_behind(process + "/fd/" + name);
    if (!identity) return fail(identity.error());
    return *identity == file;
  });
}

Result<DescriptorShare> descriptors_of_database(const std::string& procfs, int pid,
                                                const DatabaseFiles& files) {
  const std::string process = procfs + "/" + std::to_string(pid);
  const std::string_view name_alone = last_name(files.path);
  DescriptorShare share;
  const Result<bool> asked = any_descriptor(process, [&](const std::string& name) -> Result<bool> {
    const std::string link = process + "/fd/" + name;
    const Result<std::string> target = read_link(link);
    if (!target) return fail(target.error());
    ++share.asked;
    std::string_view leads_to = *target;
    if (leads_to.ends_with(kDeleted)) leads_to.remove_suffix(kDeleted.size());
    leads_to = database_beside(leads_to).value_or(leads_to);
    bool counts = leads_to == files.path;
    if (!counts && last_name(leads_to) == name_alone) {
      const auto identity = identity_behind(link);
      counts = identity && std::ranges::find(files.identities, *identity) != files.identities.end();
    }
    share.of_database += counts ? 1 : 0;
    return false;
  });
  if (!asked && asked.error().code != Errc::limit) return fail(asked.error());
  return share;
}

Result<PathUse> use_of_path(const std::string& procfs, int pid, const std::string& path) {
  const std::string process = procfs + "/" + std::to_string(pid);
  const std::string deleted = std::string(path).append(kDeleted);
  std::string target(deleted.size() + 1, '\0');  // one more, to see that it ends there
  bool open = false;
  const Result<bool> found = any_descriptor(process, [&](const std::string& name) -> Result<bool> {
    const std::string link = process + "/fd/" + name;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0) return fail(error_from_errno(errno, "read the link", link));
    const std::string_view leads_to(target.data(), static_cast<std::size_t>(size));
    open = open || leads_to == path;
    return leads_to == deleted;
  });
  if (!found) return fail(found.error());
  if (*found) return PathUse::deleted;
  return open ? PathUse::open : PathUse::none;
}

}  // namespace sqlite_exporter

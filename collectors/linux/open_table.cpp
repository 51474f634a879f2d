/// Walks the descriptors of all processes once, and keeps what names a file.
#include "collectors/linux/open_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "collectors/linux/link.h"
#include "collectors/linux/process_list.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

bool names_a_file(std::string_view link) {
  if (!link.starts_with('/') || link.starts_with("/proc/") || link.starts_with("/sys/"))
    return false;
  return !link.starts_with("/dev/") || link.starts_with("/dev/shm/") || link == "/dev/fuse";
}

/// A descriptor, and the file behind it.
struct Opened {
  OpenUse use;
  struct statx file{};
};

/// The link says by its mode how the file was opened. DONT_SYNC: what is known here is enough, and
/// asking a server that does not answer would hang.
std::optional<Opened> opened_at(const std::string& path) {
  Result<std::string> link = read_link(path);
  if (!link || !names_a_file(*link)) return std::nullopt;
  Opened opened;
  struct statx descriptor{};
  constexpr unsigned kWanted = STATX_INO | STATX_NLINK | STATX_SIZE | STATX_MTIME | STATX_CTIME;
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MODE, &descriptor) != 0 ||
      ::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, kWanted, &opened.file) != 0)
    return std::nullopt;
  opened.use.file = {makedev(opened.file.stx_dev_major, opened.file.stx_dev_minor),
                     opened.file.stx_ino};
  opened.use.writable = (descriptor.stx_mode & S_IWUSR) != 0;
  opened.use.link = std::move(*link);
  return opened;
}

std::string path_of(const std::string& procfs, int pid, int descriptor) {
  return procfs + "/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
}

/// The kernel's own processes are there wherever all others are.
bool shows_kernel_threads(const std::string& procfs) {
  constexpr std::string_view kFirst = "kthreadd";
  return read_beginning(procfs + "/2/comm", kFirst.size()).value_or("") == kFirst;
}

bool others_may_write(const FileStatus& file) { return (file.mode & (S_IWGRP | S_IWOTH)) != 0; }

}  // namespace

/// False if that was not all.
bool OpenTable::add_uses_of(int pid, const OpenTableRequest& request) {
  const std::string process = request.procfs + "/" + std::to_string(pid);
  const auto names = names_in(process + "/fd", request.most_descriptors + 1);
  if (!names) {
    if (names.error().code != Errc::denied) return names.error().code == Errc::no_data;  // it ended
    if (const auto status = status_of_kernel(process)) denied_users_.insert(status->uid);
    return true;
  }
  for (const std::string& name : *names) {
    int descriptor = 0;
    if (!assign_number(std::string_view(name), descriptor)) continue;
    std::optional<Opened> opened = opened_at(path_of(request.procfs, pid, descriptor));
    if (!opened) continue;  // closed meanwhile, or no file
    if (uses_.size() == request.most_uses) return false;
    opened->use.pid = pid;
    opened->use.descriptor = descriptor;
    uses_.push_back(std::move(opened->use));
  }
  return names->size() <= request.most_descriptors;
}

bool OpenTable::misses_writers_of(const FileStatus& file) const {
  const bool ours = file.uid == ::geteuid() && !others_may_write(file);
  if (!complete_ || (!shows_all_ && !ours) || denied_users_.contains(file.uid)) return true;
  constexpr std::uint32_t kRoot = 0;
  return others_may_write(file) && denied_users_.size() > denied_users_.count(kRoot);
}

std::string_view name_before_deletion(std::string_view link) {
  if (!link.ends_with(kDeleted)) return {};
  link.remove_suffix(kDeleted.size());
  return link;
}

Result<OpenTable> OpenTable::read(const OpenTableRequest& request) {
  OpenTable table;
  table.begun_ = std::chrono::steady_clock::now();
  const auto pids = processes_of(request.procfs, request.most_processes);
  if (!pids) return fail(pids.error());
  int reader = 0;
  assign_number(std::string_view(read_link(request.procfs + "/self").value_or("")), reader);
  std::size_t asked = 0;
  for (const int pid : *pids) {
    if (pid == reader || request.left_out.contains(pid)) continue;
    if (asked++ == request.most_processes) {
      table.complete_ = false;
      break;
    }
    if (!table.add_uses_of(pid, request)) table.complete_ = false;
  }
  table.shows_all_ = shows_kernel_threads(request.procfs);
  std::ranges::sort(table.uses_, {}, [](const OpenUse& use) {
    return std::tuple(use.file, use.pid, use.descriptor);
  });
  return table;
}

std::span<const OpenUse> OpenTable::of_file(const FileIdentity& file) const {
  const auto found = std::ranges::equal_range(uses_, file, {}, &OpenUse::file);
  return {found.begin(), found.end()};
}

std::vector<const OpenUse*> OpenTable::of_process(int pid) const {
  std::vector<const OpenUse*> uses;
  for (const OpenUse& use : uses_)
    if (use.pid == pid) uses.push_back(&use);
  return uses;
}

std::optional<OpenFile> file_behind(const std::string& procfs, const OpenUse& use) {
  const std::optional<Opened> now = opened_at(path_of(procfs, use.pid, use.descriptor));
  if (!now || now->use.file != use.file) return std::nullopt;
  constexpr double kNanosecond = 1e-9;
  const auto& [modified, changed] = std::pair(now->file.stx_mtime, now->file.stx_ctime);
  OpenFile file;
  file.size = now->file.stx_size;
  file.deleted = now->file.stx_nlink == 0;
  file.modified = static_cast<double>(modified.tv_sec) + modified.tv_nsec * kNanosecond;
  file.written_last = modified.tv_sec == changed.tv_sec && modified.tv_nsec == changed.tv_nsec;
  return file;
}

std::shared_ptr<const OpenTable> OpenTableCache::get(const OpenTableRequest& request,
                                                     Clock::time_point since) {
  const std::lock_guard lock(mutex_);
  if (table_ && table_->begun() >= since) return table_;
  const Clock::time_point now = Clock::now();
  if (tried_ != Clock::time_point() && now - tried_ < period_) return table_;
  tried_ = now;
  Result<OpenTable> table = OpenTable::read(request);
  table_ = table ? std::make_shared<const OpenTable>(std::move(*table)) : nullptr;
  return table_;
}

}  // namespace sqlite_exporter

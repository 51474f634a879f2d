#include "exporter/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "collectors/base/database_files.h"
#include "collectors/linux/file.h"
#include "exporter/path_below.h"

namespace sqlite_exporter {
namespace {

/// IN_ATTRIB is not among them: each touched or hard-linked file would count, and the folder that
/// became readable is found by the rescan.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
/// The path does not lead to the watched folder any more.
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

/// Eight times that is a full queue of 16,384 events with short names.
constexpr std::size_t kBuffer = 65536;

/// With more files to look at than this, their folders may as well be walked.
constexpr std::size_t kMostFiles = 10'000;

}  // namespace

Result<std::shared_ptr<FolderWatch>> FolderWatch::create() {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return fail(error_from_errno(errno, "watch folders through", "inotify"));
  return std::shared_ptr<FolderWatch>(new FolderWatch(descriptor));
}

FolderWatch::~FolderWatch() { ::close(descriptor_); }

FolderWatch::Outcome FolderWatch::set(const std::string& owner, std::vector<std::string> folders,
                                      const std::function<void()>& step) {
  Outcome outcome;
  std::set<std::string> watched;
  for (std::string& path : folders) {
    if (step) step();
    const int watch = ::inotify_add_watch(descriptor_, path.c_str(), kMask);
    if (watch < 0) {
      outcome.over_limit += errno == ENOSPC || errno == ENOMEM ? 1 : 0;
      continue;
    }
    outcome.added += is_own(path, watch, owner) ? 0 : 1;
    watched.insert(std::move(path));
  }

  std::set<int> unused;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = folders_.begin(); entry != folders_.end();) {
      auto& [path, folder] = *entry;
      if (!watched.contains(path)) folder.owners.erase(owner);
      if (folder.owners.empty()) release(path, folder);
      entry = folder.owners.empty() ? folders_.erase(entry) : std::next(entry);
    }
    unused.swap(unused_);
  }
  // Another owner may just have been given one of these watches: the kernel then says that it is
  // gone, which is a change of that folder, and leads to the owner's next `set`.
  for (const int watch : unused) ::inotify_rm_watch(descriptor_, watch);
  return outcome;
}

/// Takes the watch in, which is of the owner's folder; true if nothing is new about that.
bool FolderWatch::is_own(const std::string& path, int watch, const std::string& owner) {
  const std::lock_guard lock(mutex_);
  Folder& folder = folders_[path];
  const bool is_new_owner = folder.owners.insert(owner).second;
  if (folder.watch == watch) return !is_new_owner;
  release(path, folder);
  folder.watch = watch;
  paths_[watch].insert(path);
  unused_.erase(watch);
  return false;
}

void FolderWatch::release(const std::string& path, Folder& folder) {
  const auto paths = paths_.find(std::exchange(folder.watch, -1));
  if (paths == paths_.end()) return;
  paths->second.erase(path);
  if (!paths->second.empty()) return;
  unused_.insert(paths->first);
  paths_.erase(paths);
}

FolderWatch::Changes FolderWatch::read_changes(
    const std::function<bool(std::string_view)>& is_known) {
  Changes changes;
  std::vector<std::byte> buffer(kBuffer);
  const bool understood =
      read_inotify_events(descriptor_, buffer, [&](const std::vector<InotifyEvent>& events) {
        const std::lock_guard lock(mutex_);
        for (const InotifyEvent& event : events) apply(event, is_known, changes);
      });
  changes.overflow = changes.overflow || !understood;
  return changes;
}

void FolderWatch::apply(const InotifyEvent& event,
                        const std::function<bool(std::string_view)>& is_known, Changes& changes) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) changes.overflow = true;
  const auto found = paths_.find(event.watch);
  if (found != paths_.end() && (event.mask & kGone) != 0) {
    // The owners keep their claim: another folder of that name is watched from their next `set` on.
    const std::set<std::string> paths = found->second;
    for (const std::string& path : paths) release(path, folders_[path]);
    changes.folders.insert(paths.begin(), paths.end());
    changes.whole.insert(paths.begin(), paths.end());
  } else if (found != paths_.end()) {
    for (const std::string& path : found->second) {
      if (changes.whole.contains(path)) continue;
      const auto database = database_beside(event.name);
      std::string file = path_below(path, database.value_or(event.name));
      if (database && is_known(file)) continue;
      changes.folders.insert(path);
      if ((event.mask & IN_ISDIR) != 0 || changes.files.size() >= kMostFiles) {
        changes.whole.insert(path);
      } else {
        changes.files.insert(std::move(file));
      }
    }
  }
  if ((event.mask & IN_IGNORED) != 0) unused_.erase(event.watch);
}

std::size_t FolderWatch::size() const {
  const std::lock_guard lock(mutex_);
  return paths_.size();
}

}  // namespace sqlite_exporter

/// Tells when names come and go in folders (inotify), so that discovery need not wait for a rescan.
///
/// It makes discovery quicker and is never what it relies on: what the kernel does not tell, as the
/// renaming of a folder above a watched one or what happened before a watch was there, the slow
/// rescan finds. It is read once in a pass, so that a busy folder wakes nobody up. Then the files
/// named in the changes are looked at in the pool, or their folders walked again, and `set` once
/// more; after an overflow, all.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/inotify_events.h"

namespace sqlite_exporter {

/// Watches keep no filesystem from being unmounted. Shared with the pool: a job that hangs in `set`
/// outlives whoever began it.
class FolderWatch {
 public:
  /// Errors: limit if this user has all its inotify instances (fs.inotify.max_user_instances) or
  /// this process all its descriptors; else io.
  static Result<std::shared_ptr<FolderWatch>> create();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  ~FolderWatch();

  struct Outcome {
    /// Watched for this owner only since this call: what happened there before went unnoticed, so
    /// whoever walked them first walks again.
    std::size_t added = 0;
    /// Unwatched because fs.inotify.max_user_watches, or the kernel's memory, is used up.
    std::size_t over_limit = 0;
  };
  /// From now on these are the owner's folders, and no others. With folders for pool threads only,
  /// and one at a time for an owner: it resolves each path, also of a folder that is watched
  /// already, since another one may have taken its name, and calls `step`, unless that is empty,
  /// before each. None may lie on a network or FUSE mount (law 5). A folder that is gone or may not
  /// be read is passed over, and comes to be watched by a later call.
  Outcome set(const std::string& owner, std::vector<std::string> folders,
              const std::function<void()>& step = {});

  struct Changes {
    std::set<std::string> folders;  ///< in which a name came or went, or that are gone themselves
    /// Those among them of which it is not known that it was a file's name alone.
    std::set<std::string> whole;
    /// Files that came or went in the other ones: paths, a database's in place of its -wal.
    std::set<std::string> files;
    bool overflow = false;  ///< the kernel dropped events: anything may have changed
  };
  /// What happened since the last call; never blocks, and leaves what is too much for one call in
  /// the descriptor. SQLite creates and deletes -journal, -wal and -shm all the time: those of a
  /// database for which `is_known(path)` holds change nothing. Of another one they may mean that it
  /// was empty and has got its first page. `is_known` is called under a lock of this object, and
  /// should hold for whatever discovery would decide alike again, as for what is excluded.
  Changes read_changes(const std::function<bool(std::string_view)>& is_known);

  /// How many folders are watched.
  std::size_t size() const;

 private:
  struct Folder {
    int watch = -1;  ///< -1: not watched now, though wanted
    std::set<std::string> owners;
  };
  using Folders = std::map<std::string, Folder>;

  explicit FolderWatch(int descriptor) : descriptor_(descriptor) {}
  bool is_own(const std::string& path, int watch, const std::string& owner);
  void release(const std::string& path, Folder& folder);
  void apply(const InotifyEvent& event, const std::function<bool(std::string_view)>& is_known,
             Changes& changes);

  const int descriptor_;
  mutable std::mutex mutex_;  ///< never held while a path is resolved
  Folders folders_;
  std::map<int, std::set<std::string>> paths_;  ///< by watch: bind mounts give a folder several
  std::set<int> unused_;                        ///< watches to be removed by the next `set`
};

}  // namespace sqlite_exporter

/// Tells that a file was made, though it is gone again by now (inotify).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "collectors/linux/descriptor.h"
#include "collectors/linux/inotify_events.h"

namespace sqlite_exporter {

/// One instance of inotify for all files: the kernel has few of them for each user. It keeps no
/// filesystem from being unmounted. Any thread may use it; none waits for another that a mount
/// keeps waiting.
class CreatedFiles : public std::enable_shared_from_this<CreatedFiles> {
 public:
  CreatedFiles() = default;
  CreatedFiles(const CreatedFiles&) = delete;
  CreatedFiles& operator=(const CreatedFiles&) = delete;

  /// One file, for as long as this lives.
  class Followed {
   public:
    Followed(std::shared_ptr<CreatedFiles> files, std::string path)
        : files_(std::move(files)), path_(std::move(path)) {}
    Followed(const Followed&) = delete;
    Followed& operator=(const Followed&) = delete;
    ~Followed() { files_->leave(path_); }

    /// How often it was made since it is followed, at least.
    std::uint64_t count() { return files_->count(path_); }

   private:
    std::shared_ptr<CreatedFiles> files_;
    std::string path_;
  };

  /// Null where the kernel or its limits do not allow it, or that many are followed already, or
  /// this one is.
  std::unique_ptr<Followed> follow(const std::string& path);

 private:
  struct Entry {
    int watch = -1;
    std::uint64_t count = 0;
  };

  bool begin(const std::string& path);
  std::uint64_t count(const std::string& path);
  void leave(const std::string& path);
  void read_events();
  void add(const InotifyEvent& event);
  bool is_watched(int watch) const;

  std::mutex mutex_;
  Descriptor events_;
  std::map<std::string, Entry> entries_;  ///< by path
};

}  // namespace sqlite_exporter

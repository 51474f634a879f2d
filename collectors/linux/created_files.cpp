#include "collectors/linux/created_files.h"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "collectors/linux/inotify_events.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostFollowed = 64;
/// A sample must not take long, and what stays is read at the next.
constexpr std::size_t kEventBuffer = 8192;

std::pair<std::string, std::string> folder_and_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1)};
}

}  // namespace

std::unique_ptr<CreatedFiles::Followed> CreatedFiles::follow(const std::string& path) {
  if (!begin(path)) return nullptr;
  return std::make_unique<Followed>(shared_from_this(), path);
}

bool CreatedFiles::begin(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= kMostFollowed || entries_.contains(path)) return false;
    if (events_.get() < 0) events_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (events_.get() < 0) return false;
  }
  // May wait for the mount, without the mutex. A folder that is watched already is one watch.
  const int watch = ::inotify_add_watch(events_.get(), folder_and_name(path).first.c_str(),
                                        IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (watch < 0) return false;
  const std::lock_guard lock(mutex_);
  return entries_.emplace(path, Entry{watch, 0}).second;
}

bool CreatedFiles::is_watched(int watch) const {
  return std::ranges::any_of(entries_,
                             [watch](const auto& entry) { return entry.second.watch == watch; });
}

void CreatedFiles::leave(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(path);
  if (entry == entries_.end()) return;
  const int watch = entry->second.watch;
  entries_.erase(entry);
  // Of a folder that has gone the kernel has let go by itself.
  if (!is_watched(watch)) ::inotify_rm_watch(events_.get(), watch);
}

std::uint64_t CreatedFiles::count(const std::string& path) {
  const std::lock_guard lock(mutex_);
  read_events();
  const auto entry = entries_.find(path);
  return entry == entries_.end() ? 0 : entry->second.count;
}

void CreatedFiles::read_events() {
  std::array<std::byte, kEventBuffer> buffer{};
  // What cannot be understood is no event of a file that is followed.
  static_cast<void>(
      read_inotify_events(events_.get(), buffer, [this](const std::vector<InotifyEvent>& events) {
        for (const InotifyEvent& event : events)
          if ((event.mask & IN_CREATE) != 0) add(event);
      }));
}

void CreatedFiles::add(const InotifyEvent& event) {
  for (auto& [path, entry] : entries_)
    if (entry.watch == event.watch && std::string_view(path).ends_with(event.name) &&
        folder_and_name(path).second == event.name)
      ++entry.count;
}

}  // namespace sqlite_exporter

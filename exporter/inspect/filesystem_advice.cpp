#include "exporter/inspect/filesystem_advice.h"

#include <algorithm>

#include "exporter/inspect/facts.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

/// What a small commit writes, into the journal or the WAL: with less the next one fails.
constexpr std::uint64_t kFewPages = 16;
constexpr std::uint64_t kLeastRoom = 65'536;
/// As threshold:sqlite_filesystem_avail:ratio of the alerts.
constexpr std::uint64_t kLowShare = 33;

}  // namespace

std::string filesystem_in_words(const Observation& observation) {
  const std::optional<Room>& room = observation.room;
  if (!room) return "";
  const Mount& mount = room->status.mount;
  std::string text;
  if (room->status.size_bytes > 0) {
    text.append(size_in_words(room->status.avail_bytes)).append(" of ");
    text.append(size_in_words(room->status.size_bytes)).append(" free on ");
  }
  text.append(printable(mount.mountpoint)).append(" (").append(printable(mount.fstype)).append(")");
  if (room->status.files > 0 && room->status.files_free == 0) text.append(", no inode free");
  if (room->readonly == true) text.append(", read-only");
  return text;
}

void advise_on_filesystem(const Observation& observation, std::vector<Advice>& list) {
  const std::optional<Room>& room = observation.room;
  if (!room) return;
  const FilesystemStatus& status = room->status;
  const std::uint64_t page = page_size_of(*observation.look).value_or(4096);
  const bool full =
      status.size_bytes > 0 && status.avail_bytes < std::max(kFewPages * page, kLeastRoom);
  const bool no_inode = status.files > 0 && status.files_free == 0;
  if (room->readonly == true) {
    const bool used = observation.look->attached || observation.look->database_locks.any();
    list.push_back({used ? Severity::attention : Severity::note, "filesystem_readonly",
                    "Nothing can be written to its filesystem: it was mounted so, or turned to it "
                    "after an error of its disk.",
                    "Look at the kernel log, and at the mount's options."});
  } else if (full || no_inode) {
    list.push_back({Severity::attention, "filesystem_full",
                    no_inode ? "Its filesystem has no inode left: no journal and no WAL can be "
                               "created, and commits fail."
                             : "Its filesystem is full, but for what root may still use: commits "
                               "and checkpoints fail (\"database or disk is full\").",
                    "Make room on it. Never delete the -wal or the -journal for it."});
  } else if (status.size_bytes > 0 && status.avail_bytes < status.size_bytes / kLowShare) {
    list.push_back({Severity::note, "filesystem_low", "Less than 3 % of its filesystem is free.",
                    "Make room on it."});
  }
}

}  // namespace sqlite_exporter

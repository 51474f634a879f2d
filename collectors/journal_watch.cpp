#include "collectors/journal_watch.h"

namespace sqlite_exporter {

bool JournalWatch::begun(const std::string& database) {
  const std::string journal = database + "-journal";
  const bool first = !std::exchange(watching_, true);
  if (first && created_) followed_ = created_->follow(journal);
  const std::uint64_t count = followed_ ? followed_->count() : 0;
  const bool created = count != std::exchange(count_, count);
  const Result<FileStatus> now = status_of(journal);
  const bool changed = now && !(last_ && is_unchanged(*now, *last_));
  if (now) last_ = *now;
  return !first && (created || changed);
}

void JournalWatch::forget() {
  followed_.reset();
  count_ = 0;
  last_.reset();
  watching_ = false;
}

}  // namespace sqlite_exporter

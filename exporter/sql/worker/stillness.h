/// Proves that a rollback-mode database stood still between two moments, without taking a lock.
///
/// A writer changes the file only while it holds EXCLUSIVE, and every write is an event before it
/// returns. So where nobody held EXCLUSIVE at the first moment, nobody at the second, and no event
/// came between, all that was read between them is of one committed state: a transaction that
/// wrote, spilled pages, committed or rolled back meanwhile would have begun after the first
/// moment, ended before the second, and written (https://www.sqlite.org/lockingv3.html, section 5).
///
/// Without events the times of the file tell: the kernel takes them from a clock of ticks, and once
/// that is past them every further write gives the file another time.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <span>

#include "exporter/sql/worker/write_events.h"

namespace sqlite_exporter {

class Stillness {
 public:
  /// `descriptor` outlives it. `events` too; without them, or where they cannot be had, times tell.
  Stillness(int descriptor, WriteEvents* events);
  Stillness(const Stillness&) = delete;
  Stillness& operator=(const Stillness&) = delete;

  /// The first moment. False if a writer holds EXCLUSIVE, or wrote so lately that no time would
  /// tell of the next write: it can be tried again.
  bool begin();
  /// True as soon as events tell that it does not stand still any more.
  bool is_disturbed();
  /// The second moment: whether it stood still since the first one.
  bool held();

  /// As its header had it at the first moment.
  bool is_in_rollback_mode() const;
  /// Bytes, at the first moment.
  std::size_t size() const { return static_cast<std::size_t>(status_.st_size); }

 private:
  /// Of the database header, with the change counter and the mode.
  using Head = std::array<std::byte, 100>;

  bool is_locked() const;
  bool read(struct stat& status, Head& head) const;

  int descriptor_;
  WriteEvents* events_;
  bool disturbed_ = false;
  struct stat status_{};
  Head head_{};
};

/// Whether the first bytes of a database say so: its versions for writing and reading, bytes 18 and
/// 19 (https://www.sqlite.org/fileformat2.html, section 1.3.3).
bool says_rollback_mode(std::span<const std::byte> head);

/// Whether somebody else holds a lock on the range that keeps others from reading, or cannot be
/// asked. Takes no lock.
bool is_locked_for_writing(int descriptor, off_t offset, off_t length);

/// Whether a write from now on gives a file another time than `changed`, which it has now: where
/// times are whole seconds, of two seconds; `tick` is what the kernel's clock advances by.
bool is_settled(const timespec& changed, const timespec& now, const timespec& tick);

}  // namespace sqlite_exporter

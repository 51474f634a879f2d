#include "collectors/change_counter.h"

#include <utility>

#include "collectors/commit_pace.h"
#include "collectors/counter_advance.h"

namespace sqlite_exporter {

namespace {

/// Times of files go in steps of up to two seconds (FAT).
constexpr double kTimeStep = 2;
constexpr double kClockSteppedBack = 1;

using Moment = ChangeCounter::Moment;

bool is_leap(std::uint32_t before, std::uint32_t now, std::chrono::steady_clock::duration elapsed) {
  const auto step = counter_advance(before, now);
  return step && !is_within_pace(*step, elapsed);
}

/// A commit writes page 1, which sets mtime to now; `cp -p` sets it to what another file had.
bool was_given_its_time(const Moment& before, const Moment& now) {
  const double steady = std::chrono::duration<double>(now.asked - before.asked).count();
  const bool clock_back = now.unix_time - before.unix_time < steady - kClockSteppedBack;
  return !clock_back && now.header.change_counter != before.header.change_counter &&
         now.file.modified < before.file.modified - kTimeStep;
}

/// Each commit of SQLite since 3.7.0 sets version-valid-for to the counter; Turso has no such word.
bool lost_its_word(const DatabaseHeader& before, const DatabaseHeader& now) {
  return before.page_count_valid && !now.page_count_valid && !now.by_turso;
}

/// What no commit does: the schema cookie never goes back, the text encoding is that of the first
/// table, and only VACUUM, which moves the cookie, changes the size of pages or takes pages away
/// from a file without auto_vacuum. (`PRAGMA schema_version = N` breaks the first of these rules.)
bool is_another_content(const DatabaseHeader& before, const DatabaseHeader& now) {
  if (before.plain_size != now.plain_size) return true;
  if (before.plain_size < kDatabaseHeaderSize) return before.page_size != now.page_size;
  if (now.schema_cookie < before.schema_cookie) return true;
  if (before.encoding != TextEncoding::unset && before.encoding != now.encoding) return true;
  if (before.schema_cookie != now.schema_cookie) return false;
  if (before.page_size != now.page_size) return true;
  const bool keeps_pages =
      before.auto_vacuum == AutoVacuum::none && now.auto_vacuum == AutoVacuum::none;
  return keeps_pages && before.page_count_valid && now.page_count_valid &&
         now.page_count < before.page_count;
}

/// The steps that the sampler saw since, and the one from its last sample to this look.
bool has_leapt(const Moment& before, const Moment& now) {
  if (is_leap(before.header.change_counter, now.header.change_counter, now.read - before.asked))
    return true;
  if (!now.sampled) return false;
  // The look before may have been behind the leap of which the sampler knows now.
  if (before.sampled && before.sampled->leaps != now.sampled->leaps &&
      is_leap(before.header.change_counter, now.sampled->leap_end, now.sampled->leap_time))
    return true;
  return now.sampled->taken > before.read &&
         is_leap(now.sampled->value, now.header.change_counter, now.read - now.sampled->taken);
}

}  // namespace

void CounterLeaps::observe(std::optional<std::uint32_t> change_counter,
                           std::chrono::steady_clock::time_point taken) {
  const bool known = std::exchange(known_, change_counter.has_value());
  if (!change_counter) return;
  const auto elapsed = taken - std::exchange(counter_.taken, taken);
  const std::uint32_t before = std::exchange(counter_.value, *change_counter);
  if (!known || !is_leap(before, *change_counter, elapsed)) return;
  ++counter_.leaps;
  counter_.leap_end = *change_counter;
  counter_.leap_time = elapsed;
}

void ChangeCounter::observe_gap() {
  if (last_) ++unseen_epochs_;
  last_.reset();
  doubted_ = false;
}

void ChangeCounter::observe(const Moment& now) {
  if (last_ && last_->file.identity == now.file.identity) {
    // The read may have met the write of page 1, which the next look will not meet again.
    const bool odd = lost_its_word(last_->header, now.header);
    if (odd && !doubted_) {
      doubted_ = true;
      return;
    }
    const auto step = counter_advance(last_->header.change_counter, now.header.change_counter);
    const bool continues = step && !odd && !is_another_content(last_->header, now.header) &&
                           !was_given_its_time(*last_, now) && !has_leapt(*last_, now);
    if (continues) {
      transactions_ += *step;
    } else {
      ++unseen_epochs_;
    }
  } else if (last_) {
    ++unseen_epochs_;
  }
  last_ = now;
  doubted_ = false;
}

}  // namespace sqlite_exporter

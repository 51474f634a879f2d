#include "exporter/inspect/observation.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "collectors/linux/created_files.h"
#include "collectors/linux/file.h"
#include "exporter/clock.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookAttempts = 3;

std::string absolute(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::absolute(path, error);
  return error ? path : std::move(result).string();
}

/// A checkpoint sets nBackfillAttempted, copies, and sets nBackfill to the same. A recovery leaves
/// nBackfill at 0 and the attempt at the last frame, so that only a later checkpoint proves itself.
bool fell_short(const Look& look) {
  return look.index && look.index->n_backfill > 0 && !look.wal_locks.checkpoint &&
         look.index->n_backfill_attempted > look.index->n_backfill;
}

bool same_checkpoint(const WalIndex& one, const WalIndex& other) {
  return one.salts == other.salts && one.n_backfill == other.n_backfill &&
         one.n_backfill_attempted == other.n_backfill_attempted;
}

}  // namespace

Inspection::Inspection(std::string path, bool watched) {
  observation_.path = std::move(path);
  observation_.watched = watched;
}

Result<void> Inspection::resolve() {
  Result<std::string> path = real_path(observation_.path);
  if (!path && path.error().code != Errc::no_data) return fail(path.error());
  // Of a file that has gone the old place is looked at: an application may still have it open.
  if (path) resolved_ = std::move(*path);
  if (resolved_.empty()) resolved_ = absolute(observation_.path);
  const Mount* const mount = node_->mounts.mount_of(resolved_);
  remote_ = mount != nullptr && mount->remote;
  if (watch_) {
    watch_->set_path(resolved_);
  } else {
    watch_.emplace(resolved_, std::nullopt, std::make_shared<CreatedFiles>());
  }
  return {};
}

void Inspection::sample() {
  // What goes wrong here goes wrong in the next look too, which tells it.
  if (!watch_ && !resolve()) return;
  if (!remote_) static_cast<void>(take_sample());
}

Result<void> Inspection::take_sample() {
  const SampleInstant instant{unix_now(), Clock::now(), {}, 0};
  const Result<void> taken = watch_->take(instant);
  if (!taken) return fail(taken.error());
  sampled_ = instant.steady;
  return {};
}

Result<Look> Inspection::take() {
  if (Result<void> resolved = resolve(); !resolved) return fail(resolved.error());
  Result<Look> look = fail(Errc::internal, "not looked at");
  for (int attempt = 0; attempt < kLookAttempts; ++attempt) {
    const Result<void> sampled = take_sample();
    if (!sampled) {
      look = fail(sampled.error());
    } else {
      Sample sample = watch_->latest();
      sample.taken = *sampled_;
      look = take_look(resolved_, *node_, std::move(sample), state_);
    }
    if (look || look.error().code != Errc::busy) return look;
  }
  return look;
}

void Inspection::look() {
  Result<Look> look = take();
  Observation now;
  now.path = observation_.path;
  now.watched = observation_.watched;
  now.unix_time = unix_now();
  now.node = node_;
  if (observation_.look) now.look_before = observation_.look->taken;
  observation_ = std::move(now);
  if (!look) {
    observation_.error = look.error();
    fell_short_.reset();
    totals_.reset();
    return;
  }
  agree(*look);
  count(*look);
  observation_.room = room_of(*look);
  observation_.leaks = connection_leaks(*look, node_->paths);
  look->sample.held.reset();  // the watch alone knows when to let go of descriptors
  observation_.look = std::move(*look);
}

std::optional<Room> Inspection::room_of(const Look& look) const {
  if (remote_ || look.mount == nullptr) return std::nullopt;
  Result<FilesystemStatus> status = read_filesystem_status(*look.mount);
  if (!status) return std::nullopt;
  const auto readonly =
      node_->readonly.is_readonly(*look.mount, look.host_path(look.mount->mountpoint));
  return Room{std::move(*status), readonly};
}

void Inspection::let_go() {
  if (watch_) watch_->let_go();
}

void Inspection::agree(const Look& look) {
  const std::optional<WalIndex> before = fell_short_;
  fell_short_ = fell_short(look) ? look.index : std::nullopt;
  observation_.checkpoint_fell_short =
      before && fell_short_ && same_checkpoint(*before, *fell_short_);
}

void Inspection::count(const Look& look) {
  const std::optional<Totals> before = std::exchange(totals_, std::nullopt);
  observation_.rates.reset();
  if (!look.commits_known) return;
  totals_ = Totals{look.taken, look.sample.totals.transactions + look.rollback_transactions,
                   look.sample.totals.frames_written};
  if (!before || !observation_.watched) return;
  const double seconds = std::chrono::duration<double>(totals_->taken - before->taken).count();
  if (seconds <= 0) return;
  const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / seconds;
  };
  observation_.rates = Rates{rate(before->transactions, totals_->transactions),
                             rate(before->frames, totals_->frames)};
}

}  // namespace sqlite_exporter

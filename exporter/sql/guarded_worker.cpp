#include "exporter/sql/guarded_worker.h"

#include <optional>
#include <string>
#include <utility>

namespace sqlite_exporter {

namespace {

/// How often a statement that runs is looked after.
constexpr std::chrono::milliseconds kWatchPeriod(100);

/// After its statement's end a guard that is not back hangs with its filesystem, and others need
/// not wait for it.
constexpr std::chrono::seconds kGuardPatience(5);
constexpr std::size_t kMostHungGuards = 3;

Error error_of(StatementHarm harm, std::size_t frames) {
  if (harm == StatementHarm::writer_waits)
    return {Errc::busy, "it was ended because a writer waited for it"};
  return {Errc::busy, std::string("it was ended because it kept more than ")
                          .append(std::to_string(frames))
                          .append(" frames of the WAL from being checkpointed")};
}

WorkerRestart restart_of(StatementHarm harm) {
  return harm == StatementHarm::writer_waits ? WorkerRestart::writer_waits
                                             : WorkerRestart::pinned_frames;
}

}  // namespace

GuardedWorker::GuardedWorker(SqlWorker::Parts parts, Loop::Callback freed)
    : loop_(parts.loop), worker_(std::move(parts)), freed_(std::move(freed)) {
  loop_.every(kWatchPeriod, [this] { watch(); });
}

bool GuardedWorker::is_free() const {
  return ended_ && !guard_ && hung_guards_ < kMostHungGuards && worker_.is_free();
}

void GuardedWorker::run(const StatementRequest& request, SqlAccess access,
                        std::size_t max_pinned_frames, SqlWorker::Done done) {
  ended_.reset();
  worker_.run(request, [this, done = std::move(done)](Result<StatementResult> result) {
    ended_ = Clock::now();
    if (guard_) guard_->end();
    done(std::move(result));
    freed_();
  });
  guard(request.path, access, max_pinned_frames);
}

void GuardedWorker::guard(const std::string& path, SqlAccess access,
                          std::size_t max_pinned_frames) {
  guard_ = std::make_shared<StatementGuard>(path, access, max_pinned_frames, worker_.files());
  const auto harm = std::make_shared<std::optional<StatementHarm>>();
  loop_.in_pool([guard = guard_, harm] { *harm = guard->watch(); },
                [this, harm, max_pinned_frames, guard = guard_] {
                  if (guard != guard_) {  // it was given up
                    --hung_guards_;
                    return freed_();
                  }
                  guard_.reset();
                  if (*harm && !ended_)
                    worker_.stop(restart_of(**harm), error_of(**harm, max_pinned_frames));
                  freed_();
                });
}

void GuardedWorker::watch() {
  worker_.watch();
  if (!guard_ || !ended_ || Clock::now() - *ended_ < kGuardPatience) return;
  guard_.reset();
  ++hung_guards_;
  freed_();
}

void GuardedWorker::stop() {
  if (guard_) guard_->end();
}

}  // namespace sqlite_exporter

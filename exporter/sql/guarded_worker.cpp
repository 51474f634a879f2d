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

Error too_many_pinned(std::size_t frames) {
  return {Errc::busy, std::string("it was ended because it kept more than ")
                          .append(std::to_string(frames))
                          .append(" frames of the WAL from being checkpointed")};
}

}  // namespace

GuardedWorker::GuardedWorker(SqlWorker::Parts parts, Loop::Callback freed)
    : loop_(parts.loop), worker_(std::move(parts)), freed_(std::move(freed)) {
  loop_.every(kWatchPeriod, [this] { watch(); });
}

bool GuardedWorker::is_free() const {
  return ended_ && !guard_ && hung_guards_ < kMostHungGuards && worker_.is_free();
}

void GuardedWorker::run(const StatementRequest& request, RequiredOwner owner, SqlAccess access,
                        std::size_t max_pinned_frames, SqlWorker::Done done) {
  ended_.reset();
  worker_.run(request, [this, done = std::move(done)](Result<StatementResult> result) {
    ended_ = Clock::now();
    if (guard_) guard_->end();
    done(std::move(result));
    freed_();
  });
  // In rollback mode a statement holds no lock.
  const bool pins = access == SqlAccess::wal;
  guard(request.path, owner, pins ? std::optional(max_pinned_frames) : std::nullopt);
}

void GuardedWorker::guard(const std::string& path, RequiredOwner owner,
                          std::optional<std::size_t> max_pinned_frames) {
  guard_ = std::make_shared<StatementGuard>(path, max_pinned_frames, worker_.files(), owner);
  const auto harm = std::make_shared<bool>(false);
  loop_.in_pool([guard = guard_, harm] { *harm = guard->watch(); },
                [this, harm, max_pinned_frames, guard = guard_] {
                  if (guard != guard_) {  // it was given up
                    --hung_guards_;
                    return freed_();
                  }
                  guard_.reset();
                  if (*harm && !ended_)
                    worker_.stop(WorkerRestart::pinned_frames, too_many_pinned(*max_pinned_frames));
                  freed_();
                });
}

void GuardedWorker::watch() {
  worker_.watch();
  if (!guard_ || !ended_ || Clock::now() - *ended_ < kGuardPatience) return;
  guard_.reset();
  ++hung_guards_;
  worker_.let_go();  // the next one has a socket that this guard does not answer
  freed_();
}

void GuardedWorker::stop() {
  if (guard_) guard_->end();
}

}  // namespace sqlite_exporter

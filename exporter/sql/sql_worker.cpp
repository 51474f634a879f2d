#include "exporter/sql/sql_worker.h"

#include <sys/prctl.h>

#include <utility>

namespace sqlite_exporter {

namespace {

/// Beyond a statement's own timeout, which the worker keeps where SQLite lets it.
constexpr std::chrono::milliseconds kGrace(500);
/// After SIGKILL; a process that is still there hangs in the kernel.
constexpr std::chrono::seconds kDeathPatience(5);
constexpr std::size_t kMostHung = 3;
constexpr std::chrono::seconds kRestartPause(10);
constexpr int kMostSpeechless = 3;

/// The worker has no use for any capability. It would drop those that it comes with, but the calls
/// for that may be closed to the whole service.
void keep_capabilities_to_ourselves() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

Error ended_by_itself() { return {Errc::internal, "the SQL worker ended while it ran"}; }

}  // namespace

std::vector<std::string> sql_worker_command(const std::string& procfs) {
  return {"/proc/self/exe", "sql-worker", "--path.procfs=" + procfs};
}

SqlWorker::~SqlWorker() { be_known(0); }

bool SqlWorker::is_free() const {
  const bool dying = child_ && killed_;
  return !running_ && !dying && hung_.size() < kMostHung && !is_pausing();
}

void SqlWorker::run(StatementRequest request, Done done) {
  const Clock::time_point kill_at = Clock::now() + request.timeout + kGrace;
  running_ = Running{std::move(request), std::move(done), kill_at, ended_by_itself()};
  if (!child_) {
    if (const Result<void> started = start(); !started) {
      not_before_ = Clock::now() + kRestartPause;
      // The caller is not called back from within.
      parts_.loop.in_pool([] {}, [this, error = started.error()] { finish(fail(error)); });
      return;
    }
  }
  child_->say(encode(running_->request));
}

Result<void> SqlWorker::start() {
  greeted_ = false;
  killed_.reset();
  const std::uint64_t number = ++number_;
  const auto on_line = [this, number](std::string_view line) {
    if (number == number_ && child_) hear(line);
  };
  auto files = files_for_worker();
  if (!files) return fail(files.error());
  keep_capabilities_to_ourselves();  // of this thread, which forks
  auto child =
      ChildProcess::start(parts_.loop, parts_.command, kMaxMessageSize,
                          {on_line, [this, number] { ended(number); }}, files->second.get());
  if (!child) return fail(child.error());
  child_ = std::move(*child);
  files_ = std::move(files->first);
  be_known(child_->pid());
  return {};
}

void SqlWorker::hear(std::string_view line) {
  if (!greeted_) {
    const Result<WorkerHello> hello = decode_hello(line);
    if (!hello) return stop(WorkerRestart::protocol, hello.error());
    greeted_ = true;
    if (parts_.own_reader) parts_.own_reader->listed = hello->listed_pid;
    parts_.own_metrics->set_worker_sandboxed(hello->missing.empty());
    if (hello->missing.empty() || std::exchange(told_, true)) return;
    std::string missing;
    for (const std::string& what : hello->missing)
      missing.append(missing.empty() ? "" : "; ").append(what);
    return parts_.log.warn("this kernel lacks a part of the SQL worker's sandbox",
                           {{"missing", missing}});
  }
  if (!running_ || killed_) return;
  Result<StatementResult> result = decode_result(line, running_->request);
  if (!result && result.error().code == Errc::internal)
    return stop(WorkerRestart::protocol, result.error());
  finish(std::move(result));
}

void SqlWorker::stop(WorkerRestart reason, Error error) {
  if (!child_ || killed_) return;
  parts_.own_metrics->count_worker_restart(reason);
  kill();
  if (running_) running_->error = std::move(error);
}

void SqlWorker::watch(Clock::time_point now) {
  if (!running_ || !child_) return;
  if (now >= running_->kill_at)
    stop(WorkerRestart::timeout, {Errc::timeout, "it took longer than its timeout"});
  if (!killed_ || now - *killed_ < kDeathPatience) return;
  parts_.log.error("a SQL worker hangs and cannot be killed",
                   {{"pid", std::to_string(child_->pid())}, {"path", running_->request.path}});
  hung_.emplace(number_, std::move(child_));
  files_.reset();
  finish(fail(Errc::stalled, "the filesystem did not answer"));
}

void SqlWorker::let_go() {
  if (!running_ && child_) kill();
}

void SqlWorker::kill() {
  killed_ = Clock::now();
  child_->kill();
}

void SqlWorker::ended(std::uint64_t number) {
  if (hung_.erase(number) > 0) return;  // it came back at last
  if (!killed_) parts_.own_metrics->count_worker_restart(WorkerRestart::ended);
  // A database that brings one down costs that one; what cannot even say hello is broken itself.
  speechless_ = greeted_ ? 0 : speechless_ + 1;
  if (speechless_ >= kMostSpeechless) not_before_ = Clock::now() + kRestartPause;
  be_known(0);
  // Its handles are closed by the loop, after this.
  child_.reset();
  files_.reset();
  if (running_) finish(fail(std::move(running_->error)));
}

void SqlWorker::finish(Result<StatementResult> result) {
  const Done done = std::move(running_->done);
  running_.reset();
  done(std::move(result));
}

void SqlWorker::be_known(int pid) {
  if (!parts_.own_reader) return;
  parts_.own_reader->pid = pid;
  // Until it says how that procfs calls it.
  parts_.own_reader->listed = pid;
}

}  // namespace sqlite_exporter

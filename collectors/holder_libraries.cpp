#include "collectors/holder_libraries.h"

#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace sqlite_exporter {

namespace {

using Clock = HolderLibraries::Clock;

constexpr std::size_t kMostPrograms = 4096;
/// Nobody has looked at a holder for so long: it holds nothing any more.
constexpr std::chrono::minutes kForgotten(5);
/// Of one that may not be asked, or was gone, until it is tried again.
constexpr std::chrono::seconds kAgain(60);
/// Of one that waited for a disk.
constexpr std::chrono::seconds kSoonAgain(1);
/// Far beyond what a slow disk needs for one process.
constexpr std::chrono::seconds kHangs(30);
constexpr std::size_t kMostThreads = 3;
/// A thread rests as long as it has worked, so many times: new processes may come without an end.
constexpr int kRest = 9;

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

struct Known {
  std::vector<std::uint32_t> versions;
  bool asked = false;  ///< else it waits for its turn, or is at it
  bool busy = false;   ///< it was its turn, and it is not asked yet
  Clock::time_point wanted{};
  Clock::time_point again{};  ///< when it is asked once more, if that did not answer
  bool answered = false;
  Clock::time_point used{};
};

struct Request {
  std::string procfs;
  ProgramId program;
};

}  // namespace

/// The threads keep it, so that one that hangs finds it when it returns.
struct HolderLibraries::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<ProgramId, Known> programs;
  std::deque<Request> waiting;
  std::map<std::size_t, Clock::time_point> at_work;  ///< by number of thread: when its task began
  std::size_t next_thread = 0;
  bool ended = false;
  CodeCache cache;
  StartThread start;
  Clock::duration patience;
  Ask ask_one;

  void want(const std::string& procfs, const ProgramId& program, Clock::time_point now);
  bool is_pending(const ProgramId& program, Clock::time_point now) const;
  bool make_room(Clock::time_point now);
  bool needs_thread(Clock::time_point now) const;
  void answer(const ProgramId& program, Result<std::vector<std::uint32_t>> versions);
  /// Works until nothing waits.
  void work(std::size_t thread);
};

void HolderLibraries::Shared::want(const std::string& procfs, const ProgramId& program,
                                   Clock::time_point now) {
  auto known = programs.find(program);
  if (known == programs.end()) {
    if (!make_room(now)) return;
    known = programs.emplace(program, Known()).first;
    known->second.wanted = now;
  } else {
    known->second.used = now;
    const bool tried = known->second.busy || (known->second.asked && !known->second.answered);
    if (!tried || now < known->second.again) return;
    if (known->second.asked) known->second.wanted = now;
  }
  known->second.used = now;
  known->second.asked = known->second.busy = false;
  waiting.push_back({procfs, program});
}

bool HolderLibraries::Shared::is_pending(const ProgramId& program, Clock::time_point now) const {
  const auto known = programs.find(program);
  return known != programs.end() && !known->second.asked && now - known->second.wanted <= kHangs;
}

bool HolderLibraries::Shared::make_room(Clock::time_point now) {
  if (programs.size() < kMostPrograms) return true;
  std::erase_if(programs, [&](const auto& item) {
    const bool settled = item.second.asked || item.second.busy;
    return settled && now - item.second.used > kForgotten;
  });
  return programs.size() < kMostPrograms;
}

/// One that works, and does not hang, takes what waits.
bool HolderLibraries::Shared::needs_thread(Clock::time_point now) const {
  const auto hangs = [&](const auto& item) { return now - item.second > kHangs; };
  return !waiting.empty() && at_work.size() < kMostThreads && std::ranges::all_of(at_work, hangs);
}

void HolderLibraries::Shared::answer(const ProgramId& program,
                                     Result<std::vector<std::uint32_t>> versions) {
  const auto known = programs.find(program);
  if (known == programs.end()) return;
  const bool busy = !versions && versions.error().code == Errc::busy;
  known->second.busy = busy;
  known->second.asked = !busy;
  known->second.answered = versions.has_value();
  known->second.again = Clock::now() + (busy ? kSoonAgain : kAgain);
  if (versions) known->second.versions = std::move(*versions);
}

void HolderLibraries::Shared::work(std::size_t thread) {
  std::unique_lock lock(mutex);
  while (!waiting.empty() && !ended) {
    const Request request = std::move(waiting.front());
    waiting.pop_front();
    at_work[thread] = Clock::now();
    lock.unlock();
    const std::chrono::nanoseconds before = thread_cpu_time();
    Result<std::vector<std::uint32_t>> versions = ask_one(request.procfs, request.program, cache);
    lock.lock();
    answer(request.program, std::move(versions));
    changed.notify_all();
    at_work[thread] = Clock::now();
    const auto rest = std::min<std::chrono::nanoseconds>(kRest * (thread_cpu_time() - before),
                                                         std::chrono::seconds(5));
    changed.wait_for(lock, rest, [this] { return ended; });
  }
  at_work.erase(thread);
}

HolderLibraries::HolderLibraries(StartThread start, Clock::duration patience, Ask ask)
    : shared_(std::make_shared<Shared>()) {
  shared_->start = std::move(start);
  shared_->patience = patience;
  shared_->ask_one = std::move(ask);
}

HolderLibraries::~HolderLibraries() {
  const std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  shared_->changed.notify_all();
}

std::vector<HolderLibraries::Answer> HolderLibraries::ask(const std::string& procfs,
                                                          const std::vector<ProgramId>& programs) {
  Shared& shared = *shared_;
  const Clock::time_point now = Clock::now();
  const auto is_pending = [&](const ProgramId& program) { return shared.is_pending(program, now); };
  std::unique_lock lock(shared.mutex);
  for (const ProgramId& program : programs) shared.want(procfs, program, now);
  if (shared.needs_thread(now)) {
    const std::size_t thread = shared.next_thread++;
    shared.at_work[thread] = now;
    lock.unlock();
    const bool started = shared.start([kept = shared_, thread] { kept->work(thread); });
    lock.lock();
    if (!started) shared.at_work.erase(thread);
  }
  if (shared.patience > Clock::duration())
    shared.changed.wait_for(lock, shared.patience,
                            [&] { return std::ranges::none_of(programs, is_pending); });
  std::vector<Answer> answers;
  for (const ProgramId& program : programs) {
    const auto known = shared.programs.find(program);
    answers.push_back({is_pending(program), {}});
    if (known != shared.programs.end()) answers.back().versions = known->second.versions;
  }
  return answers;
}

}  // namespace sqlite_exporter

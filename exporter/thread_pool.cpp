#include "exporter/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "exporter/thread.h"

namespace sqlite_exporter {

namespace {

/// A pass comes round within it, by default.
constexpr std::chrono::seconds kIdle(10);
constexpr unsigned kKept = 2;

/// What a thread that has nothing to do waits for.
struct Waiter {
  std::condition_variable called;
  bool is_called = false;
};

}  // namespace

/// Outlives the pool where a thread does.
struct ThreadPool::Shared : std::enable_shared_from_this<Shared> {
  std::mutex mutex;
  std::deque<Job> jobs;
  /// The last one to become idle works first: those in front get their rest, and end.
  std::vector<Waiter*> idle;
  unsigned threads = 0;
  unsigned most = 0;
  bool stop = false;

  Result<void> start() {
    Result<void> started = start_thread("pool", [shared = shared_from_this()] { shared->run(); });
    if (started) ++threads;
    return started;
  }

  void call_one() {
    Waiter* const waiter = idle.back();
    idle.pop_back();
    waiter->is_called = true;
    waiter->called.notify_one();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!stop) {
      if (jobs.empty()) {
        if (!wait(lock)) break;
        continue;
      }
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;  // what it refers to ends outside of the lock
      lock.lock();
    }
    --threads;
  }

  /// False if nothing was to be done for so long that the thread is to end.
  bool wait(std::unique_lock<std::mutex>& lock) {
    Waiter waiter;
    idle.push_back(&waiter);
    while (!waiter.called.wait_for(lock, kIdle, [&] { return waiter.is_called; })) {
      if (threads <= kKept) continue;
      std::erase(idle, &waiter);
      return false;
    }
    return true;
  }
};

ThreadPool::ThreadPool(unsigned most) : shared_(std::make_shared<Shared>()) {
  shared_->most = most;
}

ThreadPool::~ThreadPool() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stop = true;
  while (!shared_->idle.empty()) shared_->call_one();
}

Result<void> ThreadPool::prepare() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->threads > 0) return {};
  return shared_->start();
}

Result<void> ThreadPool::submit(Job job) {
  const std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back(std::move(job));
  if (!shared_->idle.empty()) {
    shared_->call_one();
    return {};
  }
  if (shared_->threads == shared_->most) return {};
  const Result<void> started = shared_->start();
  if (started || shared_->threads > 0) return {};
  shared_->jobs.pop_back();
  return fail(started.error());
}

}  // namespace sqlite_exporter

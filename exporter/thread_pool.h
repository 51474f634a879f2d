/// Threads for jobs that may block, as many as are needed: one that hangs keeps its thread, and the
/// next job gets another.
#pragma once

#include <functional>
#include <memory>

#include "collectors/base/result.h"

namespace sqlite_exporter {

class ThreadPool {
 public:
  using Job = std::function<void()>;

  /// `most` threads, those that hang among them. Those that have had nothing to do for a while
  /// end, but for the first few.
  explicit ThreadPool(unsigned most);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// Idle threads end; one that has a job ends after it. Nobody is waited for.
  ~ThreadPool();

  /// So that there is one thread at least. Error: limit.
  Result<void> prepare();
  /// In the order of submission. Where no thread is to be had it waits for one that is busy; error:
  /// limit, if there is none at all, and then the job is not kept.
  Result<void> submit(Job job);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sqlite_exporter

/// The pool: threads by need, jobs that keep theirs, and one that waits.
#include "exporter/thread_pool.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "tests/support/await.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a job runs on another thread, and what it refers to ends with it") {
  ThreadPool pool(8);
  REQUIRE(pool.prepare());
  const auto held = std::make_shared<int>(0);
  std::promise<std::thread::id> done;
  REQUIRE(pool.submit([held, &done] { done.set_value(std::this_thread::get_id()); }));
  CHECK(done.get_future().get() != std::this_thread::get_id());
  CHECK(test::await([&] { return held.use_count() == 1; }));
}

TEST_CASE("what is submitted before the end is not lost with the pool's last thread") {
  const auto count = std::make_shared<std::atomic<int>>(0);
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) REQUIRE(pool.submit([count] { ++*count; }));
    CHECK(test::await([&] { return *count == 100; }));
  }
  CHECK(*count == 100);
}

TEST_CASE("jobs that hang keep their threads, and the next ones get others, up to the most") {
  constexpr unsigned kMost = 4;
  ThreadPool pool(kMost);
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  const auto running = std::make_shared<std::atomic<unsigned>>(0);
  for (unsigned i = 0; i < kMost + 1; ++i)
    REQUIRE(pool.submit([running, released] {
      ++*running;
      released.wait();
    }));
  CHECK(test::await([&] { return *running == kMost; }));
  release.set_value();
  CHECK(test::await([&] { return *running == kMost + 1; }));
}

}  // namespace
}  // namespace sqlite_exporter

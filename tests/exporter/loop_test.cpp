/// The loop: timers, pool jobs and signals, and its end in the middle of them.
#include "exporter/loop.h"

#include <chrono>
#include <csignal>
#include <future>
#include <thread>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr std::chrono::milliseconds kOften(1);

TEST_CASE("a timer calls back at once and again until the loop is stopped") {
  Loop loop;
  int calls = 0;
  loop.every(kOften, [&] {
    if (++calls == 3) loop.stop();
  });
  CHECK(loop.run());
  CHECK(calls == 3);
}

TEST_CASE("work is done on another thread, what follows on the loop's") {
  Loop loop;
  std::thread::id worker;
  std::thread::id follower;
  bool begun = false;
  loop.every(kOften, [&] {
    if (std::exchange(begun, true)) return;
    loop.in_pool([&] { worker = std::this_thread::get_id(); },
                 [&] {
                   follower = std::this_thread::get_id();
                   loop.stop();
                 });
  });
  CHECK(loop.run());
  CHECK(worker != std::this_thread::get_id());
  CHECK(follower == std::this_thread::get_id());
}

TEST_CASE("a stopped loop waits for a job, and does not follow it up") {
  Loop loop;
  std::promise<void> release;
  bool worked = false;
  bool followed = false;
  loop.every(kOften, [&] {
    loop.in_pool(
        [&] {
          release.get_future().wait();
          worked = true;
        },
        [&] { followed = true; });
    loop.stop();
    release.set_value();
  });
  CHECK(loop.run());
  CHECK(worked);
  CHECK_FALSE(followed);
}

TEST_CASE("a deferred signal is not lost") {
  defer_signal(SIGTERM);
  REQUIRE(::raise(SIGTERM) == 0);
  Loop loop;
  bool received = false;
  loop.on_signal(SIGTERM, [&] {
    received = true;
    loop.stop();
  });
  CHECK(loop.run());
  CHECK(received);
}

}  // namespace
}  // namespace sqlite_exporter

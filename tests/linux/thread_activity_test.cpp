/// What the kernel says of threads of this process, and schedstat as it is not.
#include "collectors/linux/thread_activity.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/skip.h"

namespace sqlite_exporter::test {
namespace {

TEST_CASE("a schedstat is three numbers") {
  const auto schedule = parse_schedstat("23218050 227188084 8\n");
  REQUIRE(schedule);
  CHECK(*schedule == ThreadSchedule{23218050, 227188084, 8});
  CHECK(schedule->known());
  CHECK_FALSE(parse_schedstat("0 0 0\n")->known());
  // A later kernel may add a field.
  CHECK(parse_schedstat("1 2 3 4\n") == ThreadSchedule{1, 2, 3});
}

TEST_CASE("a schedstat that is cut off, empty, not of numbers or too large") {
  for (const char* text :
       {"", "\n", "1", "1 2", "1 2\n3", "1 2 x", "-1 2 3", "1 2 3x", "1  2", "1 2 0x3",
        "99999999999999999999 1 1", "1 18446744073709551616 1", "1,2,3"}) {
    CAPTURE(text);
    const auto schedule = parse_schedstat(text);
    REQUIRE_FALSE(schedule);
    CHECK(schedule.error().code == Errc::corrupt);
  }
}

/// A thread that works until the object goes, or sleeps in a read of a pipe.
class Thread {
 public:
  explicit Thread(bool works) {
    REQUIRE(::pipe(pipe_) == 0);
    thread_ = std::thread([this, works] {
      tid_ = ::gettid();
      while (works && !stop_) continue;
      char byte = 0;
      while (::read(pipe_[0], &byte, 1) < 0) continue;
    });
    REQUIRE(await([this] { return tid_ > 0; }));
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() {
    stop_ = true;
    ::close(pipe_[1]);
    thread_.join();
    ::close(pipe_[0]);
  }
  int tid() const { return tid_; }

 private:
  int pipe_[2]{};
  std::atomic<bool> stop_ = false;
  std::atomic<int> tid_ = 0;
  std::thread thread_;
};

bool counts_here() {
  const auto own = read_thread_activity(::gettid());
  return own && own->schedule.known();
}

TEST_CASE("a thread in a system call sleeps and gets no turn, one that works does not sleep") {
  if (is_emulated()) return skip("thread_activity", "the emulator makes up states of threads");
  const Thread sleeper(false);
  const Thread worker(true);
  REQUIRE(await([&] { return read_thread_activity(sleeper.tid())->sleeps; }));
  const auto before = read_thread_activity(worker.tid());
  REQUIRE(before);
  CHECK_FALSE(before->sleeps);
  if (!counts_here()) return skip("thread_activity", "this kernel has no schedstat");
  const auto asleep = read_thread_activity(sleeper.tid());
  CHECK(await([&] {
    return read_thread_activity(worker.tid())->schedule.ran_ns > before->schedule.ran_ns;
  }));
  CHECK(read_thread_activity(sleeper.tid()) == asleep);
}

TEST_CASE("a thread that is not ours, or gone, is an error") {
  CHECK_FALSE(read_thread_activity(::getppid()));
  CHECK_FALSE(read_thread_activity(0));
}

}  // namespace
}  // namespace sqlite_exporter::test

/// The job queue: lanes that do not hold each other up, and jobs that hang.
#include "exporter/job_queue.h"

#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using Lane = JobQueue::Lane;

constexpr JobQueue::Bounds kLocal = JobQueue::kBounds[0];
constexpr JobQueue::Bounds kRemote = JobQueue::kBounds[1];

/// Jobs that wait until they are let go.
class Hanging {
 public:
  Loop::Callback work() {
    return [release = release_] { release.wait(); };
  }
  void let_go() { promise_.set_value(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> release_ = promise_.get_future().share();
};

/// Calls `begin` once, on the running loop.
void run(Loop& loop, const std::function<void()>& begin) {
  bool begun = false;
  loop.every(std::chrono::milliseconds(1), [&] {
    if (!std::exchange(begun, true)) begin();
  });
  CHECK(loop.run());
}

TEST_CASE("jobs that hang in one lane do not keep another waiting") {
  Loop loop;
  JobQueue queue(loop);
  Hanging hanging;
  std::size_t back = 0;
  run(loop, [&] {
    for (std::size_t i = 0; i < kRemote.running; ++i)
      queue.submit(Lane::remote, hanging.work(), [&] {
        if (++back == kRemote.running) loop.stop();
      });
    queue.submit(Lane::local, [] {}, [&] { hanging.let_go(); });
  });
  CHECK(back == kRemote.running);
}

TEST_CASE("a job that was given up makes room, and is followed up when it comes back") {
  Loop loop;
  JobQueue queue(loop);
  Hanging hanging;
  std::size_t back = 0;
  std::vector<JobQueue::Ticket> jobs;
  run(loop, [&] {
    for (std::size_t i = 0; i < kLocal.running; ++i)
      jobs.push_back(queue.submit(Lane::local, hanging.work(), [&] {
        if (++back == kLocal.running) loop.stop();
      }));
    queue.submit(Lane::local, [] {}, [&] { hanging.let_go(); });
    queue.give_up(jobs[1]);
  });
  CHECK(back == kLocal.running);
}

TEST_CASE("when all that may hang do, the rest is blocked, until one of them comes back") {
  Loop loop;
  JobQueue queue(loop);
  Hanging hanging;
  bool last = false;
  bool blocked = false;
  JobQueue::Ticket waiting;
  run(loop, [&] {
    std::vector<JobQueue::Ticket> jobs;
    for (std::size_t i = 0; i < kRemote.threads; ++i) {
      jobs.push_back(queue.submit(Lane::remote, hanging.work(), [] {}));
      queue.give_up(jobs.back());
    }
    waiting = queue.submit(
        Lane::remote, [] {},
        [&] {
          last = true;
          loop.stop();
        });
    blocked = queue.is_blocked(waiting);
    queue.give_up(waiting);  // of no effect: it has no thread to give back
    queue.submit(Lane::local, [] {}, [&] { hanging.let_go(); });
  });
  CHECK(blocked);
  CHECK(last);
  CHECK_FALSE(queue.is_blocked(waiting));
}

TEST_CASE("what a job refers to ends with the loop, also if the job keeps its own ticket") {
  struct Owner {
    JobQueue::Ticket ticket;
  };
  std::vector<std::weak_ptr<Owner>> owners;
  {
    Loop loop;
    JobQueue queue(loop);
    Hanging hanging;
    run(loop, [&] {
      // One more than there is room for: it never runs.
      for (std::size_t i = 0; i <= kLocal.running; ++i) {
        const auto owner = std::make_shared<Owner>();
        owners.push_back(owner);
        owner->ticket =
            queue.submit(Lane::local, [owner, work = hanging.work()] { work(); }, [owner] {});
      }
      loop.stop();
      hanging.let_go();
    });
  }
  REQUIRE(owners.size() == kLocal.running + 1);
  for (const std::weak_ptr<Owner>& owner : owners) CHECK(owner.expired());
}

}  // namespace
}  // namespace sqlite_exporter

/// Which pool jobs run at once: few, so that a board of two cores has cores left, and never fewer
/// because others hang.
///
/// A pool thread in a system call on a hung mount cannot be taken back. So a job that hangs is
/// given up: it keeps its thread and another job runs in its place, until so many hang that the
/// threads are used up. Network and FUSE mounts have a lane of their own, so that a file server
/// which takes a hundred mounts with it cannot use up those of local disks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "exporter/loop.h"

namespace sqlite_exporter {

/// Loop thread only.
class JobQueue {
 public:
  enum class Lane : std::uint8_t {
    local,      ///< looks, and procfs
    remote,     ///< looks and discovery
    discovery,  ///< of local filesystems: it may take long, and looks must not wait for it
  };
  static constexpr std::size_t kLanes = 3;
  struct Bounds {
    std::size_t running;  ///< at once, without those given up
    std::size_t threads;  ///< with those; if all of them are given up, the next waits for one
  };
  /// Those of a file server wait more than they work, and many may begin to hang at one moment.
  static constexpr std::array<Bounds, kLanes> kBounds = {{{4, 10}, {10, 16}, {2, 6}}};
  /// Four more are for guards of SQL statements, of which three may hang.
  static_assert(10 + 16 + 6 + 4 <= Loop::kPoolThreads);

  struct Job;
  using Ticket = std::shared_ptr<Job>;

  explicit JobQueue(Loop& loop);
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  /// `work` on a pool thread as soon as the lane has room, then `done` on the loop's thread. Both
  /// may refer to what keeps the ticket.
  Ticket submit(Lane lane, Loop::Callback work, Loop::Callback done);

  /// It hangs: the next one runs in its place. Its `done` is called all the same if it comes back.
  void give_up(const Ticket& job);

  /// True for a job that cannot begin before one that hangs comes back.
  bool is_blocked(const Ticket& job) const;

 private:
  struct Waiting {
    std::deque<Ticket> jobs;
    std::size_t running = 0;
    std::size_t hung = 0;
    Bounds bounds{};
  };

  static bool has_room(const Waiting& lane);
  Waiting& lane_of(const Job& job);
  const Waiting& lane_of(const Job& job) const;
  void start_waiting(Waiting& lane);

  Loop& loop_;
  std::array<Waiting, kLanes> lanes_;
};

}  // namespace sqlite_exporter

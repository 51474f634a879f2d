#include "exporter/sampler.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <unordered_map>
#include <utility>

#include "collectors/linux/created_files.h"
#include "collectors/wal_watch.h"
#include "exporter/clock.h"
#include "exporter/sample_periods.h"
#include "exporter/thread.h"
#include "exporter/thread_watch.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

/// Looks due within this part of their period are taken in the same wake-up: one costs as much as
/// several looks, and few looks after it run on cold caches. The part is random: wake-ups with a
/// rhythm of their own would meet that of a writer always or never.
constexpr double kLeastSlack = 0.1;
constexpr double kMostSlack = 0.2;

constexpr std::chrono::seconds kStopDeadline(1);

/// One that hangs is replaced by then.
constexpr std::chrono::seconds kLate(2);
constexpr unsigned kMostThreads = 8;

struct Watched {
  std::shared_ptr<SampleCell> cell;
  Clock::time_point taken;  ///< the cell's, which nobody else sets from now on
  Filesystem filesystem;
  WalWatch watch;  ///< the looking thread's alone while `looking`
  /// To be set after the look.
  std::optional<std::pair<std::string, RequiredOwner>> new_path;
  SamplePeriods periods{Clock::now()};
  bool busy = false;
  bool looking = false;
};

struct Due {
  Clock::time_point instant;
  Clock::duration period;
  std::weak_ptr<Watched> item;  ///< expired: forgotten. The queue must not keep its files open.
  friend bool operator>(const Due& a, const Due& b) { return a.instant > b.instant; }
};

/// The lengths of periods, as the budget has them now.
struct Pace {
  Clock::duration busy = kBusyPeriod;
  Clock::duration idle = kIdlePeriod;

  Clock::duration period(const Watched& watched) const { return watched.busy ? busy : idle; }
};

bool is_busy(const Sample& sample) {
  return sample.locked || (sample.attached && sample.quiet_samples < kQuietSamples);
}

/// A look, and what of it is to reach the cell: see `Sample` for what a failed one leaves there.
Sample look(Watched& watched, Pace pace, const OwnReader& own_reader, DescriptorRoom& room) {
  const Clock::time_point now = Clock::now();
  const SampleInstant instant{unix_now(), now, watched.periods.credit(),
                              own_reader ? own_reader->pid.load() : 0, room.may_keep(now)};
  const Result<void> taken = watched.watch.take(instant);
  Sample latest = watched.watch.latest();
  latest.random_instants = true;
  if (taken) {
    watched.taken = instant.steady;
  } else if (taken.error().code == Errc::limit) {
    latest.missed = taken.error();
    room.ran_out(now);
  } else if (taken.error().code != Errc::busy) {
    latest.error = taken.error();
  }
  latest.taken = watched.taken;
  watched.busy = is_busy(latest);
  // The rest of this period, and the next: never taken for overdue sooner than at the full rate.
  latest.next_within = std::max(latest.next_within, instant.credit + pace.period(watched));
  return latest;
}

}  // namespace

/// Outlives the Sampler where a thread could not be ended. The mutex is held for bookkeeping only,
/// never during a look: so a thread that hangs holds nothing that its successor needs.
struct Sampler::Shared : std::enable_shared_from_this<Shared> {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  unsigned threads = 0;  ///< that have not ended
  unsigned started = 0;
  unsigned active = 0;  ///< the number of the one thread that takes looks, 0 for none: all hang
  /// When the active thread is to come round again: now, or what it waits for.
  Clock::time_point expected;
  std::uint64_t looks = 0;
  Result<void> start;  ///< of the last thread

  std::unordered_map<const SampleCell*, std::shared_ptr<Watched>> watched;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;
  std::minstd_rand random{std::random_device{}()};
  double slack = kLeastSlack;

  int thread = 0;                    ///< the active one's, as the kernel numbers it
  const Watched* current = nullptr;  ///< what the active thread looks at
  std::uint64_t begun = 0;           ///< looks, by whichever thread
  std::uint64_t supervised = 0;      ///< the look that `watch` is at, as `begun` counts
  ThreadWatch watch;                 ///< of the active thread
  struct Stalled {
    std::string mountpoint;
    int looks = 0;
  };
  std::map<FilesystemId, Stalled> stalled;  ///< where looks hang

  CpuBudget budget;
  std::shared_ptr<CpuTime> cpu_time;
  OwnReader own_reader;
  std::shared_ptr<DescriptorRoom> room;
  const std::shared_ptr<CreatedFiles> created = std::make_shared<CreatedFiles>();
  Pace pace;
  Clock::time_point next_tick;  ///< of the budget

  Shared(const CpuBudget& cpu_budget, std::shared_ptr<CpuTime> looks_cpu_time, OwnReader reader,
         std::shared_ptr<DescriptorRoom> descriptors)
      : budget(cpu_budget),
        cpu_time(std::move(looks_cpu_time)),
        own_reader(std::move(reader)),
        room(std::move(descriptors)) {}

  void start_thread() {
    ++threads;
    active = ++started;
    expected = Clock::now();
    start = sqlite_exporter::start_thread(
        "sampler", [shared = shared_from_this(), number = active] { shared->run(number); });
    if (start) return;
    --threads;
    active = 0;
  }

  void run(unsigned number) {
    ThreadCpuMeter meter(*cpu_time);
    std::unique_lock lock(mutex);
    if (active == number) thread = ::gettid();
    while (!stop && active == number) {
      const Clock::time_point now = expected = Clock::now();
      if (now >= next_tick) keep_budget(now, meter);
      if (queue.empty() && budget.slowdown() > 1) {
        wait_until(next_tick, lock);
      } else if (queue.empty()) {
        expected = Clock::time_point::max();
        changed.wait(lock);
      } else if (const Due& next = queue.top(); next.instant - now > next.period * slack) {
        wait_until(next.instant, lock);
        slack = std::uniform_real_distribution(kLeastSlack, kMostSlack)(random);
      } else {
        const std::shared_ptr<Watched> item = next.item.lock();
        queue.pop();
        if (!item) continue;
        if (!stalled.contains(item->filesystem.id)) look_at(*item, lock, number);
        schedule(item);
      }
    }
    --threads;
    changed.notify_all();
  }

  /// By value: what is waited for may be gone before.
  void wait_until(Clock::time_point instant, std::unique_lock<std::mutex>& lock) {
    expected = instant;
    changed.wait_until(lock, instant);
  }

  void keep_budget(Clock::time_point now, ThreadCpuMeter& meter) {
    meter.add();
    budget.observe(now, cpu_time->total());
    pace = {budget.stretched(kBusyPeriod), budget.stretched(kIdlePeriod)};
    next_tick = now + budget.tick();
  }

  void look_at(Watched& item, std::unique_lock<std::mutex>& lock, unsigned number) {
    item.looking = true;
    current = &item;
    ++begun;
    const Pace pace_now = pace;
    lock.unlock();
    Sample latest = look(item, pace_now, own_reader, *room);
    lock.lock();
    // Meanwhile it may have been forgotten, or another one may have taken its place.
    const auto known = watched.find(item.cell.get());
    if (known != watched.end() && known->second.get() == &item) {
      lock.unlock();
      item.cell->set(std::move(latest));
      lock.lock();
    }
    item.looking = false;
    ++looks;
    if (item.new_path) {
      item.watch.set_path(std::move(item.new_path->first), item.new_path->second);
      item.new_path.reset();
    }
    if (active == number) {
      current = nullptr;
    } else if (const auto hung = stalled.find(item.filesystem.id); --hung->second.looks == 0) {
      stalled.erase(hung);
    }
  }

  /// Whether the look at `current` hangs in one system call. What only waits for a core does not.
  bool hangs(Clock::duration deadline) {
    if (supervised != begun) watch = ThreadWatch();
    supervised = begun;
    watch.observe(Clock::now(), own_thread_activity(thread));
    return watch.blocked() >= deadline;
  }

  bool is_late(Clock::duration patience) const {
    return active != 0 && !queue.empty() && Clock::now() - queue.top().instant > patience;
  }

  void schedule(const std::shared_ptr<Watched>& item) {
    const Clock::duration period = pace.period(*item);
    queue.push({item->periods.next(Clock::now(), period, random), period, item});
  }
};

Sampler::Sampler(CpuBudget budget, std::shared_ptr<CpuTime> cpu_time, OwnReader own_reader,
                 std::shared_ptr<DescriptorRoom> room)
    : shared_(std::make_shared<Shared>(budget, std::move(cpu_time), std::move(own_reader),
                                       std::move(room))) {
  shared_->start_thread();
}

Result<void> Sampler::started() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->start;
}

bool Sampler::stop() {
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
  return shared_->changed.wait_for(lock, kStopDeadline, [this] { return shared_->threads == 0; });
}

void Sampler::watch(const std::shared_ptr<SampleCell>& cell, std::string path,
                    Filesystem filesystem, RequiredOwner owner) {
  const std::lock_guard lock(shared_->mutex);
  auto& item = shared_->watched[cell.get()];
  // It may hang for good on what was mounted there before.
  if (item && item->looking && item->filesystem.id != filesystem.id) item = nullptr;
  if (!item) {
    item = std::make_shared<Watched>(Watched{cell, cell->get().taken, filesystem,
                                             WalWatch(std::move(path), owner, shared_->created),
                                             std::nullopt});
    // The first look at once: it is the baseline of all counters.
    shared_->queue.push({Clock::now(), {}, item});
    shared_->expected = std::min(shared_->expected, Clock::now());
  } else if (item->looking) {
    item->new_path.emplace(std::move(path), owner);
  } else {
    item->watch.set_path(std::move(path), owner);
  }
  if (!item->looking) item->filesystem = std::move(filesystem);
  shared_->changed.notify_all();
}

void Sampler::forget(const std::shared_ptr<SampleCell>& cell) {
  const std::lock_guard lock(shared_->mutex);
  shared_->watched.erase(cell.get());
}

void Sampler::supervise(Clock::duration deadline) {
  const std::lock_guard lock(shared_->mutex);
  const Watched* const current = shared_->current;
  if (current != nullptr && shared_->hangs(deadline)) {
    Shared::Stalled& stalled = shared_->stalled[current->filesystem.id];
    stalled.mountpoint = current->filesystem.mountpoint;
    ++stalled.looks;
    shared_->current = nullptr;
    shared_->active = 0;
  }
  if (shared_->active == 0 && shared_->threads < kMostThreads) shared_->start_thread();
}

bool Sampler::makes_progress(Clock::duration patience) const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->active == 0 || shared_->expected > Clock::now() - patience;
}

std::map<FilesystemId, std::string> Sampler::stalled() const {
  const std::lock_guard lock(shared_->mutex);
  std::map<FilesystemId, std::string> mountpoints;
  for (const auto& [filesystem, stalled] : shared_->stalled)
    mountpoints.emplace(filesystem, stalled.mountpoint);
  return mountpoints;
}

void Sampler::set_budget(const CpuBudget& budget) {
  const std::lock_guard lock(shared_->mutex);
  shared_->budget = budget;
  shared_->pace = {};
}

void Sampler::leave_to_walks(double cores) {
  const std::lock_guard lock(shared_->mutex);
  shared_->budget.leave_to_walks(cores);
}

double Sampler::slowdown() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->budget.slowdown();
}

double Sampler::cpu_seconds() const {
  return std::chrono::duration<double>(shared_->cpu_time->total()).count();
}

std::function<bool()> Sampler::lateness() const {
  return [shared = shared_] {
    const std::lock_guard lock(shared->mutex);
    return shared->is_late(kLate);
  };
}

std::uint64_t Sampler::looks() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->looks;
}

}  // namespace sqlite_exporter

#include "exporter/sampler.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

#include "collectors/wal_watch.h"
#include "exporter/clock.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kAttachedPeriod = std::chrono::milliseconds(100);
constexpr Clock::duration kIdlePeriod = std::chrono::seconds(1);

/// Looks due this soon are taken in the same wake-up: instants stay random, wake-ups get fewer.
constexpr Clock::duration kSlack = std::chrono::milliseconds(2);

constexpr std::chrono::seconds kStopDeadline(1);
constexpr unsigned kMostThreads = 8;

struct Watched {
  std::shared_ptr<SampleCell> cell;
  std::string mountpoint;
  WalWatch watch;                       ///< the looking thread's alone while `looking`
  std::optional<std::string> new_path;  ///< to be set after the look
  Clock::time_point period_start = Clock::now();
  std::uint64_t turn = 0;  ///< of its one valid entry in the queue
  bool looking = false;
};

struct Due {
  Clock::time_point instant;
  const SampleCell* cell = nullptr;
  std::uint64_t turn = 0;
  friend bool operator>(const Due& a, const Due& b) { return a.instant > b.instant; }
};

/// A look, and what of it reaches the cell: see `Sample` for what a failed one leaves there.
void look(Watched& watched) {
  const Result<void> taken = watched.watch.take(unix_now());
  Sample latest = watched.watch.latest();
  latest.taken = watched.cell->get().taken;
  if (taken) {
    latest.taken = Clock::now();
  } else if (taken.error().code != Errc::busy) {
    latest.error = taken.error();
  }
  watched.cell->set(std::move(latest));
}

}  // namespace

/// Outlives the Sampler where a thread could not be ended. The mutex is held for bookkeeping only,
/// never during a look: so a thread that hangs holds nothing that its successor needs.
struct Sampler::Shared : std::enable_shared_from_this<Shared> {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  unsigned threads = 0;  ///< that have not ended
  unsigned active = 0;   ///< the number of the one thread that takes looks; others are hung
  std::uint64_t looks = 0;

  std::unordered_map<const SampleCell*, std::shared_ptr<Watched>> watched;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;
  std::uint64_t turns = 0;
  std::minstd_rand random{std::random_device{}()};

  const Watched* current = nullptr;  ///< what the active thread looks at
  Clock::time_point current_since;
  std::map<std::string, int> stalled;  ///< looks that hang, by mountpoint

  void start_thread() {
    ++threads;
    std::thread([shared = shared_from_this(), number = ++active] { shared->run(number); }).detach();
  }

  void run(unsigned number) {
    std::unique_lock lock(mutex);
    while (!stop && active == number) {
      if (queue.empty()) {
        changed.wait(lock);
      } else if (const Clock::time_point next = queue.top().instant; next > Clock::now() + kSlack) {
        changed.wait_until(lock, next);
      } else {
        take_next(lock, number);
      }
    }
    --threads;
    changed.notify_all();
  }

  void take_next(std::unique_lock<std::mutex>& lock, unsigned number) {
    const Due due = queue.top();
    queue.pop();
    const auto found = watched.find(due.cell);
    if (found == watched.end() || found->second->turn != due.turn) return;
    const std::shared_ptr<Watched> item = found->second;
    if (!stalled.contains(item->mountpoint)) look_at(*item, lock, number);
    if (watched.contains(due.cell)) schedule(*item);
  }

  void look_at(Watched& item, std::unique_lock<std::mutex>& lock, unsigned number) {
    item.looking = true;
    current = &item;
    current_since = Clock::now();
    lock.unlock();
    look(item);
    lock.lock();
    item.looking = false;
    ++looks;
    if (item.new_path) item.watch.set_path(*std::exchange(item.new_path, std::nullopt));
    if (active == number) {
      current = nullptr;
    } else if (const auto hung = stalled.find(item.mountpoint); --hung->second == 0) {
      stalled.erase(hung);
    }
  }

  void schedule(Watched& item) {
    const Clock::duration period = item.watch.latest().attached ? kAttachedPeriod : kIdlePeriod;
    const Clock::time_point now = Clock::now();
    item.period_start += period;
    if (item.period_start < now - 2 * period || item.period_start > now + period)
      item.period_start = now;  // after a pause, or a change of rate
    std::uniform_int_distribution<Clock::rep> jitter(0, period.count() - 1);
    item.turn = ++turns;
    queue.push({item.period_start + Clock::duration(jitter(random)), item.cell.get(), item.turn});
  }
};

Sampler::Sampler() : shared_(std::make_shared<Shared>()) { shared_->start_thread(); }

bool Sampler::stop() {
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
  return shared_->changed.wait_for(lock, kStopDeadline, [this] { return shared_->threads == 0; });
}

void Sampler::watch(const std::shared_ptr<SampleCell>& cell, std::string path,
                    std::string mountpoint) {
  const std::lock_guard lock(shared_->mutex);
  auto& item = shared_->watched[cell.get()];
  if (!item) {
    item = std::make_shared<Watched>(Watched{cell, {}, WalWatch(std::move(path)), {}});
    item->turn = ++shared_->turns;
    // The first look at once: it is the baseline of all counters.
    shared_->queue.push({item->period_start, cell.get(), item->turn});
  } else if (item->looking) {
    item->new_path = std::move(path);
  } else {
    item->watch.set_path(std::move(path));
  }
  if (!item->looking) item->mountpoint = std::move(mountpoint);
  shared_->changed.notify_all();
}

void Sampler::forget(const std::shared_ptr<SampleCell>& cell) {
  const std::lock_guard lock(shared_->mutex);
  shared_->watched.erase(cell.get());
}

void Sampler::supervise(Clock::duration deadline) {
  const std::lock_guard lock(shared_->mutex);
  const Watched* const current = shared_->current;
  if (current == nullptr || Clock::now() - shared_->current_since < deadline) return;
  if (shared_->active >= kMostThreads) return;
  ++shared_->stalled[current->mountpoint];
  shared_->current = nullptr;
  shared_->start_thread();
}

std::vector<std::string> Sampler::stalled_mounts() const {
  const std::lock_guard lock(shared_->mutex);
  std::vector<std::string> mounts;
  std::ranges::transform(shared_->stalled, std::back_inserter(mounts),
                         [](const auto& item) { return item.first; });
  return mounts;
}

std::uint64_t Sampler::looks() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->looks;
}

}  // namespace sqlite_exporter

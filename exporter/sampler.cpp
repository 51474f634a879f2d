#include "exporter/sampler.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <queue>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/wal_watch.h"
#include "exporter/clock.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;
using Cell = std::shared_ptr<SampleCell>;

constexpr Clock::duration kAttachedPeriod = std::chrono::milliseconds(100);
constexpr Clock::duration kIdlePeriod = std::chrono::seconds(1);

/// Looks due this soon are taken in the same wake-up: instants stay random, wake-ups get fewer.
constexpr Clock::duration kSlack = std::chrono::milliseconds(2);

constexpr std::chrono::seconds kStopDeadline(1);

struct Order {
  Cell cell;
  std::string path;
  bool watch = false;
};

struct Watched {
  WalWatch watch;
  Clock::time_point period_start;
  std::uint64_t turn = 0;  ///< of its one valid entry in the queue
};

struct Due {
  Clock::time_point instant;
  SampleCell* cell = nullptr;
  std::uint64_t turn = 0;
  friend bool operator>(const Due& a, const Due& b) { return a.instant > b.instant; }
};

/// What only the sampler's thread touches.
class Round {
 public:
  void obey(std::vector<Order>& orders) {
    for (Order& order : orders) {
      SampleCell* const key = order.cell.get();
      if (!order.watch) {
        watched_.erase(key);
        cells_.erase(key);
      } else if (const auto known = watched_.find(key); known != watched_.end()) {
        known->second.watch.set_path(std::move(order.path));
      } else {
        const auto added =
            watched_.emplace(key, Watched{WalWatch(std::move(order.path)), Clock::now()}).first;
        cells_.emplace(key, std::move(order.cell));
        // The first look at once: it is the baseline of all counters.
        queue_.push({added->second.period_start, key, ++turns_});
        added->second.turn = turns_;
      }
    }
    orders.clear();
  }

  std::uint64_t take_due() {
    std::uint64_t looks = 0;
    while (!queue_.empty() && queue_.top().instant <= Clock::now() + kSlack) {
      const Due due = queue_.top();
      queue_.pop();
      const auto found = watched_.find(due.cell);
      if (found == watched_.end() || found->second.turn != due.turn) continue;
      // An error means that nothing was seen; the full look meets the same one and reports it.
      static_cast<void>(found->second.watch.take(unix_now()));
      Sample latest = found->second.watch.latest();
      latest.taken = Clock::now();
      due.cell->set(std::move(latest));
      ++looks;
      schedule(due.cell, found->second);
    }
    return looks;
  }

  bool idle() const { return queue_.empty(); }
  Clock::time_point next() const { return queue_.top().instant; }

 private:
  void schedule(SampleCell* cell, Watched& watched) {
    const Clock::duration period = watched.watch.latest().attached ? kAttachedPeriod : kIdlePeriod;
    const Clock::time_point now = Clock::now();
    watched.period_start += period;
    if (watched.period_start < now - 2 * period || watched.period_start > now + period)
      watched.period_start = now;  // after a pause, or a change of rate
    std::uniform_int_distribution<Clock::rep> jitter(0, period.count() - 1);
    const Clock::time_point instant = watched.period_start + Clock::duration(jitter(random_));
    watched.turn = ++turns_;
    queue_.push({instant, cell, watched.turn});
  }

  std::unordered_map<SampleCell*, Watched> watched_;
  std::unordered_map<SampleCell*, Cell> cells_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  std::minstd_rand random_{std::random_device{}()};
  std::uint64_t turns_ = 0;
};

}  // namespace

/// Outlives the Sampler where its thread could not be ended.
struct Sampler::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Order> orders;
  bool stop = false;
  bool ended = false;
  std::atomic<std::uint64_t> looks = 0;

  void give(Order order) {
    {
      const std::lock_guard lock(mutex);
      orders.push_back(std::move(order));
    }
    changed.notify_all();
  }

  void run() {
    Round round;
    std::vector<Order> received;
    std::unique_lock lock(mutex);
    while (!stop) {
      received.swap(orders);
      lock.unlock();
      round.obey(received);
      looks += round.take_due();
      lock.lock();
      const auto called = [this] { return stop || !orders.empty(); };
      if (round.idle()) {
        changed.wait(lock, called);
      } else {
        changed.wait_until(lock, round.next(), called);
      }
    }
    ended = true;
    changed.notify_all();
  }
};

Sampler::Sampler() : shared_(std::make_shared<Shared>()) {
  std::thread([shared = shared_] { shared->run(); }).detach();
}

Sampler::~Sampler() {
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, kStopDeadline, [this] { return shared_->ended; });
}

void Sampler::watch(const std::shared_ptr<SampleCell>& cell, std::string path) {
  shared_->give({cell, std::move(path), true});
}

void Sampler::forget(const std::shared_ptr<SampleCell>& cell) { shared_->give({cell, {}, false}); }

std::uint64_t Sampler::looks() const { return shared_->looks; }

}  // namespace sqlite_exporter

/// What is worth a line of the log when it changes, and at most one line a minute.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace sqlite_exporter {

/// A state near its threshold comes and goes: what it was in between is not told.
template <class State>
class Occasional {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Occasional(State initial = {}) : told_(std::move(initial)) {}

  /// True if this is another state than the one last told, and is to be told now.
  bool is_news(const State& state, Clock::time_point now) {
    if (state == told_ || (when_ && now - *when_ < kPause)) return false;
    told_ = state;
    when_ = now;
    return true;
  }

 private:
  static constexpr std::chrono::minutes kPause{1};

  State told_;
  std::optional<Clock::time_point> when_;
};

}  // namespace sqlite_exporter

/// The one place that decides what of a look's outcome is worth a log line: only a change of state.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/discoverer.h"
#include "exporter/log.h"
#include "exporter/look_job.h"

namespace sqlite_exporter {

class Judge {
 public:
  explicit Judge(const Log& log) : log_(log) {}

  void looked(const LookTask& task);
  void looked(const NodeTask& task);
  /// A task of discovery that came back, and what the one before it had met.
  void discovered(const DiscoveryTask& task, const Discoverer::Troubles& before);
  void mount_stalled(const std::string& mountpoint);
  void mount_answers(const std::string& mountpoint);
  void forget(std::string_view database);
  /// How many databases were found beyond the limit.
  void over_limit(std::size_t count, std::size_t limit);
  /// How many times longer than usual periods between samples are; told at most once a minute.
  void slowed(double slowdown,
              std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

 private:
  using Fields = std::vector<Log::Field>;
  using Failing = std::map<std::string_view, Errc>;  ///< by collector
  struct State {
    Failing failing;
    std::optional<StateSet> told;
  };

  void judge_failures(const Fields& subject, std::span<const CollectorFailure> failures,
                      Failing& before);
  void judge_states(const LookTask& task, State& state);

  const Log& log_;
  std::map<std::string, State, std::less<>> states_;
  Failing node_failing_;
  bool over_limit_ = false;
  bool slowed_ = false;
  std::optional<std::chrono::steady_clock::time_point> slowed_told_;
};

}  // namespace sqlite_exporter

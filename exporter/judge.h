/// The one place that decides what of a look's outcome is worth a log line: only a change of state.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/cpu_shortage.h"
#include "exporter/discoverer.h"
#include "exporter/log.h"
#include "exporter/look_job.h"
#include "exporter/subject.h"

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
  void forget(const Subject& subject);
  /// Databases may have got other names: what was known of the old ones is forgotten.
  void keep_only(const std::function<bool(const std::string&)>& is_watched);
  /// Whose open files may not be asked.
  void denied_processes(std::size_t count);
  /// How many databases were found beyond the limit.
  void over_limit(std::size_t count, std::size_t limit);
  /// How many times longer than usual periods between samples are; told at most once a minute.
  void slowed(double slowdown,
              std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
  /// So many databases were not looked at; told at most once a minute.
  void pass_ended(std::size_t waiting, bool starved,
                  std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
  /// Of the last pass, if threads waited for a core in it; told when it begins and ends, at most
  /// once a minute.
  void short_of_cpu(const std::optional<CpuShortage>& shortage,
                    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

 private:
  using Fields = std::vector<Log::Field>;
  using Failing = std::set<std::pair<std::string_view, Errc>>;  ///< collectors and reasons
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
  bool denied_ = false;
  bool slowed_ = false;
  std::optional<std::chrono::steady_clock::time_point> slowed_told_;
  std::optional<std::chrono::steady_clock::time_point> cut_told_;
  bool short_of_cpu_ = false;
  std::optional<std::chrono::steady_clock::time_point> cpu_told_;
};

}  // namespace sqlite_exporter

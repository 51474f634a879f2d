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

#include "exporter/churn_log.h"
#include "exporter/cpu_shortage.h"
#include "exporter/discoverer.h"
#include "exporter/log.h"
#include "exporter/look_job.h"
#include "exporter/occasional.h"
#include "exporter/precedence.h"
#include "exporter/subject.h"

namespace sqlite_exporter {

class Judge {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Judge(const Log& log) : log_(log), churn_(log) {}

  /// A lack of descriptors is told once for all databases, by `descriptors`.
  void looked(const LookTask& task);
  void looked(const NodeTask& task);
  /// A task of discovery that came back, and what the one before it had met.
  void discovered(const DiscoveryTask& task, const Discoverer::Troubles& before);
  void mount_stalled(const std::string& mountpoint);
  void mount_answers(const std::string& mountpoint);
  void forget(const Subject& subject);
  /// Databases may have got other names: what was known of the old ones is forgotten.
  void keep_only(const std::function<bool(const std::string&)>& is_watched);
  /// How long folders wait to be walked anew, and how long they should; told when it becomes
  /// longer.
  void rescans(std::chrono::duration<double> period, std::chrono::duration<double> wanted,
               Clock::time_point now = Clock::now());
  /// Whose open files may not be asked.
  void denied_processes(std::size_t count);
  /// Those that were found beyond the limit; told when it begins, and when one in use is among
  /// them, at most once a minute.
  void over_limit(const LeftOut& left_out, std::size_t limit, Clock::time_point now = Clock::now());
  /// `opened`: databases in use that are opened and closed at each look for want of descriptors.
  /// Those that could not be looked at at all were told to `looked`. At most once a minute.
  void descriptors(std::size_t opened, Clock::time_point now = Clock::now());
  /// That there is no procfs at this path, or is one again.
  void procfs(bool missing, const std::string& path);
  /// Once a pass: tells of databases that come and go by the hundred.
  void sum_up(Clock::time_point now = Clock::now()) { churn_.sum_up(now); }
  /// How many times longer than usual periods between samples are; told at most once a minute.
  void slowed(double slowdown, Clock::time_point now = Clock::now());
  /// So many databases were not looked at; told at most once a minute.
  void pass_ended(std::size_t waiting, bool starved, Clock::time_point now = Clock::now());
  /// Of the last pass, if threads waited for a core in it; told when it begins and ends, at most
  /// once a minute.
  void short_of_cpu(const std::optional<CpuShortage>& shortage,
                    Clock::time_point now = Clock::now());

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
  ChurnLog churn_;
  std::map<std::string, State, std::less<>> states_;
  Failing node_failing_;
  Occasional<std::pair<bool, bool>> over_limit_;   ///< some, and some in use
  std::size_t unseen_ = 0;                         ///< in this pass, for want of descriptors
  Occasional<std::pair<bool, bool>> descriptors_;  ///< some are opened each time, some not at all
  Occasional<bool> rescans_;
  bool no_procfs_ = false;
  bool denied_ = false;
  Occasional<bool> slowed_;
  Occasional<bool> short_of_cpu_;
  std::optional<Clock::time_point> cut_told_;
};

}  // namespace sqlite_exporter

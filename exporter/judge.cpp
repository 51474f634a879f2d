#include "exporter/judge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "exporter/duration.h"

namespace sqlite_exporter {

namespace {

std::string_view advice(Errc code) {
  switch (code) {
    case Errc::denied:
      return "let the exporter read the file, its -wal and -shm, and search their directories (the "
             "capability CAP_DAC_READ_SEARCH does both)";
    case Errc::limit: return "raise the limit of open files (LimitNOFILE=)";
    case Errc::io: return "look at the kernel log: the device reports read errors";
    case Errc::stalled: return "look for a disk that does not answer";
    case Errc::starved: return "give the exporter more CPU";
    case Errc::unsupported: return "give the path of a regular file";
    default: return "";
  }
}

std::string_view advice_on(const CpuShortage& shortage) {
  if (!shortage.is_throttled())
    return "give the exporter a larger share of the cores (CPUWeight=, requests.cpu), or the "
           "machine less work";
  if (shortage.limit.above)
    return "raise the CPU limit of this cgroup, which all in it share (CPUQuota= of the slice, "
           "limits.cpu of the pod)";
  return "raise the CPU limit of the exporter (CPUQuota=, limits.cpu)";
}

struct Notable {
  DatabaseState state;
  bool alarming;
  std::string_view words;
  bool nothing_to_watch = false;
};

/// The others come and go with the ordinary life of a database.
constexpr Notable kNotable[] = {
    {DatabaseState::absent, false, "database is absent, watching for it", true},
    {DatabaseState::empty, false, "database is empty", true},
    {DatabaseState::encrypted, false, "database is encrypted, or not a database", true},
    {DatabaseState::not_a_database, true, "file is not a database", true},
    {DatabaseState::newer_format, false, "database is of a newer format, which SQLite cannot read",
     true},
    {DatabaseState::corrupt_header, true, "database header is corrupt", true},
    {DatabaseState::truncated, true, "database file is shorter than its header, or than that says"},
    {DatabaseState::hot_journal, true, "a hot journal waits: the next reader rolls back"},
    {DatabaseState::wal_unrecovered, true,
     "committed frames wait in the WAL, and nobody has the database open"},
    {DatabaseState::wal_mismatched, true,
     "the WAL holds commits that may belong to another file: was this one restored without its own "
     "-wal?"},
    {DatabaseState::wal_lost, true,
     "the WAL was deleted, cut or exchanged under an application: its commits are gone when it "
     "ends"},
    {DatabaseState::overwritten, true,
     "something that is not SQLite wrote into the file while an application has it open"},
    {DatabaseState::orphaned, true,
     "database, or its -wal and -shm, was replaced or unlinked under an application that still "
     "writes into the old file"},
    {DatabaseState::locks_cancelled, true,
     "an application lost its locks: it closed a file of its own database, has two copies of "
     "SQLite, or uses a connection after a fork"},
    {DatabaseState::locks_inconsistent, true,
     "an application holds one of two locks: it lost the other, or its file was replaced"},
    {DatabaseState::locks_unobservable, true,
     "somebody writes whose locks cannot be seen: is this the upper directory of an overlay, or "
     "does he write from another machine?"},
};

/// Passes that are cut one after the other must not fill the log.
constexpr std::chrono::minutes kCutPause(1);

std::string percent(double share) {
  return std::to_string(std::lround(100 * std::clamp(share, 0.0, 1.0))) + "%";
}

StateSet notable_of(StateSet states) {
  StateSet notable;
  for (const Notable& each : kNotable)
    if (states.contains(each.state)) notable.add(each.state);
  return notable;
}

bool has_content(StateSet states) {
  return std::ranges::none_of(kNotable, [&](const Notable& each) {
    return each.nothing_to_watch && states.contains(each.state);
  });
}

std::string_view limit_key(WalkLimit limit) {
  switch (limit) {
    case WalkLimit::depth: return "depth";
    case WalkLimit::count: return "entries";
    case WalkLimit::time: return "duration";
  }
  return "";
}

}  // namespace

void Judge::looked(const LookTask& task) {
  State& state = states_[task.name];
  judge_failures({{"database", task.name}, {"path", task.path}}, task.failures, state.failing);
  judge_states(task, state);
}

void Judge::looked(const NodeTask& task) { judge_failures({}, task.failures, node_failing_); }

void Judge::judge_failures(const Fields& subject, std::span<const CollectorFailure> failures,
                           Failing& before) {
  Failing failing;
  std::set<std::string_view> failed;
  for (const auto& [collector, error] : failures) {
    failed.insert(collector);
    // A busy moment is the normal life of a database; it is counted, not told.
    if (error.code == Errc::busy) continue;
    // They have it in common: told once for all of them, by `descriptors`.
    if (error.code == Errc::limit && collector == kLookName) {
      ++unseen_;
      continue;
    }
    if (!failing.emplace(collector, error.code).second) continue;
    if (before.contains({collector, error.code})) continue;
    Fields fields = subject;
    fields.push_back({"collector", std::string(collector)});
    fields.push_back({"reason", std::string(to_string(error.code))});
    fields.push_back({"error", error.message});
    fields.push_back({"advice", std::string(advice(error.code))});
    log_.warn("look failed", fields);
  }
  for (const auto& [collector, code] : before) {
    if (!failed.insert(collector).second) continue;
    Fields fields = subject;
    fields.push_back({"collector", std::string(collector)});
    log_.info("look succeeds again", fields);
  }
  before = std::move(failing);
}

void Judge::judge_states(const LookTask& task, State& state) {
  std::optional<StateSet>& told = state.told;
  if (!task.states) return;
  const StateSet now = notable_of(*task.states);
  const StateSet before = told.value_or(StateSet());
  const Fields fields = {{"database", task.name}, {"path", task.path}};
  const Clock::time_point when = Clock::now();
  if (has_content(now) && (!told || !has_content(before)))
    churn_.tell(ChurnLog::Kind::added, task.path, "database is watched", fields, when);
  for (const Notable& each : kNotable) {
    const bool holds = now.contains(each.state);
    if (holds == before.contains(each.state)) continue;
    if (!holds) {
      if (each.alarming)
        log_.info("state is over",
                  {{"database", task.name}, {"state", std::string(to_string(each.state))}});
    } else if (each.alarming) {
      log_.warn(each.words, fields);
    } else {
      churn_.tell(ChurnLog::Kind::changed, task.path, each.words, fields, when);
    }
  }
  told = now;
}

void Judge::discovered(const DiscoveryTask& task, const Discoverer::Troubles& before) {
  const bool of_processes = task.kind == DiscoveryTask::Kind::processes;
  const std::string folder = of_processes ? "/proc" : task.start.directory;
  if (task.error && task.error->code != before.error) {
    log_.warn("discovery failed, what it found before stays",
              {{"folder", folder},
               {"reason", std::string(to_string(task.error->code))},
               {"error", task.error->message},
               {"advice", std::string(advice(task.error->code))}});
  } else if (!task.error && before.error) {
    log_.info("discovery succeeds again", {{"folder", folder}});
  }
  if (task.limit && task.limit != before.limit)
    log_.warn("discovery ended at a limit, what lies beyond is not found",
              {{"folder", folder},
               {"limit", std::string("max_").append(limit_key(*task.limit))},
               {"advice", of_processes ? "raise the limit in [discovery]"
                                       : "name fewer folders, exclude some, or raise the limit in "
                                         "[discovery]"}});
}

void Judge::denied_processes(std::size_t count) {
  if (count > 0 && !denied_)
    log_.warn("processes of other users do not show which files they have open",
              {{"processes", std::to_string(count)},
               {"advice", "the capabilities CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH show them"}});
  denied_ = count > 0;
}

void Judge::mount_stalled(const std::string& mountpoint) {
  log_.warn("mount does not answer, its databases show sqlite_up 0", {{"mountpoint", mountpoint}});
}

void Judge::mount_answers(const std::string& mountpoint) {
  log_.info("mount answers again", {{"mountpoint", mountpoint}});
}

void Judge::forget(const Subject& subject) {
  const auto state = states_.find(subject.name);
  if (state == states_.end()) return;
  churn_.tell(ChurnLog::Kind::removed, subject.path, "database is watched no more",
              {{"database", subject.name}, {"path", subject.path}}, Clock::now());
  states_.erase(state);
}

void Judge::keep_only(const std::function<bool(const std::string&)>& is_watched) {
  std::erase_if(states_, [&](const auto& item) { return !is_watched(item.first); });
}

void Judge::over_limit(const LeftOut& left_out, std::size_t limit, Clock::time_point now) {
  if (!over_limit_.is_news({left_out.count > 0, left_out.in_use > 0}, now)) return;
  if (left_out.count == 0) return log_.info("all databases that are found are watched again");
  std::string paths;
  for (const std::string& path : left_out.first)
    paths.append(paths.empty() ? "" : " ").append(path);
  log_.warn("more databases than max_databases, the rest is not watched",
            {{"max_databases", std::to_string(limit)},
             {"not_watched", std::to_string(left_out.count)},
             {"in_use", std::to_string(left_out.in_use)},
             {"among_them", paths}});
}

void Judge::descriptors(std::size_t opened, Clock::time_point now) {
  const std::size_t unseen = std::exchange(unseen_, 0);
  if (!descriptors_.is_news({opened > 0, unseen > 0}, now)) return;
  if (opened + unseen == 0) return log_.info("there are descriptors enough again");
  log_.warn(unseen > 0 ? "too few descriptors, some databases are not looked at"
                       : "too few descriptors to keep files open, databases in use are opened and "
                         "closed at each look",
            {{"opened", std::to_string(opened)},
             {"not_looked_at", std::to_string(unseen)},
             {"advice", std::string(advice(Errc::limit))}});
}

void Judge::rescans(std::chrono::duration<double> period, std::chrono::duration<double> wanted,
                    Clock::time_point now) {
  const bool longer = period > wanted;
  if (!rescans_.is_news(longer, now)) return;
  if (!longer) return log_.info("folders are walked anew at rescan_interval again");
  log_.info("folders with many names are walked anew less often, to keep within cpu_budget",
            {{"rescan", format_duration(std::chrono::ceil<std::chrono::seconds>(period))},
             {"advice", "name fewer folders, exclude some or raise cpu_budget"}});
}

void Judge::procfs(bool missing, const std::string& path) {
  if (missing && !no_procfs_)
    log_.warn(
        "there is no procfs, so nobody can be told who holds a database, nor where it is "
        "mounted",
        {{"path", path}, {"advice", "mount /proc, or name it by --path.procfs"}});
  if (!missing && no_procfs_) log_.info("there is a procfs again", {{"path", path}});
  no_procfs_ = missing;
}

void Judge::slowed(double slowdown, Clock::time_point now) {
  const bool is_slowed = slowdown > 1;
  if (!slowed_.is_news(is_slowed, now)) return;
  if (!is_slowed) return log_.info("samples are taken at the full rate again");
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.begin(), text.end(), slowdown, std::chars_format::fixed, 1);
  log_.warn("looks cost more than cpu_budget, samples are taken less often",
            {{"slowdown", std::string(text.begin(), end.ptr)},
             {"advice", "watch fewer databases, look less often or raise cpu_budget"}});
}

void Judge::pass_ended(std::size_t waiting, bool starved, Clock::time_point now) {
  if (waiting == 0 || (cut_told_ && now - *cut_told_ < kCutPause)) return;
  cut_told_ = now;
  log_.warn("a pass ended before every database was looked at, the next one begins with the rest",
            {{"not_looked_at", std::to_string(waiting)},
             {"advice", starved ? "give the exporter more CPU"
                                : "watch fewer databases, or look less often ([poll] interval)"}});
}

void Judge::short_of_cpu(const std::optional<CpuShortage>& shortage, Clock::time_point now) {
  if (!short_of_cpu_.is_news(shortage.has_value(), now)) return;
  if (!shortage) return log_.info("there is enough CPU again");
  using FractionalSeconds = std::chrono::duration<double>;
  Fields fields;
  if (shortage->observed.count() > 0)
    fields.push_back({"waited", percent(FractionalSeconds(shortage->waited) /
                                        FractionalSeconds(shortage->observed))});
  const CpuThrottling& limit = shortage->limit;
  if (limit.periods > 0)
    fields.push_back({"throttled", std::to_string(limit.throttled_periods) + " of " +
                                       std::to_string(limit.periods) + " periods"});
  if (limit.throttled_periods > 0 && limit.above) fields.push_back({"cgroup", limit.path});
  if (shortage->node_pressure)
    fields.push_back({"node_pressure", percent(*shortage->node_pressure)});
  fields.push_back({"advice", std::string(advice_on(*shortage))});
  log_.warn("too little CPU: databases are looked at late, or not in every pass", fields);
}

}  // namespace sqlite_exporter

#include "exporter/inspect/inspect.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/commits.h"
#include "collectors/linux/mount_table.h"
#include "exporter/clock.h"
#include "exporter/descriptor_limit.h"
#include "exporter/inspect/observation.h"
#include "exporter/inspect/report_json.h"
#include "exporter/inspect/report_text.h"
#include "exporter/inspect/words.h"
#include "exporter/libraries_of_holders.h"
#include "exporter/loop.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStopSignals[] = {SIGINT, SIGTERM};
constexpr std::chrono::seconds kDeadline(5);
/// There is no next look that would know more.
constexpr std::chrono::milliseconds kLibraryPatience(500);
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

/// Once: a look after 150 ms and one after 300 ms, and a sample every 50 ms, so that locks that are
/// lost under a busy writer (three advances without them) show within each.
constexpr std::chrono::milliseconds kPeriodOnce(50);
constexpr unsigned kStepsToLookOnce = 3;
constexpr unsigned kStepsOnce = 2 * kStepsToLookOnce + 1;
/// Whoever reads in rollback mode may keep commits from ending: whether one suffers takes a second
/// to see, and whether it is more than an ordinary wait takes five from its first sign on.
constexpr unsigned kStepsForReader = 22;
constexpr unsigned kStepsForCommit = 130;
/// Watching: as the sampler of the daemon does, and a look every second.
constexpr std::chrono::milliseconds kPeriodWatching(100);
constexpr unsigned kStepsToLookWatching = 10;

/// One file. Its steps are pool jobs, one at a time: a mount that hangs holds up no other.
struct Slot {
  std::shared_ptr<Inspection> inspection;  ///< the job's alone while `running_since` is set
  Observation latest;
  unsigned steps = 0;
  unsigned last_step = kStepsOnce;  ///< but for those that are watched
  std::optional<Clock::time_point> running_since;
};

/// Without a mount table no mount is known to be remote, and all else works.
Node machine_of(const NodePaths& paths) {
  Result<Node> node = read_node(paths);
  if (node) return std::move(*node);
  Node rest;
  rest.paths = paths;
  return rest;
}

class Session {
 public:
  /// Of all files; false ends the session.
  using Report = std::function<bool(const std::vector<Observation>&)>;

  /// `lock_holders` may be null.
  Session(const std::vector<std::string>& files, NodePaths paths, bool watch, Report report,
          std::shared_ptr<const LockHolders> lock_holders)
      : paths_(std::move(paths)),
        watch_(watch),
        report_(std::move(report)),
        lock_holders_(std::move(lock_holders)) {
    for (const std::string& file : files) {
      Slot& slot = slots_.emplace_back();
      slot.inspection = std::make_shared<Inspection>(file, watch);
      slot.latest = slot.inspection->observation();
    }
  }

  /// False if a thread still hangs.
  bool run() {
    if (watch_)
      for (const int signal_number : kStopSignals)
        loop_.on_signal(signal_number, [this] { loop_.stop(); });
    loop_.every(watch_ ? kPeriodWatching : kPeriodOnce, [this] { tick(); });
    return loop_.run();
  }

 private:
  void tick() {
    if (ticks_ == 0 || looks_at(ticks_)) renew_node();
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (!slots_[i].running_since && !is_finished(slots_[i])) step(i);
    const unsigned ticks = ticks_++;
    if (!watch_) return end_if_finished();
    // A step after each look, all but the hanging have answered.
    if (ticks > kStepsToLookWatching && ticks % kStepsToLookWatching == 1 &&
        !report_(observations()))
      loop_.stop();
  }

  void renew_node() {
    Node node = machine_of(paths_);
    node.open_files = open_files_;
    node.libraries = libraries_;
    node.least_holders = 1;
    // Whoever is listed counts as the holder of a read mark only if its reader was old by then.
    if (ticks_ > 0) {
      read_lock_holders(node, lock_holders_);
      lock_holders_ = node.locks;
    }
    node_ = std::make_shared<const Node>(std::move(node));
  }

  /// Whether a step is a look, and not a sample.
  bool looks_at(unsigned step) const {
    if (watch_) return step % kStepsToLookWatching == 0;
    return step > 0 && step % kStepsToLookOnce == 0;
  }

  void step(std::size_t i) {
    Slot& slot = slots_[i];
    const unsigned number = slot.steps++;
    const bool look = looks_at(number);
    slot.running_since = Clock::now();
    const auto work = [inspection = slot.inspection, node = node_, look] {
      inspection->set_node(node);
      if (look) {
        inspection->look();
      } else {
        inspection->sample();
      }
    };
    loop_.in_pool(work, [this, i, look] {
      slots_[i].running_since.reset();
      if (look) keep(slots_[i]);
      if (!watch_) end_if_finished();
    });
  }

  static void keep(Slot& slot) {
    slot.latest = slot.inspection->observation();
    // What the second look was the first to suspect a third one tells, or denies.
    const std::optional<Look>& look = slot.latest.look;
    if (look && (look->states & look->suspected) != look->suspected)
      slot.last_step = kStepsOnce + kStepsToLookOnce;
    if (look && slot.steps >= slot.last_step && slot.steps < steps_for_commits(*look))
      slot.last_step += kStepsToLookOnce;
  }

  static unsigned steps_for_commits(const Look& look) {
    const auto blocker = commit_reader(look);
    switch (look.sample.commit_suspicion) {
      case CommitSuspicion::none: break;
      case CommitSuspicion::reader: return kStepsForReader;
      case CommitSuspicion::held_up:
        return blocker && blocker->seconds >= kLongWait ? 0 : kStepsForCommit;
    }
    return 0;
  }

  bool is_finished(const Slot& slot) const { return !watch_ && slot.steps == slot.last_step; }

  static bool hangs(const Slot& slot) {
    return slot.running_since && Clock::now() - *slot.running_since > kDeadline;
  }

  void end_if_finished() {
    const auto has_ended = [this](const Slot& slot) {
      return hangs(slot) || (is_finished(slot) && !slot.running_since);
    };
    if (!std::ranges::all_of(slots_, has_ended)) return;
    report_(observations());
    loop_.stop();
  }

  std::vector<Observation> observations() const {
    std::vector<Observation> observations;
    for (const Slot& slot : slots_) {
      observations.push_back(slot.latest);
      if (!hangs(slot)) continue;
      observations.back().look.reset();
      observations.back().error = {Errc::stalled, "the mount did not answer for five seconds"};
    }
    return observations;
  }

  const NodePaths paths_;
  const bool watch_;
  const Report report_;
  std::shared_ptr<const LockHolders> lock_holders_;
  std::shared_ptr<const Node> node_;  ///< read once for all files, and anew for each round of looks
  const std::shared_ptr<OpenTableCache> open_files_ =
      std::make_shared<OpenTableCache>(std::chrono::milliseconds(0));
  const std::shared_ptr<HolderLibraries> libraries_ = libraries_of_holders(kLibraryPatience);
  std::vector<Slot> slots_;
  unsigned ticks_ = 0;
  Loop loop_;
};

Verdict verdict_on(const std::vector<Observation>& all) {
  Verdict verdict = verdict_of(advice_for(all.front()));
  for (const Observation& each : all) verdict = worse(verdict, verdict_of(advice_for(each)));
  return verdict;
}

void write_report(const std::vector<Observation>& all, const CommandLine& line, std::ostream& out,
                  bool redraw) {
  if (line.report_format == ReportFormat::json) {
    out << report_json(all, line.watch) << std::flush;
    return;
  }
  std::string text;
  if (line.watch) {
    if (redraw) text.append(kClearScreen);
    text.append(moment_in_words(unix_now())).append("\n");
  }
  for (const Observation& each : all) text.append(report_text(each));
  out << text << std::flush;
}

}  // namespace

Inspected run_inspect(const CommandLine& line, std::ostream& out, bool redraw) {
  raise_descriptor_limit();
  if (line.watch)
    for (const int signal_number : kStopSignals) defer_signal(signal_number);
  Inspected inspected;
  const auto report = [&](const std::vector<Observation>& all) {
    inspected.verdict = verdict_on(all);
    write_report(all, line, out, redraw);
    return static_cast<bool>(out);
  };
  NodePaths paths;
  paths.procfs = line.procfs;
  inspected.ended = Session(line.files, paths, line.watch, report, nullptr).run();
  return inspected;
}

Observed observe_once(const std::string& path, const NodePaths& paths,
                      std::shared_ptr<const LockHolders> lock_holders) {
  Observed observed;
  const auto report = [&](const std::vector<Observation>& all) {
    observed.observation = all.front();
    return true;
  };
  observed.ended = Session({path}, paths, false, report, std::move(lock_holders)).run();
  return observed;
}

}  // namespace sqlite_exporter

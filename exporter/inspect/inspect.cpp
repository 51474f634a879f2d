#include "exporter/inspect/inspect.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/linux/mount_table.h"
#include "exporter/clock.h"
#include "exporter/descriptor_limit.h"
#include "exporter/inspect/observation.h"
#include "exporter/inspect/report_json.h"
#include "exporter/inspect/report_text.h"
#include "exporter/inspect/words.h"
#include "exporter/loop.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStopSignals[] = {SIGINT, SIGTERM};
constexpr std::chrono::seconds kDeadline(5);
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

/// Once: a look after 150 ms and one after 300 ms, and a sample every 50 ms, so that locks that are
/// lost under a busy writer (three advances without them) show within each.
constexpr std::chrono::milliseconds kPeriodOnce(50);
constexpr unsigned kStepsToLookOnce = 3;
constexpr unsigned kStepsOnce = 2 * kStepsToLookOnce + 1;
/// Watching: as the sampler of the daemon does, and a look every second.
constexpr std::chrono::milliseconds kPeriodWatching(100);
constexpr unsigned kStepsToLookWatching = 10;

/// One file. Its steps are pool jobs, one at a time: a mount that hangs holds up no other.
struct Slot {
  std::shared_ptr<Inspection> inspection;  ///< the job's alone while `running_since` is set
  Observation latest;
  unsigned steps = 0;
  std::optional<Clock::time_point> running_since;
};

/// Without a mount table no mount is known to be remote, and all else works.
Node machine_of(const std::string& procfs) {
  NodePaths paths;
  paths.procfs = procfs;
  Result<Node> node = read_node(paths);
  if (node) return std::move(*node);
  Node rest;
  rest.paths = paths;
  return rest;
}

class Session {
 public:
  Session(const CommandLine& line, std::ostream& out, bool redraw)
      : line_(line), out_(out), redraw_(redraw) {
    for (const std::string& file : line.files) {
      Slot& slot = slots_.emplace_back();
      slot.inspection = std::make_shared<Inspection>(file, line.watch);
      slot.latest = slot.inspection->observation();
    }
  }

  Inspected run() {
    if (line_.watch)
      for (const int signal_number : kStopSignals)
        loop_.on_signal(signal_number, [this] { loop_.stop(); });
    loop_.every(line_.watch ? kPeriodWatching : kPeriodOnce, [this] { tick(); });
    const bool ended = loop_.run();
    return {verdict_, ended};
  }

 private:
  void tick() {
    if (ticks_ == 0 || looks_at(ticks_)) renew_node();
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (!slots_[i].running_since && !is_finished(slots_[i])) step(i);
    const unsigned ticks = ticks_++;
    if (!line_.watch) return end_if_finished();
    // A step after each look, all but the hanging have answered.
    if (ticks > kStepsToLookWatching && ticks % kStepsToLookWatching == 1) report();
    if (!out_) loop_.stop();
  }

  void renew_node() {
    Node node = machine_of(line_.procfs);
    // Whoever is listed counts as the holder of a read mark only if its reader was old by then.
    if (ticks_ > 0) read_lock_holders(node, node_ ? node_->locks : nullptr);
    node_ = std::make_shared<const Node>(std::move(node));
  }

  /// Whether a step is a look, and not a sample.
  bool looks_at(unsigned step) const {
    if (line_.watch) return step % kStepsToLookWatching == 0;
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
      if (look) slots_[i].latest = slots_[i].inspection->observation();
      if (!line_.watch) end_if_finished();
    });
  }

  bool is_finished(const Slot& slot) const { return !line_.watch && slot.steps == kStepsOnce; }

  static bool hangs(const Slot& slot) {
    return slot.running_since && Clock::now() - *slot.running_since > kDeadline;
  }

  void end_if_finished() {
    const auto has_ended = [this](const Slot& slot) {
      return hangs(slot) || (is_finished(slot) && !slot.running_since);
    };
    if (!std::ranges::all_of(slots_, has_ended)) return;
    report();
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

  void report() {
    const std::vector<Observation> all = observations();
    verdict_ = verdict_of(advice_for(all.front()));
    for (const Observation& each : all) verdict_ = worse(verdict_, verdict_of(advice_for(each)));
    if (line_.report_format == ReportFormat::json) {
      out_ << report_json(all, line_.watch) << std::flush;
      return;
    }
    std::string text;
    if (line_.watch) {
      if (redraw_) text.append(kClearScreen);
      text.append(moment_in_words(unix_now())).append("\n");
    }
    for (const Observation& each : all) text.append(report_text(each));
    out_ << text << std::flush;
  }

  const CommandLine& line_;
  std::ostream& out_;
  const bool redraw_;
  std::shared_ptr<const Node> node_;  ///< read once for all files, and anew for each round of looks
  std::vector<Slot> slots_;
  unsigned ticks_ = 0;
  Verdict verdict_ = Verdict::cannot_say;
  Loop loop_;
};

}  // namespace

Inspected run_inspect(const CommandLine& line, std::ostream& out, bool redraw) {
  raise_descriptor_limit();
  if (line.watch)
    for (const int signal_number : kStopSignals) defer_signal(signal_number);
  return Session(line, out, redraw).run();
}

}  // namespace sqlite_exporter

#include "exporter/selftest/selftest.h"

#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "exporter/descriptor_limit.h"
#include "exporter/inspect/observation.h"
#include "exporter/inspect/words.h"
#include "exporter/loop.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"
#include "exporter/selftest/comparison.h"
#include "exporter/sql/guarded_worker.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;
using Verdict = SelftestEnd::Verdict;

/// A writer that commits between every two looks is one that cannot be compared.
constexpr int kMostAttempts = 50;
constexpr std::chrono::seconds kDeadline(5);
constexpr std::chrono::milliseconds kCheckPeriod(100);

/// What a look says; of two with the same, nothing was written between them.
struct Seen {
  SqlAccess access = SqlAccess::state;
  std::uint64_t transactions = 0;
  ComparedValues values;

  bool operator==(const Seen&) const = default;
};

Result<Seen> look_at(Inspection& inspection, const NodePaths& paths) {
  // Without a mount table no mount is known to be local.
  Result<Node> node = read_node(paths);
  if (!node) return fail(node.error());
  inspection.set_node(std::make_shared<const Node>(std::move(*node)));
  inspection.look();
  const Observation& now = inspection.observation();
  if (!now.look) return fail(now.error.value_or(Error{Errc::internal, "there is no look"}));
  return Seen{sql_access_of(*now.look),
              now.look->sample.totals.transactions + now.look->rollback_transactions,
              values_of(*now.look)};
}

std::string reason_of(SqlAccess access) {
  switch (access) {
    case SqlAccess::wal: return "";
    case SqlAccess::rollback:
      return "it is in rollback mode, where a reader keeps writers waiting: see allow_rollback";
    case SqlAccess::not_open: return "no application has it open in WAL mode";
    case SqlAccess::state: return "its state does not allow it: see sqlite_database_state";
    case SqlAccess::filesystem: return "its mount does not allow it, or locks cannot be seen there";
  }
  return "";
}

class Session final : public SqlReader {
 public:
  Session(const Config& config, const Log& log, const NodePaths& paths, std::ostream& out)
      : sql_(config.sql()),
        paths_(paths),
        out_(out),
        worker_({loop_, log, tools_.own_metrics, own_reader_, sql_worker_command(paths.procfs)},
                [this] { ask_if_free(); }),
        sampler_(CpuBudget(config.poll().cpu_budget, config.poll().interval), tools_.cpu_time,
                 own_reader_),
        scheduler_(config, {loop_,
                            sampler_,
                            log,
                            tools_,
                            std::make_shared<SnapshotCell>(),
                            paths,
                            nullptr,
                            {},
                            this,
                            own_reader_}) {}

  SelftestEnd run() {
    scheduler_.start();
    loop_.every(kCheckPeriod, [this] { check(); });
    const bool ended = loop_.run();
    return {verdict(), sampler_.stop() && ended};
  }

  /// Until the first pass has found them all.
  bool wants_targets() const override { return !begun_; }

  void update(SqlTargets targets) override {
    targets_ = std::move(targets);
    begun_ = true;
    current_ = targets_.begin();
    begin();
  }

  void add_readings(std::string_view /*database*/, Batch& /*batch*/) const override {}
  std::vector<TextFamily> families() const override { return {}; }

 private:
  void begin() {
    if (current_ == targets_.end()) return sum_up();
    inspection_ = std::make_shared<Inspection>(current_->second.path, false);
    before_.reset();
    attempts_ = 0;
    look();
  }

  void look() {
    looking_since_ = Clock::now();
    const auto seen = std::make_shared<Result<Seen>>(fail(Errc::internal, "not looked at"));
    loop_.in_pool(
        [inspection = inspection_, paths = paths_, seen] { *seen = look_at(*inspection, paths); },
        [this, seen, inspection = inspection_] {
          if (inspection != inspection_) return;  // it was given up
          looking_since_.reset();
          looked(std::move(*seen));
        });
  }

  void looked(Result<Seen> seen) {
    if (!seen) return leave_out(seen.error().message);
    const bool may_open = seen->access == SqlAccess::wal ||
                          (seen->access == SqlAccess::rollback && sql_.allow_rollback);
    if (!may_open) return leave_out(reason_of(seen->access));
    if (said_ && before_ == *seen) return compare(seen->values);
    if (attempts_++ == kMostAttempts) return leave_out("it is written to all the time");
    said_.reset();
    before_ = std::move(*seen);
    waits_ = true;
    ask_if_free();
  }

  void ask_if_free() {
    if (!waits_ || !worker_.is_free()) return;
    waits_ = false;
    worker_.run(comparison_request(current_->second.path), before_->access, sql_.max_pinned_frames,
                [this](Result<StatementResult> result) { answered(std::move(result)); });
  }

  void answered(Result<StatementResult> result) {
    if (!result && result.error().code != Errc::busy) return leave_out(result.error().message);
    // A writer in the way is one more attempt.
    if (result) said_ = values_of(result->rows);
    look();
  }

  /// A mount that hangs keeps its thread, and the others are compared.
  void check() {
    ask_if_free();
    if (looking_since_ && Clock::now() - *looking_since_ > kDeadline)
      leave_out("its mount did not answer for five seconds");
  }

  void compare(const ComparedValues& observed) {
    const std::vector<std::string> lines = differences(observed, *said_);
    (lines.empty() ? agree_ : differ_) += 1;
    tell(lines.empty() ? "agrees in " + std::to_string(observed.size()) + " values" : "DIFFERS");
    for (const std::string& line : lines) out_ << "    " << printable(line) << '\n';
    end();
  }

  void leave_out(const std::string& why) {
    ++left_out_;
    tell("not compared: " + why);
    end();
  }

  void tell(const std::string& what) {
    out_ << printable(current_->first) << ": " << printable(what) << '\n' << std::flush;
  }

  void end() {
    looking_since_.reset();
    said_.reset();
    inspection_.reset();
    ++current_;
    begin();
  }

  void sum_up() {
    out_ << agree_ << " agree, " << differ_ << " differ, " << left_out_ << " not compared\n"
         << std::flush;
    loop_.stop();
  }

  Verdict verdict() const {
    if (differ_ > 0) return Verdict::differs;
    return agree_ > 0 ? Verdict::agrees : Verdict::cannot_say;
  }

  const SqlConfig sql_;
  const NodePaths paths_;
  std::ostream& out_;
  const LookTools tools_ = make_tools();
  const OwnReader own_reader_ = std::make_shared<OwnReaderPids>();

  SqlTargets targets_;
  SqlTargets::const_iterator current_;
  bool begun_ = false;
  std::shared_ptr<Inspection> inspection_;  ///< of the current one
  std::optional<Clock::time_point> looking_since_;
  std::optional<Seen> before_;          ///< the look before SQL is asked
  std::optional<ComparedValues> said_;  ///< what SQL said after it
  bool waits_ = false;                  ///< for the worker
  int attempts_ = 0;
  std::size_t agree_ = 0;
  std::size_t differ_ = 0;
  std::size_t left_out_ = 0;

  Loop loop_;
  GuardedWorker worker_;
  Sampler sampler_;
  Scheduler scheduler_;

  static LookTools make_tools() {
    constexpr std::array<std::string_view, 2> kNames = {kLookName, kDiscoveryName};
    LookTools tools;
    tools.own_metrics = std::make_shared<OwnMetrics>(kNames);
    return tools;
  }
};

}  // namespace

SelftestEnd run_selftest(const Config& config, const Log& log, const NodePaths& paths,
                         std::ostream& out) {
  raise_descriptor_limit();
  return Session(config, log, paths, out).run();
}

}  // namespace sqlite_exporter

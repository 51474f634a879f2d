#include "exporter/selftest/selftest.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/descriptor_limit.h"
#include "exporter/inspect/observation.h"
#include "exporter/inspect/words.h"
#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/selftest/comparison.h"
#include "exporter/selftest/find_targets.h"
#include "exporter/sql/guarded_worker.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;
using Verdict = SelftestEnd::Verdict;

/// A writer that commits between every two looks is one that cannot be compared.
constexpr int kMostAttempts = 50;
constexpr std::chrono::milliseconds kCheckPeriod(100);

/// A look that takes longer hangs with its mount, and keeps its thread.
constexpr std::chrono::seconds kLookPatience(5);
constexpr std::size_t kMostHung = 3;

/// After that long a database is no longer one that was just found safe.
constexpr std::chrono::seconds kLookAge(1);
/// For the worker; longer than it is given for its death, and its guard.
constexpr std::chrono::seconds kWorkerPatience(15);

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
    case SqlAccess::rollback:
      return "it is in rollback mode, which is read only if that is allowed: see allow_rollback";
    case SqlAccess::not_open: return "no application has it open in WAL mode";
    case SqlAccess::filesystem: return "its mount does not allow it, or locks cannot be seen there";
    default:
      return "its state does not allow it, or it could not be looked at: see sqlite_up and "
             "sqlite_database_state";
  }
}

class Session {
 public:
  Session(SqlTargets targets, const SqlConfig& sql, const Log& log, const NodePaths& paths,
          std::ostream& out)
      : targets_(std::move(targets)),
        current_(targets_.begin()),
        sql_(sql),
        paths_(paths),
        out_(out),
        worker_({loop_, log, std::make_shared<OwnMetrics>(std::span<const std::string_view>()),
                 nullptr, sql_worker_command(paths.procfs)},
                [this] { ask_if_free(); }) {}

  /// False if a look still hangs.
  bool run() {
    for (const int signal_number : signals_to_hear())
      loop_.on_signal(signal_number, [this] { stop(); });
    loop_.every(kCheckPeriod, [this] { check(); });
    begin();
    return loop_.run();
  }

  Verdict verdict() const {
    if (differ_ > 0) return Verdict::differs;
    return agree_ > 0 && finished_ ? Verdict::agrees : Verdict::cannot_say;
  }

 private:
  /// How the comparison of one database stands.
  struct Comparison {
    std::shared_ptr<Inspection> inspection;
    int attempts = 0;
    std::optional<Clock::time_point> looking_since;
    bool look_again = false;
    std::optional<Clock::time_point> waiting_since;  ///< for the worker
    std::optional<Seen> before;                      ///< the look before SQL is asked
    std::optional<ComparedValues> said;              ///< what SQL said after it
  };

  const std::string& path() const { return current_->second.path; }

  void begin() {
    for (; current_ != targets_.end(); ++current_) {
      const SqlAccess access = current_->second.access;
      const bool may_be = may_open(sql_, access) || access == SqlAccess::suspected;
      if (may_be && !no_more_) break;
      tell_left_out(no_more_ ? *no_more_ : reason_of(access));
    }
    if (current_ == targets_.end()) return sum_up();
    now_.inspection = std::make_shared<Inspection>(path(), false);
    look();
  }

  void look() {
    now_.looking_since = Clock::now();
    const auto seen = std::make_shared<Result<Seen>>(fail(Errc::internal, "not looked at"));
    loop_.in_pool([inspection = now_.inspection, paths = paths_,
                   seen] { *seen = look_at(*inspection, paths); },
                  [this, seen, inspection = now_.inspection] {
                    if (inspection != now_.inspection) {  // it was given up
                      --hung_;
                      return let_go(inspection);
                    }
                    now_.looking_since.reset();
                    looked(std::move(*seen));
                  });
  }

  void looked(Result<Seen> seen) {
    const bool busy = !seen && seen.error().code == Errc::busy;
    if (!seen && !busy) return leave_out(seen.error().message);
    const bool suspected = seen && seen->access == SqlAccess::suspected;
    if (seen && !suspected && !may_open(sql_, seen->access))
      return leave_out(reason_of(seen->access));
    if (seen && now_.said && now_.before == *seen) return compare(seen->values);
    if (now_.attempts++ == kMostAttempts) return leave_out("it is written to all the time");
    now_.said.reset();
    if (busy || suspected) {
      now_.look_again = true;  // in a while
      return;
    }
    now_.before = std::move(*seen);
    now_.waiting_since = Clock::now();
    ask_if_free();
  }

  void ask_if_free() {
    if (!now_.waiting_since || !worker_.is_free()) return;
    const bool old = Clock::now() - *now_.waiting_since > kLookAge;
    now_.waiting_since.reset();
    if (old) return look();
    worker_.run(comparison_request(path()), std::nullopt, now_.before->access,
                sql_.max_pinned_frames,
                [this](Result<StatementResult> result) { answered(std::move(result)); });
  }

  void answered(Result<StatementResult> result) {
    if (!result && result.error().code != Errc::busy) return leave_out(result.error().message);
    // A writer in the way is one more attempt.
    if (result) now_.said = values_of(result->rows);
    look();
  }

  void check() {
    if (!out_) return stop();
    if (std::exchange(now_.look_again, false)) look();
    ask_if_free();
    const Clock::time_point now = Clock::now();
    if (now_.looking_since && now - *now_.looking_since > kLookPatience) {
      if (++hung_ == kMostHung) no_more_ = "three looks hang with their mounts";
      now_.inspection.reset();  // it is its job's
      return leave_out("its mount did not answer for five seconds");
    }
    if (!now_.waiting_since) return;
    if (!worker_.is_pausing() && now - *now_.waiting_since < kWorkerPatience) return;
    no_more_ = "the SQL worker cannot be had";
    leave_out(*no_more_);
  }

  void compare(const ComparedValues& observed) {
    if (observed.empty()) return leave_out("nothing can be read of it");
    const std::vector<std::string> lines = differences(observed, *now_.said);
    (lines.empty() ? agree_ : differ_) += 1;
    tell(lines.empty() ? "agrees in " + std::to_string(observed.size()) + " values" : "DIFFERS");
    for (const std::string& line : lines) out_ << "    " << printable(line) << '\n';
    next();
  }

  void leave_out(const std::string& why) {
    tell_left_out(why);
    next();
  }

  void tell_left_out(const std::string& why) {
    ++left_out_;
    tell("not compared: " + why);
  }

  void tell(const std::string& what) {
    out_ << printable(current_->first) << ": " << printable(what) << '\n' << std::flush;
  }

  void next() {
    if (now_.inspection) let_go(std::move(now_.inspection));
    now_ = {};
    ++current_;
    begin();
  }

  /// To close a file on a mount that hangs is no job for the loop.
  void let_go(std::shared_ptr<Inspection> inspection) {
    loop_.in_pool([inspection = std::move(inspection)] { inspection->let_go(); }, [] {});
  }

  void sum_up() {
    finished_ = true;
    out_ << agree_ << " agree, " << differ_ << " differ, " << left_out_ << " not compared\n"
         << std::flush;
    stop();
  }

  void stop() {
    worker_.stop();
    loop_.stop();
  }

  const SqlTargets targets_;
  SqlTargets::const_iterator current_;
  const SqlConfig& sql_;
  const NodePaths& paths_;
  std::ostream& out_;
  Comparison now_;
  std::size_t hung_ = 0;                ///< looks that were given up, and are not back
  std::optional<std::string> no_more_;  ///< why the rest is not compared
  std::size_t agree_ = 0;
  std::size_t differ_ = 0;
  std::size_t left_out_ = 0;
  bool finished_ = false;
  Loop loop_;
  GuardedWorker worker_;
};

}  // namespace

SelftestEnd run_selftest(const Config& config, const Log& log, const NodePaths& paths,
                         std::ostream& out) {
  for (const int signal_number : signals_to_hear()) defer_signal(signal_number);
  raise_descriptor_limit();
  FoundTargets found = find_targets(config, log, paths);
  if (!found.targets) return {Verdict::cannot_say, found.ended};
  Session session(std::move(*found.targets), config.sql(), log, paths, out);
  const bool ended = session.run();
  return {session.verdict(), ended && found.ended};
}

}  // namespace sqlite_exporter

#include "exporter/sql/query_runner.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "exporter/sql/sync_readings.h"
#include "exporter/text_format.h"

namespace sqlite_exporter {

namespace {

/// A worker that others keep busy lets results grow old; older than this they are no answer.
constexpr int kMostIntervals = 3;

bool is_for(const QueryConfig& query, const std::string& database) {
  return std::ranges::any_of(query.databases, [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), database.c_str(), FNM_NOESCAPE) == 0;
  });
}

bool has_label(std::string_view labels, std::string_view name) {
  const std::string assigned = std::string(name).append("=\"");
  for (std::size_t at = labels.find(assigned); at != std::string_view::npos;
       at = labels.find(assigned, at + 1))
    if (at == 0 || labels[at - 1] == ',') return true;
  return false;
}

/// After a reload a database may have its labels of before for a while: Prometheus refuses a page
/// on which a sample has a label twice.
bool collides(const QueryMetric& metric, std::string_view labels) {
  return (metric.value_label && has_label(labels, *metric.value_label)) ||
         std::ranges::any_of(metric.labels,
                             [&](const std::string& name) { return has_label(labels, name); });
}

std::string_view collector_of(const QueryConfig& query) {
  return query.sync ? kSyncName : kQueryName;
}

}  // namespace

QueryRunner::QueryRunner(const SqlConfig& config, SqlWorker::Parts parts)
    : parts_(std::move(parts)), worker_(parts_, [this] { freed(); }) {
  configure(config);
}

void QueryRunner::configure(const SqlConfig& config) {
  const std::vector<QueryConfig> before = std::exchange(config_, config).queries;
  ready_.clear();
  for (auto& [name, database] : databases_) {
    std::vector<Run> old = std::exchange(database, new_database(name, database.path)).runs;
    for (std::size_t i = 0; i < config_.queries.size(); ++i) {
      const auto same = std::ranges::find(before, config_.queries[i]);
      if (same != before.end())
        database.runs[i] = std::move(old[static_cast<std::size_t>(same - before.begin())]);
    }
  }
  if (!wants_targets()) {
    databases_.clear();
    targets_.clear();
    worker_.let_go();
  } else {
    parts_.own_metrics->expect_worker();
    for (const QueryConfig& query : config_.queries)
      parts_.own_metrics->expect_errors(collector_of(query));
  }
}

QueryRunner::Database QueryRunner::new_database(const std::string& name,
                                                const std::string& path) const {
  Database database{path, std::vector<Run>(config_.queries.size())};
  for (std::size_t i = 0; i < config_.queries.size(); ++i)
    database.runs[i].wanted = is_for(config_.queries[i], name);
  return database;
}

void QueryRunner::update(SqlTargets targets) {
  targets_ = std::move(targets);
  ready_.clear();
  std::erase_if(databases_, [this](const auto& item) { return !targets_.contains(item.first); });
  const Clock::time_point now = Clock::now();
  const Clock::duration period = now - std::exchange(updated_, now);
  for (const auto& [name, target] : targets_) {
    const auto known = databases_.find(name);
    // At another path it is another database.
    if (known == databases_.end() || known->second.path != target.path)
      databases_.insert_or_assign(name, new_database(name, target.path));
    for (std::size_t i = 0; i < config_.queries.size(); ++i)
      make_ready(i, name, target, now, period);
  }
  std::ranges::sort(ready_, {}, &Due::since);
  start_next();
}

void QueryRunner::make_ready(std::size_t query, const std::string& name, const SqlTarget& target,
                             Clock::time_point now, Clock::duration period) {
  Run& run = databases_.at(name).runs[query];
  if (!run.wanted) return;
  run.skipped.reset();
  // What was found is shown in the pass after it, however short the interval.
  const Clock::duration interval =
      std::max<Clock::duration>(config_.queries[query].interval, period);
  const bool old = now - run.found > kMostIntervals * interval;
  const bool safe = may_open(config_, target.access);
  const bool suspected = target.access == SqlAccess::suspected;  // the next pass will tell
  // It is not what it was: the next run does not wait for its time.
  const bool lost = target.access == SqlAccess::state || target.access == SqlAccess::filesystem;
  if (lost && run.success) run.due = now;
  if (old || (now >= run.due && !safe && !suspected)) {
    run.success.reset();
    run.forget();
  }
  if (now < run.due || suspected) return;
  if (safe) {
    ready_.push_back({query, name, run.due});
  } else {
    run.skipped = target.access;
  }
}

void QueryRunner::start_next() {
  while (!stopped_ && worker_.is_free() && !ready_.empty()) {
    Due due = std::move(ready_.front());
    ready_.pop_front();
    const auto target = targets_.find(due.database);
    const auto database = databases_.find(due.database);
    if (target == targets_.end() || database == databases_.end()) continue;
    if (Clock::now() < database->second.runs[due.query].due) continue;  // it ran meanwhile
    start(std::move(due), target->second);
  }
}

void QueryRunner::start(Due due, const SqlTarget& target) {
  const QueryConfig& query = config_.queries[due.query];
  const Begun begun{std::move(due), target.path, query, Clock::now()};
  // In step with the last time, unless a time was missed: passes come a little late.
  const Clock::time_point next = begun.due.since + query.interval;
  databases_.at(begun.due.database).runs[begun.due.query].due =
      next > begun.at ? next : begun.at + query.interval;
  running_ = true;
  worker_.run(request_of(query, target.path), target.link_owner, target.access,
              config_.max_pinned_frames,
              [this, begun](Result<StatementResult> result) { finish(begun, std::move(result)); });
}

void QueryRunner::freed() {
  if (!wants_targets()) return worker_.let_go();
  start_next();
}

void QueryRunner::finish(const Begun& begun, Result<StatementResult> result) {
  running_ = false;
  const auto database = databases_.find(begun.due.database);
  // After a reload it may have another place, or be another under the same name.
  const auto query = std::ranges::find(config_.queries, begun.query);
  if (query == config_.queries.end() || database == databases_.end() ||
      database->second.path != begun.path)
    return;
  Run& run = database->second.runs[static_cast<std::size_t>(query - config_.queries.begin())];
  const std::optional<Error> error = keep(*query, std::move(result), run);
  run.found = begun.at;
  run.success = !error;
  tell(*query, database->first, run, error);
}

std::optional<Error> QueryRunner::keep(const QueryConfig& query, Result<StatementResult> result,
                                       Run& run) {
  run.forget();
  if (!result) return std::move(result.error());
  run.seconds = result->seconds;
  if (query.sync) {
    run.sync = std::move(result->rows);
    limit_states(run.sync, run.states);
    return std::move(result->shortfall);
  }
  auto samples = samples_of(query, result->rows);
  if (!samples) return std::move(samples.error());
  run.samples = std::move(*samples);
  return std::nullopt;
}

void QueryRunner::tell(const QueryConfig& query, const std::string& database, Run& run,
                       const std::optional<Error>& error) {
  if (!error) {
    if (run.told)
      parts_.log.info("the query gives samples again",
                      {{"query", query.name}, {"database", database}});
    return run.told.reset();
  }
  parts_.own_metrics->count_collector_error(collector_of(query), error->code);
  if (run.told == error->message) return;
  run.told = error->message;
  const bool failed = run.samples.empty() && run.sync.empty();
  parts_.log.warn(failed ? "a query failed" : "a query gave only a part of its samples",
                  {{"query", query.name},
                   {"database", database},
                   {"reason", std::string(to_string(error->code))},
                   {"error", error->message}});
}

void QueryRunner::add_readings(std::string_view database, Batch& batch) const {
  const auto found = databases_.find(database);
  if (found == databases_.end()) return;
  for (std::size_t i = 0; i < config_.queries.size(); ++i) {
    const Run& run = found->second.runs[i];
    const std::string& query = config_.queries[i].name;
    if (run.success) batch.add(kQuerySuccess, *run.success ? 1 : 0, {query});
    if (run.success == true) batch.add(kQueryDuration, run.seconds, {query});
    if (run.skipped)
      batch.add(kQuerySkipped, 1, {query, kSqlAccessNames[static_cast<std::size_t>(*run.skipped)]});
    add_sync_readings(run.sync, batch);
  }
}

std::vector<TextFamily> QueryRunner::families() const {
  std::vector<TextFamily> families;
  for (std::size_t i = 0; i < config_.queries.size(); ++i) {
    for (std::size_t j = 0; j < config_.queries[i].metrics.size(); ++j) {
      const QueryMetric& metric = config_.queries[i].metrics[j];
      TextFamily family{metric.name, metric.help, metric.type, {}};
      for (const auto& [name, database] : databases_) {
        const Run& run = database.runs[i];
        if (run.samples.empty()) continue;
        const std::string& labels = *targets_.at(name).labels;
        if (collides(metric, labels)) continue;
        for (const QuerySample& sample : run.samples[j])
          append_sample(family.samples, metric.name, labels, sample.labels, sample.value);
      }
      if (!family.samples.empty()) families.push_back(std::move(family));
    }
  }
  std::ranges::sort(families, {}, &TextFamily::name);
  return families;
}

void QueryRunner::stop() {
  stopped_ = true;
  worker_.stop();
}

}  // namespace sqlite_exporter

/// The half of the scheduler that takes what jobs bring, and makes pages of it.
#include <prometheus/metric_family.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "exporter/clock.h"
#include "exporter/scheduler.h"
#include "exporter/subject_facts.h"

namespace sqlite_exporter {

namespace {

/// A snapshot older than this many intervals is never served as new.
constexpr int kSnapshotIntervals = 3;

/// Readings are shown for so many intervals after their look, in a page that is good for one more.
constexpr int kKeptIntervals = kSnapshotIntervals - 1;

/// Somebody's link led to it, and it may be another's by now: a walk that way will tell.
bool may_be_refused(const LookTask& task) {
  return task.link_owner && std::ranges::any_of(task.failures, [](const CollectorFailure& failure) {
           return failure.error.code == Errc::denied;
         });
}

}  // namespace

void Scheduler::job_done(const Job& job) {
  for (const auto& subject : job->subjects)
    if (subject->job == job.get()) subject->job = nullptr;
  // A late table is a table: the next one may not be read within five seconds of it.
  if (job->node && job->node->locks) lock_holders_ = job->node->locks;
  // What a late discovery found is there; what a stalled look saw is old by now.
  collect_discovery(*job);
  if (job->stalled) return tell_stalled_mounts();
  if (job->node) node_ = job->node;
  if (job->node || job->node_error) {
    const bool missing = job->node_error && job->node_error->code == Errc::no_data;
    found_.limits[static_cast<std::size_t>(AttributionLimit::procfs)] = missing;
    judge_.procfs(missing, parts_.paths.procfs);
  }
  if (job->node_error)
    keep_failure(found_.node.failures, kLookName, *job->node_error, *parts_.tools.own_metrics);
  collect(*job, !job->late);
  const bool of_node = job->looks.empty() && job->mounts.empty() && job->node_task;
  if (of_node && !job->late) {
    found_.node = std::move(*job->node_task);
    node_looked_ = node_begun_;
    judge_.looked(found_.node);
  }
  // Those that it did not come to had to wait for it.
  if (job->late && !of_node && phase_ == Phase::looks) start_looks(job->filesystem.id);
}

void Scheduler::collect_discovery(PassJob& job) {
  if (job.discovery.empty()) return;
  const auto now = Discoverer::Clock::now();
  for (DiscoveryTask& task : job.discovery) {
    if (const auto before = discoverer_.last_troubles(task.id); before && task.is_whole())
      judge_.discovered(task, *before);
    parts_.tools.own_metrics->observe_collector(kDiscoveryName,
                                                std::chrono::duration<double>(task.took).count());
    parts_.tools.own_metrics->count_discovery_cpu(std::chrono::duration<double>(task.cpu).count());
    if (task.error)
      parts_.tools.own_metrics->count_collector_error(kDiscoveryName, task.error->code);
    discoverer_.done(std::move(task), now,
                     [this](const std::string& path) { return filesystem_of(path).mountpoint; });
  }
  // Mounts that a walk met are walked in the same pass.
  if (phase_ == Phase::discovery) start_due_discovery();
}

void Scheduler::collect(PassJob& job, bool ended) {
  if (job.stalled || (job.looks.empty() && job.mounts.empty())) return;
  const std::size_t done = job.progress.done();
  // Filesystems come before the first look, and the next pass asks them again. Until then they are
  // the job's.
  if ((done > 0 || ended) && job.node_task) collect_filesystems(job);
  for (; job.collected < done; ++job.collected)
    collect_look(job.looks[job.collected], *job.subjects[job.collected]);
}

void Scheduler::collect_look(LookTask& task, Subject& subject) {
  if (task.starved) return cpu_watch_.samples_late();
  const auto known = subjects_.all().find(task.name);
  // Another one by now, if it is a look of a pass before.
  if (known == subjects_.all().end() || known->second.get() != &subject ||
      subject.path != task.path)
    return;
  subject.looked = task.begun;
  judge_.looked(task);
  if (task.states) {
    const StateSet excluded = discoverer_.config()->exclude_states;
    subject.excluded = is_hidden(subject, subjects_, *task.states & excluded);
  }
  for (std::size_t limit = 0; limit < found_.limits.size(); ++limit)
    found_.limits[limit] = found_.limits[limit] || task.limits[limit];
  const bool absent = task.states && task.states->contains(DatabaseState::absent);
  if (absent || may_be_refused(task)) absent_.insert(task.path);
  found_.access[task.name] = task.access;
  found_.looked.insert_or_assign(task.name, std::move(task.batch));
  found_.node.look.holders.insert(task.holders.begin(), task.holders.end());
}

void Scheduler::collect_filesystems(PassJob& job) {
  std::ranges::move(job.node_task->look.filesystems,
                    std::back_inserter(found_.node.look.filesystems));
  std::ranges::move(job.node_task->failures, std::back_inserter(found_.node.failures));
  job.node_task.reset();
}

PageContext Scheduler::page_context() const {
  PageContext context;
  context.now = Snapshot::Clock::now();
  context.looks_begun = looks_begun_;
  context.kept_for = kKeptIntervals * poll_.interval;
  context.is_stalled = [this](const Subject& subject) {
    const FilesystemId filesystem = filesystem_of(subject.path).id;
    return jobs_.is_stalled(Phase::looks, filesystem) ||
           jobs_.is_stalled(Phase::discovery, filesystem);
  };
  context.sql = parts_.sql;
  context.node_is_young = node_looked_ && context.now - *node_looked_ <= context.kept_for;
  return context;
}

void Scheduler::publish_between() {
  const std::shared_ptr<const Snapshot> previous = parts_.snapshot->get();
  if (!previous) return;  // the first one says that every database had its turn
  jobs_.for_each(Phase::looks, [this](PassJob& job) { collect(job, false); });
  PageContext context = page_context();
  context.previous = previous.get();
  context.node_looked = false;
  const bool rotates = waiting_ > 0 || cut_;
  const bool has_news = rotates && !found_.looked.empty();
  if (!has_news && !previous->is_stale(context.now + poll_.interval)) return;
  // Where readings would get lost, the page that there is serves until it is too old. Where passes
  // are cut they get lost anyway.
  if (!rotates && loses_readings(subjects_, context)) return;
  PassFindings found;
  found.looked = std::exchange(found_.looked, {});
  publish(page_of(subjects_, std::move(found), context));
}

void Scheduler::publish() {
  phase_ = Phase::idle;
  SqlReader* const sql = parts_.sql;
  if (sql != nullptr && sql->wants_targets()) sql->update(targets_of(subjects_, found_));
  const std::shared_ptr<const Snapshot> previous = parts_.snapshot->get();
  PageContext context = page_context();
  context.previous = previous.get();
  context.node_looked = node_looked_ == node_begun_;
  Page page = page_of(subjects_, std::exchange(found_, {}), context);
  waiting_ = page.waiting;
  const std::optional<CpuShortage> shortage = cpu_watch_.end_pass();
  judge_.pass_ended(waiting_, shortage.has_value());
  judge_.short_of_cpu(shortage);
  parts_.tools.own_metrics->count_pass(waiting_);
  parts_.tools.own_metrics->set_cpu_starved(shortage.has_value());
  const std::size_t opened = opened_each_time(subjects_);
  parts_.tools.own_metrics->set_opened_each_time(opened);
  judge_.descriptors(opened);
  judge_.sum_up();
  publish(std::move(page));
  if (parts_.published) parts_.published(*parts_.snapshot->get());
}

void Scheduler::publish(Page page) {
  const std::size_t shown = page.readings.size() - 1;
  OwnMetrics& own = *parts_.tools.own_metrics;
  own.set_databases(shown, subjects_.all().size() - shown, subjects_.over_limit());
  const DiscoveryStatus discovery = discoverer_.status();
  own.set_discovery(discovery);
  judge_.denied_processes(discovery.denied_processes);
  judge_.rescans(discovery.rescan_period, discoverer_.config()->rescan_interval);
  parts_.sampler.leave_to_walks(discoverer_.cpu_share());
  own.set_stalled_mounts(stalled_.size());
  const std::uint64_t looks = parts_.sampler.looks();
  own.count_sampler_looks(looks - std::exchange(looks_counted_, looks));
  own.set_looks_cpu(parts_.sampler.cpu_seconds());
  own.set_sampler_slowdown(parts_.sampler.slowdown());
  judge_.slowed(parts_.sampler.slowdown());
  own.set_lost_log_lines(parts_.log.lost_lines());
  own.set_snapshot_time(unix_now());
  SqlReader* const sql = parts_.sql;
  parts_.snapshot->set(
      std::make_shared<const Snapshot>(std::move(page.readings), own.collect(),
                                       sql == nullptr ? std::vector<TextFamily>() : sql->families(),
                                       page.oldest, kSnapshotIntervals * poll_.interval));
}

}  // namespace sqlite_exporter

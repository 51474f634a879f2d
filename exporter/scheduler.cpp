#include "exporter/scheduler.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "collectors/filesystem.h"
#include "exporter/clock.h"
#include "exporter/exclude.h"
#include "exporter/subject_facts.h"

namespace sqlite_exporter {

namespace {

constexpr std::chrono::milliseconds kStallCheckPeriod(100);

/// A snapshot older than this many intervals is never served as new.
constexpr int kSnapshotIntervals = 3;

/// A pass that goes on, though slowly, is left alone for so many intervals: its snapshot is fresh
/// yet.
constexpr int kPassIntervals = 2;

/// Databases whose entry is gone from the configuration wait so long for the new walks, which may
/// find them under another.
constexpr std::chrono::minutes kNewWalksPatience(1);

/// A pass waits so long for discovery that gets on. The first one is worth waiting for: readiness
/// says that every database was looked at.
constexpr std::chrono::seconds kDiscoveryPatience(1);
constexpr std::chrono::seconds kFirstDiscoveryPatience(30);

}  // namespace

Scheduler::Scheduler(const Config& config, Parts parts)
    : poll_(config.poll()),
      parts_(std::move(parts)),
      jobs_(parts_.loop, [this] { end_phase_if_done(); }),
      judge_(parts_.log),
      discoverer_(parts_.paths.rootfs, parts_.watch),
      subjects_(discovery_entries(config), poll_.max_databases, parts_.paths.rootfs) {
  discoverer_.configure(discovery_entries(config), config.discovery());
  // Until the first mount table is read nothing is known of the node but where to look for it.
  Node node;
  node.paths = parts_.paths;
  node_ = std::make_shared<const Node>(std::move(node));
}

void Scheduler::reconfigure(const Config& config, const std::vector<const Collector*>& collectors,
                            const std::vector<const NodeCollector*>& node_collectors) {
  // A pass in the middle goes on with the names it began with.
  reconfigure_ = [this, config, collectors, node_collectors] {
    poll_ = config.poll();
    parts_.tools.collectors = collectors;
    parts_.tools.node_collectors = node_collectors;
    const std::vector<std::string>& exclude = config.discovery().exclude;
    subjects_.configure(discovery_entries(config), poll_.max_databases, [&](std::string_view path) {
      return sqlite_exporter::is_excluded(exclude, path);
    });
    discoverer_.configure(discovery_entries(config), config.discovery());
    configured_ = Snapshot::Clock::now();
    judge_.keep_only([this](const std::string& name) { return subjects_.all().contains(name); });
    parts_.sampler.set_budget(CpuBudget(poll_.cpu_budget, poll_.interval));
    parts_.loop.set_period(timer_, poll_.interval);
  };
  if (phase_ == Phase::idle && jobs_.pass() > 0) begin_pass();
}

void Scheduler::start() {
  timer_ = parts_.loop.every(poll_.interval, [this] { tick(); });
  parts_.loop.every(kStallCheckPeriod, [this] { watch_jobs(); });
}

void Scheduler::tick() {
  if (phase_ == Phase::discovery) return;  // it has patience of its own
  if (phase_ != Phase::idle) {
    // A tick that comes a little early must not leave it for one more interval.
    const Snapshot::Clock::duration longest = kPassIntervals * poll_.interval - poll_.interval / 4;
    if (Snapshot::Clock::now() - pass_begun_ <
        std::max<Snapshot::Clock::duration>(longest, kStallDeadline))
      return;
    // What it has not looked at by now shows up 0.
    jobs_.cut();
    tell_stalled_mounts();
    publish();
  }
  begin_pass();
}

void Scheduler::watch_jobs() {
  jobs_.watch(jobs_.pass() == 1 ? kFirstDiscoveryPatience : kDiscoveryPatience);
  parts_.sampler.supervise(kStallDeadline);
  tell_stalled_mounts();
  end_phase_if_done();
}

void Scheduler::tell_stalled_mounts() {
  std::map<FilesystemId, std::string> stalled = parts_.sampler.stalled();
  jobs_.for_each_stalled([&](Phase, const PassJob& job) {
    stalled.emplace(job.filesystem.id, job.filesystem.mountpoint);
  });
  for (const auto& [filesystem, mountpoint] : stalled)
    if (!stalled_.contains(filesystem)) judge_.mount_stalled(mountpoint);
  for (const auto& [filesystem, mountpoint] : stalled_)
    if (!stalled.contains(filesystem)) judge_.mount_answers(mountpoint);
  stalled_ = std::move(stalled);
}

void Scheduler::begin_pass() {
  if (const auto apply = std::exchange(reconfigure_, nullptr)) apply();
  jobs_.begin_pass();
  pass_begun_ = looks_begun_ = Snapshot::Clock::now();
  phase_ = Phase::mounts;
  found_ = {};
  if (jobs_.is_running(phase_, procfs().id)) return end_phase_if_done();
  auto job = std::make_shared<PassJob>();
  job->filesystem = procfs();
  const bool locked = somebody_holds_a_lock(subjects_);
  start(job, [job, paths = parts_.paths, own = parts_.own_reader, open_files = open_files_, locked,
              known = lock_holders_] {
    job->progress.step();
    // Without a mount table nothing can be kept apart: the old one, or one group for all.
    Result<Node> node = read_node(paths);
    if (!node) {
      job->node_error = node.error();
      return;
    }
    node->own_reader = own;
    node->open_files = open_files;
    if (locked) read_lock_holders(*node, known, [&job] { job->progress.step(); });
    job->node = std::make_shared<const Node>(std::move(*node));
  });
}

void Scheduler::begin_discovery() {
  phase_ = Phase::discovery;
  known_paths_ = std::make_shared<const KnownPaths>(subjects_.paths());
  abandon_lost_discovery();
  discoverer_.begin_pass();
  discoverer_.look_again_for(std::exchange(absent_, {}));
  discoverer_.read_changes(*known_paths_);
  start_due_discovery();
  end_phase_if_done();
}

void Scheduler::abandon_lost_discovery() {
  jobs_.for_each_stalled([this](Phase phase, const PassJob& job) {
    if (phase != Phase::discovery) return;
    for (const DiscoveryTask& task : job.discovery)
      if (filesystem_of(task).id != job.filesystem.id) discoverer_.abandon(task.id);
  });
}

void Scheduler::start_due_discovery() {
  std::vector<DiscoveryTask> tasks =
      discoverer_.due(Discoverer::Clock::now(), [this](const DiscoveryTask& task) {
        const FilesystemId filesystem = filesystem_of(task).id;
        return jobs_.is_running(Phase::discovery, filesystem) ||
               jobs_.is_stalled(Phase::looks, filesystem);
      });
  Jobs jobs;
  for (DiscoveryTask& task : tasks)
    job_on(filesystem_of(task), jobs).discovery.push_back(std::move(task));
  const DiscoveryContext context{node_, discoverer_.config(), discoverer_.watch(), known_paths_};
  for (const auto& [id, job] : jobs) {
    start(job, [job, context] {
      for (DiscoveryTask& task : job->discovery)
        run_discovery(task, context, [&job] { job->progress.step(); });
    });
  }
}

void Scheduler::begin_looks() {
  phase_ = Phase::looks;
  // Readings are as old as this; discovery before it may have taken its time.
  looks_begun_ = Snapshot::Clock::now();
  if (looks_begun_ - pass_begun_ >= poll_.interval) pass_begun_ = looks_begun_;
  const bool settled = discoverer_.complete() || looks_begun_ - configured_ >= kNewWalksPatience;
  apply(subjects_.merge(discoverer_.findings(), settled));
  judge_.over_limit(subjects_.over_limit(), poll_.max_databases);
  Jobs jobs;
  for (const auto& [name, subject] : subjects_.all()) {
    enrol(*subject);
    const Filesystem filesystem = filesystem_of(subject->path);
    if (subject->job != nullptr) {
      if (subject->job->filesystem.id == filesystem.id) continue;
      // The job hangs, perhaps for good, where this path does not lead any more.
      subject->kept = std::make_shared<Subject::Kept>();
    }
    if (is_held_up(filesystem.id)) continue;
    PassJob& job = job_on(filesystem, jobs);
    subject->job = &job;
    job.subjects.push_back(subject);
    LookTask& task = job.looks.emplace_back();
    task.name = subject->name;
    task.path = subject->path;
    task.sampled = subject->sampled;
    task.sample = subject->sample;
    task.kept = subject->kept;
  }
  add_mounts(jobs);
  for (const auto& [id, job] : jobs) {
    start(job, [job, node = node_, tools = parts_.tools] {
      run_looks(job->looks, *node, tools, job->progress);
      look_at_filesystems(job->mounts, tools, job->node_task.emplace(), job->progress);
    });
  }
  end_phase_if_done();
}

bool Scheduler::is_held_up(FilesystemId filesystem) const {
  return jobs_.is_running(Phase::looks, filesystem) ||
         jobs_.is_stalled(Phase::discovery, filesystem);
}

PassJob& Scheduler::job_on(const Filesystem& filesystem, Jobs& jobs) {
  Job& job = jobs[filesystem.id];
  if (!job) {
    job = std::make_shared<PassJob>();
    job->filesystem = filesystem;
  }
  return *job;
}

void Scheduler::add_mounts(Jobs& jobs) const {
  if (std::ranges::find(parts_.tools.node_collectors, &kFilesystemNodeCollector) ==
      parts_.tools.node_collectors.end())
    return;
  for (const Mount* mount : mounts_of(subjects_, node_->mounts)) {
    const Filesystem filesystem = filesystem_of(mount->mountpoint);
    if (!is_held_up(filesystem.id)) job_on(filesystem, jobs).mounts.push_back(*mount);
  }
}

void Scheduler::begin_node_look() {
  phase_ = Phase::node;
  if (jobs_.is_running(phase_, procfs().id)) return end_phase_if_done();
  auto job = std::make_shared<PassJob>();
  job->filesystem = procfs();
  job->node_task = std::exchange(found_.node, {});
  start(job, [job, node = node_, tools = parts_.tools] {
    job->node_task->look.node = node.get();
    run_node_look(*job->node_task, tools, job->progress);
  });
}

void Scheduler::end_phase_if_done() {
  if (jobs_.is_awaited()) return;
  switch (phase_) {
    case Phase::idle: return;
    case Phase::mounts: return begin_discovery();
    case Phase::discovery: return begin_looks();
    case Phase::looks: return begin_node_look();
    case Phase::node:
      publish();
      if (reconfigure_) begin_pass();
  }
}

void Scheduler::start(const Job& job, Loop::Callback work) {
  jobs_.start(phase_, job, std::move(work), [this](const Job& done) { job_done(done); });
}

void Scheduler::job_done(const Job& job) {
  for (const auto& subject : job->subjects)
    if (subject->job == job.get()) subject->job = nullptr;
  // A late table is a table: the next one may not be read within five seconds of it.
  if (job->node && job->node->locks) lock_holders_ = job->node->locks;
  // What a late discovery found is there; what a stalled look saw is old by now.
  collect_discovery(*job);
  if (job->stalled) tell_stalled_mounts();
  if (!job->stalled && !job->late) collect(*job);
}

void Scheduler::collect_discovery(PassJob& job) {
  if (job.discovery.empty()) return;
  const auto now = Discoverer::Clock::now();
  for (DiscoveryTask& task : job.discovery) {
    if (const auto before = discoverer_.last_troubles(task.id); before && !task.is_half_way())
      judge_.discovered(task, *before);
    parts_.tools.own_metrics->observe_collector(kDiscoveryName,
                                                std::chrono::duration<double>(task.took).count());
    if (task.error)
      parts_.tools.own_metrics->count_collector_error(kDiscoveryName, task.error->code);
    discoverer_.done(std::move(task), now,
                     [this](const std::string& path) { return filesystem_of(path).mountpoint; });
  }
  // Mounts that a walk met are walked in the same pass.
  if (phase_ == Phase::discovery) start_due_discovery();
}

void Scheduler::collect(PassJob& job) {
  if (job.node) node_ = job.node;
  if (job.node_error)
    keep_failure(found_.node.failures, kLookName, *job.node_error, *parts_.tools.own_metrics);
  for (std::size_t i = 0; i < job.looks.size(); ++i) {
    LookTask& task = job.looks[i];
    judge_.looked(task);
    if (task.states) {
      const StateSet excluded = discoverer_.config()->exclude_states;
      job.subjects[i]->excluded = is_hidden(*job.subjects[i], subjects_, *task.states & excluded);
    }
    for (std::size_t limit = 0; limit < found_.limits.size(); ++limit)
      found_.limits[limit] = found_.limits[limit] || task.limits[limit];
    if (task.states && task.states->contains(DatabaseState::absent)) absent_.insert(task.path);
    found_.access[task.name] = task.access;
    found_.looked.insert_or_assign(task.name, std::move(task.batch));
    found_.node.look.holders.insert(task.holders.begin(), task.holders.end());
  }
  if (!job.node_task) return;
  if (phase_ == Phase::node) {
    found_.node = std::move(*job.node_task);
    return judge_.looked(found_.node);
  }
  std::ranges::move(job.node_task->look.filesystems,
                    std::back_inserter(found_.node.look.filesystems));
  std::ranges::move(job.node_task->failures, std::back_inserter(found_.node.failures));
}

void Scheduler::apply(const Subjects::Changes& changes) {
  for (const auto& subject : changes.moved) {
    const Filesystem filesystem = filesystem_of(subject->path);
    if (subject->sampled && !filesystem.remote)
      parts_.sampler.watch(subject->sample, subject->path, filesystem);
  }
  for (const auto& subject : changes.removed) {
    if (subject->sampled) parts_.sampler.forget(subject->sample);
    judge_.forget(*subject);
  }
}

void Scheduler::enrol(Subject& subject) {
  const Mount* const mount = node_->mounts.answering(subject.path);
  const bool sample = mount != nullptr && !mount->remote;
  if (sample == subject.sampled && (!sample || mount->superblock == subject.filesystem)) return;
  if (sample && !subject.sampled) {
    Sample none;
    none.taken = std::chrono::steady_clock::now();
    subject.sample->set(std::move(none));
  }
  subject.sampled = sample;
  if (sample) {
    subject.filesystem = mount->superblock;
    parts_.sampler.watch(subject.sample, subject.path, filesystem_of(subject.path));
  } else {
    parts_.sampler.forget(subject.sample);
  }
}

void Scheduler::publish() {
  phase_ = Phase::idle;
  SqlReader* const sql = parts_.sql;
  if (sql != nullptr && sql->wants_targets()) sql->update(targets_of(subjects_, found_));
  std::vector<SubjectReadings> readings = readings_of(subjects_, std::exchange(found_, {}), sql);
  const std::size_t shown = readings.size() - 1;
  OwnMetrics& own = *parts_.tools.own_metrics;
  own.set_databases(shown, subjects_.all().size() - shown, subjects_.over_limit());
  own.set_discovery(discoverer_.status());
  judge_.denied_processes(discoverer_.status().denied_processes);
  own.set_stalled_mounts(stalled_.size());
  const std::uint64_t looks = parts_.sampler.looks();
  own.count_sampler_looks(looks - std::exchange(looks_counted_, looks));
  own.set_looks_cpu(parts_.sampler.cpu_seconds());
  own.set_sampler_slowdown(parts_.sampler.slowdown());
  judge_.slowed(parts_.sampler.slowdown());
  own.set_lost_log_lines(parts_.log.lost_lines());
  own.set_snapshot_time(unix_now());
  auto snapshot =
      std::make_shared<const Snapshot>(std::move(readings), own.collect(),
                                       sql == nullptr ? std::vector<TextFamily>() : sql->families(),
                                       looks_begun_, kSnapshotIntervals * poll_.interval);
  parts_.snapshot->set(snapshot);
  if (parts_.published) parts_.published(*snapshot);
}

Filesystem Scheduler::filesystem_of(const DiscoveryTask& task) const {
  return task.kind == DiscoveryTask::Kind::processes ? procfs() : filesystem_of(task.touches());
}

}  // namespace sqlite_exporter

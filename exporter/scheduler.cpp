#include "exporter/scheduler.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "collectors/holders.h"
#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/naming.h"
#include "exporter/pass_job.h"

namespace sqlite_exporter {

namespace {

/// Without a step for this long a job's mount is stalled.
constexpr std::chrono::milliseconds kStallDeadline(1000);
constexpr std::chrono::milliseconds kStallCheckPeriod(100);

/// A snapshot older than this many intervals is never served as new.
constexpr int kSnapshotIntervals = 3;

/// A pass that goes on, though slowly, is left alone for so many intervals: its snapshot is fresh
/// yet.
constexpr int kPassIntervals = 2;

/// A pass waits so long for discovery that gets on. The first one is worth waiting for: readiness
/// says that every database was looked at.
constexpr std::chrono::seconds kDiscoveryPatience(1);
constexpr std::chrono::seconds kFirstDiscoveryPatience(30);

}  // namespace

Scheduler::Scheduler(const Config& config, Parts parts)
    : poll_(config.poll()),
      parts_(std::move(parts)),
      queue_(parts_.loop),
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
    subjects_.configure(discovery_entries(config), poll_.max_databases);
    discoverer_.configure(discovery_entries(config), config.discovery());
    parts_.sampler.set_budget(CpuBudget(poll_.cpu_budget, poll_.interval));
    parts_.loop.set_period(timer_, poll_.interval);
  };
}

void Scheduler::start() {
  timer_ = parts_.loop.every(poll_.interval, [this] { tick(); });
  parts_.loop.every(kStallCheckPeriod, [this] { watch_jobs(); });
}

void Scheduler::tick() {
  if (phase_ == Phase::discovery) return;  // it has patience of its own
  if (phase_ != Phase::idle) {
    const Snapshot::Clock::duration longest = kPassIntervals * poll_.interval;
    if (Snapshot::Clock::now() - pass_begun_ <
        std::max<Snapshot::Clock::duration>(longest, kStallDeadline))
      return;
    // What it has not looked at by now shows up 0.
    for (auto& [key, job] : running_)
      if (key.first != Phase::discovery) job->late = true;
    tell_stalled_mounts();
    publish();
  }
  begin_pass();
}

void Scheduler::watch_jobs() {
  const auto now = Progress::Clock::now();
  const auto patience = pass_ == 1 ? kFirstDiscoveryPatience : kDiscoveryPatience;
  for (auto& [key, job] : running_) {
    if (job->progress.stuck(now, kStallDeadline) || queue_.is_blocked(job->ticket)) {
      queue_.give_up(job->ticket);
      job->stalled = true;
      stop_waiting_for(*job);
    } else if (key.first == Phase::discovery && now - job->begun >= patience) {
      stop_waiting_for(*job);
    }
  }
  parts_.sampler.supervise(kStallDeadline);
  tell_stalled_mounts();
  end_phase_if_done();
}

void Scheduler::stop_waiting_for(Job& job) {
  if (std::exchange(job.awaited, false) && job.pass == pass_) --awaited_;
}

void Scheduler::tell_stalled_mounts() {
  const std::vector<std::string> sampled = parts_.sampler.stalled_mounts();
  std::set<std::string> stalled(sampled.begin(), sampled.end());
  for (const auto& [key, job] : running_)
    if (job->stalled) stalled.insert(key.second);
  for (const std::string& mountpoint : stalled)
    if (!stalled_mounts_.contains(mountpoint)) judge_.mount_stalled(mountpoint);
  for (const std::string& mountpoint : stalled_mounts_)
    if (!stalled.contains(mountpoint)) judge_.mount_answers(mountpoint);
  stalled_mounts_ = std::move(stalled);
}

bool Scheduler::somebody_holds_a_lock() const {
  return std::ranges::any_of(subjects_.all(), [](const auto& item) {
    const Sample sample = item.second->sample->get();
    return !item.second->sampled || sample.attached || sample.locked;
  });
}

bool Scheduler::is_running(const std::string& filesystem) const {
  return running_.contains({phase_, filesystem});
}

bool Scheduler::is_stalled(const std::string& filesystem) const {
  const auto discovery = running_.find({Phase::discovery, filesystem});
  return discovery != running_.end() && discovery->second->stalled;
}

void Scheduler::begin_pass() {
  if (const auto apply = std::exchange(reconfigure_, nullptr)) apply();
  ++pass_;
  pass_begun_ = Snapshot::Clock::now();
  phase_ = Phase::mounts;
  awaited_ = 0;
  looked_.clear();
  limits_ = {};
  node_look_ = {};
  node_batch_ = {};
  if (is_running(parts_.paths.procfs)) return end_phase_if_done();
  auto job = std::make_shared<Job>();
  const bool locked = somebody_holds_a_lock();
  start_job(parts_.paths.procfs, job, [job, paths = parts_.paths, locked, known = lock_holders_] {
    job->progress.step();
    // Without a mount table nothing can be kept apart: the old one, or one group for all.
    Result<Node> node = read_node(paths);
    if (!node) return;
    if (locked) read_lock_holders(*node, known);
    job->node = std::make_shared<const Node>(std::move(*node));
  });
}

void Scheduler::begin_discovery() {
  phase_ = Phase::discovery;
  known_paths_ = std::make_shared<const KnownPaths>(subjects_.paths());
  discoverer_.begin_pass();
  discoverer_.look_again_for(std::exchange(absent_, {}));
  discoverer_.read_changes(*known_paths_);
  start_due_discovery();
  end_phase_if_done();
}

void Scheduler::start_due_discovery() {
  std::vector<DiscoveryTask> tasks =
      discoverer_.due(Discoverer::Clock::now(), [this](const DiscoveryTask& task) {
        return running_.contains({Phase::discovery, filesystem_of(task)});
      });
  Jobs jobs;
  for (DiscoveryTask& task : tasks) {
    auto& job = jobs[filesystem_of(task)];
    if (!job) job = std::make_shared<Job>();
    job->discovery.push_back(std::move(task));
  }
  const DiscoveryContext context{node_, discoverer_.config(), discoverer_.watch(), known_paths_};
  for (auto& [filesystem, job] : jobs) {
    start_job(filesystem, job, [job, context] {
      for (DiscoveryTask& task : job->discovery)
        run_discovery(task, context, [&job] { job->progress.step(); });
    });
  }
}

void Scheduler::begin_looks() {
  phase_ = Phase::looks;
  // Readings are as old as this; discovery before it may have taken its time.
  pass_begun_ = Snapshot::Clock::now();
  apply(subjects_.merge(discoverer_.findings()));
  judge_.over_limit(subjects_.over_limit(), poll_.max_databases);
  Jobs jobs;
  for (const auto& [name, subject] : subjects_.all()) {
    enrol(*subject);
    const std::string& filesystem = filesystem_of(subject->path);
    if (subject->in_flight || is_running(filesystem) || is_stalled(filesystem)) continue;
    auto& job = jobs[filesystem];
    if (!job) job = std::make_shared<Job>();
    subject->in_flight = true;
    job->subjects.push_back(subject);
    LookTask& task = job->looks.emplace_back();
    task.name = subject->name;
    task.path = subject->path;
    task.sampled = subject->sampled;
    task.sample = subject->sample;
    task.kept = subject->kept;
  }
  if (!parts_.tools.node_collectors.empty()) add_mounts(jobs);
  for (auto& [filesystem, job] : jobs) {
    start_job(filesystem, job, [job, node = node_, tools = parts_.tools] {
      run_looks(job->looks, *node, tools, job->progress);
      job->filesystems = look_at_filesystems(job->mounts, job->progress);
    });
  }
  end_phase_if_done();
}

void Scheduler::add_mounts(Jobs& jobs) const {
  std::set<const Mount*> mounts;
  for (const auto& [name, subject] : subjects_.all()) {
    mounts.insert(node_->mounts.mount_of(subject->path));
    // Another one if the database file alone is mounted there.
    mounts.insert(node_->mounts.mount_of(std::string(subject->path).append("-wal")));
  }
  for (const Mount* mount : mounts) {
    if (mount == nullptr) continue;
    const std::string& filesystem = filesystem_of(mount->mountpoint);
    if (is_running(filesystem) || is_stalled(filesystem)) continue;
    auto& job = jobs[filesystem];
    if (!job) job = std::make_shared<Job>();
    job->mounts.push_back(*mount);
  }
}

void Scheduler::begin_node_look() {
  phase_ = Phase::node;
  if (is_running(parts_.paths.procfs)) return end_phase_if_done();
  auto job = std::make_shared<Job>();
  job->node_task.emplace().look = std::move(node_look_);
  start_job(parts_.paths.procfs, job, [job, node = node_, tools = parts_.tools] {
    job->node_task->look.node = node.get();
    run_node_look(*job->node_task, tools, job->progress);
  });
}

void Scheduler::end_phase_if_done() {
  if (awaited_ > 0) return;
  switch (phase_) {
    case Phase::idle: return;
    case Phase::mounts: return begin_discovery();
    case Phase::discovery: return begin_looks();
    case Phase::looks: return begin_node_look();
    case Phase::node: return publish();
  }
}

void Scheduler::start_job(const std::string& filesystem, const std::shared_ptr<Job>& job,
                          Loop::Callback work) {
  job->pass = pass_;
  const Key key = {phase_, filesystem};
  running_[key] = job;
  ++awaited_;
  const Mount* const mount = node_->mounts.mount_of(filesystem);
  auto lane = phase_ == Phase::discovery ? JobQueue::Lane::discovery : JobQueue::Lane::local;
  if (mount != nullptr && mount->remote) lane = JobQueue::Lane::remote;
  job->ticket = queue_.submit(lane, std::move(work), [this, key, job] { job_done(key, job); });
}

void Scheduler::job_done(const Key& key, const std::shared_ptr<Job>& job) {
  running_.erase(key);
  for (const auto& subject : job->subjects) subject->in_flight = false;
  // A late table is a table: the next one may not be read within five seconds of it.
  if (job->node && job->node->locks) lock_holders_ = job->node->locks;
  // What a late discovery found is there; what a stalled look saw is old by now.
  collect_discovery(*job);
  if (job->stalled) tell_stalled_mounts();
  if (job->stalled || job->late) return;
  collect(*job);
  stop_waiting_for(*job);
  end_phase_if_done();
}

void Scheduler::collect_discovery(Job& job) {
  if (job.discovery.empty()) return;
  const auto now = Discoverer::Clock::now();
  for (DiscoveryTask& task : job.discovery) {
    judge_.discovered(task);
    parts_.tools.own_metrics->observe_collector(kDiscoveryName,
                                                std::chrono::duration<double>(task.took).count());
    if (task.error)
      parts_.tools.own_metrics->count_collector_error(kDiscoveryName, task.error->code);
    discoverer_.done(std::move(task), now,
                     [this](const std::string& path) { return filesystem_of(path); });
  }
  // Mounts that a walk met are walked in the same pass.
  if (phase_ == Phase::discovery) start_due_discovery();
}

void Scheduler::collect(Job& job) {
  if (job.node) node_ = job.node;
  for (std::size_t i = 0; i < job.looks.size(); ++i) {
    LookTask& task = job.looks[i];
    judge_.looked(task);
    if (task.states) job.subjects[i]->excluded = is_excluded(*job.subjects[i], *task.states);
    for (std::size_t limit = 0; limit < limits_.size(); ++limit)
      limits_[limit] = limits_[limit] || task.limits[limit];
    if (task.states && task.states->contains(DatabaseState::absent)) absent_.insert(task.path);
    looked_.insert_or_assign(task.name, std::move(task.batch));
    node_look_.holders.insert(task.holders.begin(), task.holders.end());
  }
  std::ranges::move(job.filesystems, std::back_inserter(node_look_.filesystems));
  if (job.node_task) {
    judge_.looked(*job.node_task);
    node_batch_ = std::move(job.node_task->batch);
  }
}

bool Scheduler::is_excluded(const Subject& subject, StateSet states) const {
  // One that was named is wanted, whatever it is.
  return subject.entry < subjects_.entries().size() &&
         names_many(subjects_.entries()[subject.entry].path) &&
         !(states & discoverer_.config()->exclude_states).empty();
}

void Scheduler::apply(const Subjects::Changes& changes) {
  for (const auto& subject : changes.moved)
    if (subject->sampled)
      parts_.sampler.watch(subject->sample, subject->path, filesystem_of(subject->path));
  for (const auto& subject : changes.removed) {
    if (subject->sampled) parts_.sampler.forget(subject->sample);
    judge_.forget(subject->name);
  }
}

void Scheduler::enrol(Subject& subject) {
  const Mount* const mount = node_->mounts.mount_of(subject.path);
  const bool sample = mount != nullptr && !mount->remote;
  if (sample == subject.sampled) return;
  subject.sampled = sample;
  if (sample) {
    Sample none;
    none.taken = std::chrono::steady_clock::now();
    subject.sample->set(std::move(none));
    parts_.sampler.watch(subject.sample, subject.path, filesystem_of(subject.path));
  } else {
    parts_.sampler.forget(subject.sample);
  }
}

void Scheduler::publish() {
  phase_ = Phase::idle;
  std::vector<SubjectReadings> readings;
  readings.reserve(subjects_.all().size() + 1);
  std::size_t excluded = 0;
  for (const auto& [name, subject] : subjects_.all()) {
    if (subject->excluded) {
      ++excluded;
      continue;
    }
    SubjectReadings& reading = readings.emplace_back();
    reading.labels = subject->labels;
    if (const auto looked = looked_.find(name); looked != looked_.end()) {
      reading.batch = std::move(looked->second);
    } else {
      reading.batch.add(kUp, 0);
    }
  }
  SubjectReadings& node = readings.emplace_back();
  node.labels = std::make_shared<const std::string>();
  node.batch = std::move(node_batch_);
  for (std::size_t i = 0; i < limits_.size(); ++i)
    if (limits_[i]) node.batch.add(kAttributionLimited, 1, {kAttributionLimitNames[i]});
  OwnMetrics& own = *parts_.tools.own_metrics;
  own.set_databases(subjects_.all().size() - excluded, excluded, subjects_.over_limit());
  own.set_discovery(discoverer_.status());
  own.set_stalled_mounts(stalled_mounts_.size());
  const std::uint64_t looks = parts_.sampler.looks();
  own.count_sampler_looks(looks - std::exchange(looks_counted_, looks));
  own.set_looks_cpu(parts_.sampler.cpu_seconds());
  own.set_sampler_slowdown(parts_.sampler.slowdown());
  judge_.slowed(parts_.sampler.slowdown());
  own.set_snapshot_time(unix_now());
  auto snapshot = std::make_shared<const Snapshot>(std::move(readings), own.collect(), pass_begun_,
                                                   kSnapshotIntervals * poll_.interval);
  parts_.snapshot->set(snapshot);
  if (parts_.published) parts_.published(*snapshot);
}

const std::string& Scheduler::filesystem_of(const std::string& path) const {
  static const std::string kNone;
  const Mount* const mount = node_->mounts.filesystem_of(path);
  return mount == nullptr ? kNone : mount->mountpoint;
}

const std::string& Scheduler::filesystem_of(const DiscoveryTask& task) const {
  if (task.kind == DiscoveryTask::Kind::processes) return parts_.paths.procfs;
  return filesystem_of(task.touches());
}

}  // namespace sqlite_exporter

#include "exporter/scheduler.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "collectors/holders.h"
#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/progress.h"

namespace sqlite_exporter {

namespace {

/// Without a step for this long a job's mount is stalled.
constexpr std::chrono::milliseconds kStallDeadline(1000);
constexpr std::chrono::milliseconds kStallCheckPeriod(250);

/// A snapshot older than this many intervals is never served as new.
constexpr int kSnapshotIntervals = 3;

/// A pass that goes on, though slowly, is left alone for so many intervals: its snapshot is fresh
/// yet.
constexpr int kPassIntervals = 2;

}  // namespace

struct Scheduler::Job {
  std::uint64_t pass = 0;
  Progress progress;
  bool stalled = false;
  JobQueue::Ticket ticket;

  std::shared_ptr<const Node> node;
  std::vector<std::size_t> entries;  // discovery: which, and what they found
  std::vector<std::vector<Found>> found;
  std::vector<LookTask> looks;  // looks: and the subjects they are at
  std::vector<std::shared_ptr<Subject>> subjects;
  std::vector<Mount> mounts;  // those of their files
  std::vector<FilesystemStatus> filesystems;
  std::optional<NodeTask> node_task;
};

Scheduler::Scheduler(const Config& config, Parts parts)
    : poll_(config.poll()),
      parts_(std::move(parts)),
      queue_(parts_.loop),
      judge_(parts_.log),
      subjects_(config.databases(), config.poll().max_databases) {}

void Scheduler::start() {
  parts_.loop.every(poll_.interval, [this] { tick(); });
  parts_.loop.every(kStallCheckPeriod, [this] { watch_jobs(); });
}

void Scheduler::tick() {
  if (phase_ != Phase::idle) {
    const Snapshot::Clock::duration longest = kPassIntervals * poll_.interval;
    if (Snapshot::Clock::now() - pass_begun_ <
        std::max<Snapshot::Clock::duration>(longest, kStallDeadline))
      return;
    // What it has not looked at by now shows up 0.
    for (auto& [key, job] : running_) job->stalled = true;
    tell_stalled_mounts();
    publish();
  }
  begin_pass();
}

void Scheduler::watch_jobs() {
  const auto now = Progress::Clock::now();
  for (auto& [key, job] : running_) {
    if (!job->progress.stuck(now, kStallDeadline) && !queue_.is_blocked(job->ticket)) continue;
    queue_.give_up(job->ticket);
    if (std::exchange(job->stalled, true)) continue;
    if (job->pass == pass_) --awaited_;
  }
  parts_.sampler.supervise(kStallDeadline);
  tell_stalled_mounts();
  end_phase_if_done();
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

bool Scheduler::is_running(const std::string& mountpoint) const {
  return running_.contains({phase_, mountpoint});
}

void Scheduler::begin_pass() {
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
  findings_.assign(subjects_.entries().size(), std::nullopt);
  std::map<std::string, std::vector<std::size_t>> by_mount;
  for (std::size_t entry = 0; entry < subjects_.entries().size(); ++entry)
    by_mount[mount_of(subjects_.entries()[entry].path)].push_back(entry);
  const auto known = std::make_shared<const std::set<std::string, std::less<>>>(subjects_.paths());
  for (auto& [mountpoint, entries] : by_mount) {
    if (is_running(mountpoint)) continue;
    auto job = std::make_shared<Job>();
    job->entries = std::move(entries);
    std::vector<DatabaseConfig> configs;
    for (const std::size_t entry : job->entries) configs.push_back(subjects_.entries()[entry]);
    start_job(mountpoint, job, [job, known, configs = std::move(configs)] {
      job->progress.step();
      for (const DatabaseConfig& config : configs) {
        job->found.push_back(
            discover(config, [&](std::string_view path) { return known->contains(path); }));
        job->progress.step();
      }
    });
  }
  end_phase_if_done();
}

void Scheduler::begin_looks() {
  phase_ = Phase::looks;
  apply(subjects_.merge(findings_));
  judge_.over_limit(subjects_.over_limit(), poll_.max_databases);
  JobsByMount by_mount;
  for (const auto& [name, subject] : subjects_.all()) {
    enrol(*subject);
    const std::string& mountpoint = mount_of(subject->path);
    if (subject->in_flight || is_running(mountpoint)) continue;
    auto& job = by_mount[mountpoint];
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
  if (!parts_.tools.node_collectors.empty()) add_mounts(by_mount);
  for (auto& [mountpoint, job] : by_mount) {
    start_job(mountpoint, job, [job, node = node_, tools = parts_.tools] {
      run_looks(job->looks, *node, tools, job->progress);
      job->filesystems = look_at_filesystems(job->mounts, job->progress);
    });
  }
  end_phase_if_done();
}

void Scheduler::add_mounts(JobsByMount& jobs) const {
  std::set<const Mount*> mounts;
  for (const auto& [name, subject] : subjects_.all()) {
    mounts.insert(node_->mounts.mount_of(subject->path));
    // Another one if the database file alone is mounted there.
    mounts.insert(node_->mounts.mount_of(std::string(subject->path).append("-wal")));
  }
  for (const Mount* mount : mounts) {
    if (mount == nullptr || is_running(mount->mountpoint)) continue;
    auto& job = jobs[mount->mountpoint];
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

void Scheduler::start_job(const std::string& mountpoint, const std::shared_ptr<Job>& job,
                          Loop::Callback work) {
  job->pass = pass_;
  const Key key = {phase_, mountpoint};
  running_[key] = job;
  ++awaited_;
  const Mount* const mount = node_->mounts.mount_of(mountpoint);
  const auto lane =
      mount != nullptr && mount->remote ? JobQueue::Lane::remote : JobQueue::Lane::local;
  job->ticket = queue_.submit(lane, std::move(work), [this, key, job] { job_done(key, job); });
}

void Scheduler::job_done(const Key& key, const std::shared_ptr<Job>& job) {
  running_.erase(key);
  for (const auto& subject : job->subjects) subject->in_flight = false;
  // A late table is a table: the next one may not be read within five seconds of it.
  if (job->node && job->node->locks) lock_holders_ = job->node->locks;
  // Too late: what a stalled job saw is old by now. The next pass looks anew.
  if (job->stalled) return tell_stalled_mounts();
  collect(*job);
  --awaited_;
  end_phase_if_done();
}

void Scheduler::collect(Job& job) {
  if (job.node) node_ = job.node;
  for (std::size_t i = 0; i < job.found.size(); ++i)
    findings_[job.entries[i]] = std::move(job.found[i]);
  for (LookTask& task : job.looks) {
    judge_.looked(task);
    for (std::size_t i = 0; i < limits_.size(); ++i) limits_[i] = limits_[i] || task.limits[i];
    looked_.insert_or_assign(task.name, std::move(task.batch));
    node_look_.holders.insert(task.holders.begin(), task.holders.end());
  }
  std::ranges::move(job.filesystems, std::back_inserter(node_look_.filesystems));
  if (job.node_task) {
    judge_.looked(*job.node_task);
    node_batch_ = std::move(job.node_task->batch);
  }
}

void Scheduler::apply(const Subjects::Changes& changes) {
  for (const auto& subject : changes.moved)
    if (subject->sampled)
      parts_.sampler.watch(subject->sample, subject->path, mount_of(subject->path));
  for (const auto& subject : changes.removed) {
    if (subject->sampled) parts_.sampler.forget(subject->sample);
    judge_.forget(subject->name);
  }
}

void Scheduler::enrol(Subject& subject) {
  const Mount* const mount = node_->mounts.mount_of(subject.path);
  const bool sample = mount == nullptr || !mount->remote;
  if (sample == subject.sampled) return;
  subject.sampled = sample;
  if (sample) {
    Sample none;
    none.taken = std::chrono::steady_clock::now();
    subject.sample->set(std::move(none));
    parts_.sampler.watch(subject.sample, subject.path, mount_of(subject.path));
  } else {
    parts_.sampler.forget(subject.sample);
  }
}

void Scheduler::publish() {
  phase_ = Phase::idle;
  std::vector<SubjectReadings> readings;
  readings.reserve(subjects_.all().size() + 1);
  for (const auto& [name, subject] : subjects_.all()) {
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
  own.set_databases(subjects_.all().size(), subjects_.over_limit());
  own.set_stalled_mounts(stalled_mounts_.size());
  const std::uint64_t looks = parts_.sampler.looks();
  own.count_sampler_looks(looks - std::exchange(looks_counted_, looks));
  own.set_snapshot_time(unix_now());
  auto snapshot = std::make_shared<const Snapshot>(std::move(readings), own.collect(), pass_begun_,
                                                   kSnapshotIntervals * poll_.interval);
  parts_.snapshot->set(snapshot);
  if (parts_.published) parts_.published(*snapshot);
}

const std::string& Scheduler::mount_of(const std::string& path) const {
  static const std::string kNone;
  const Mount* const mount = node_->mounts.mount_of(path);
  return mount == nullptr ? kNone : mount->mountpoint;
}

}  // namespace sqlite_exporter

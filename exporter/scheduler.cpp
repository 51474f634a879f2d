#include "exporter/scheduler.h"

#include <algorithm>
#include <utility>

#include "collectors/filesystem.h"
#include "exporter/exclude.h"
#include "exporter/subject_facts.h"
#include "exporter/walk_pause.h"

namespace sqlite_exporter {

namespace {

constexpr std::chrono::milliseconds kStallCheckPeriod(100);

/// A pass that goes on, though slowly, is left alone for so many intervals: its snapshot is fresh
/// yet.
constexpr int kPassIntervals = 2;

/// Long enough for what hangs to be told from what is slow, at any interval.
constexpr std::chrono::milliseconds kLeastPass = 2 * kStallDeadline;

/// Databases whose entry is gone from the configuration wait so long for the new walks, which may
/// find them under another.
constexpr std::chrono::minutes kNewWalksPatience(1);

/// A pass waits so long for discovery that gets on. The first one is worth waiting for: readiness
/// says that every database was looked at.
constexpr std::chrono::seconds kDiscoveryPatience(1);
constexpr std::chrono::seconds kFirstDiscoveryPatience(30);

/// What waited as long in a pass that was cut is why it was.
constexpr std::chrono::milliseconds kWaitOfCut(200);

double walks_share(const PollConfig& poll) { return poll.cpu_budget * kWalksShare; }

}  // namespace

Scheduler::Scheduler(const Config& config, Parts parts)
    : poll_(config.poll()),
      parts_(std::move(parts)),
      jobs_(parts_.loop, [this] { end_phase_if_done(); }),
      judge_(parts_.log),
      discoverer_(parts_.paths.rootfs, parts_.watch),
      subjects_(discovery_entries(config), poll_.max_databases, parts_.paths.rootfs) {
  parts_.tools.sampler_is_late = parts_.sampler.lateness();
  discoverer_.configure(discovery_entries(config), config.discovery(), walks_share(poll_));
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
    discoverer_.configure(discovery_entries(config), config.discovery(), walks_share(poll_));
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
  if (phase_ == Phase::idle) return begin_pass();
  // A tick that comes a little early must not leave it for one more interval.
  const Snapshot::Clock::duration longest = kPassIntervals * poll_.interval - poll_.interval / 4;
  const Snapshot::Clock::time_point now = Snapshot::Clock::now();
  const bool over = now - pass_begun_ >= std::max<Snapshot::Clock::duration>(longest, kLeastPass);
  // Where all is slow, half of the time is for looks: else it would do nothing but begin.
  const bool had_their_half = now - looks_begun_ >= looks_begun_ - pass_started_;
  if (over && had_their_half && phase_ == Phase::looks) return cut_looks();
  if (over && phase_ == Phase::node && now - node_begun_ >= kLeastPass) {
    jobs_.cut();
    return end_phase_if_done();
  }
  publish_between();
}

void Scheduler::watch_jobs() {
  jobs_.watch(jobs_.pass() == 1 ? kFirstDiscoveryPatience : kDiscoveryPatience);
  if (phase_ != Phase::idle) cpu_watch_.pass_goes_on(Snapshot::Clock::now() - pass_started_);
  note_starved(ThreadWatch::kLeastWait);
  parts_.sampler.supervise(kStallDeadline);
  tell_stalled_mounts();
  end_phase_if_done();
}

void Scheduler::note_starved(PassJobs::Clock::duration least) {
  if (const PassJob* const job = jobs_.starved(least))
    cpu_watch_.waited(job->progress.waited(), job->progress.observed());
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
  pass_started_ = pass_begun_ = looks_begun_ = Snapshot::Clock::now();
  phase_ = Phase::mounts;
  cut_ = false;
  found_ = {};
  if (jobs_.is_running(phase_, procfs().id)) return end_phase_if_done();
  auto job = std::make_shared<PassJob>();
  job->filesystem = procfs();
  const bool locked = somebody_holds_a_lock(subjects_);
  start(job, [job, paths = parts_.paths, own = parts_.own_reader, open_files = open_files_,
              libraries = libraries_, locked, known = lock_holders_] {
    job->progress.step();
    // Without a mount table nothing can be kept apart: the old one, or one group for all.
    Result<Node> node = read_node(paths);
    if (!node) {
      job->node_error = node.error();
      return;
    }
    node->own_reader = own;
    node->open_files = open_files;
    node->libraries = libraries;
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
  judge_.over_limit(subjects_.left_out(), poll_.max_databases);
  for (const auto& [name, subject] : subjects_.all()) enrol(*subject);
  jobs_.await_late();
  start_looks(std::nullopt);
  end_phase_if_done();
}

void Scheduler::start_looks(std::optional<FilesystemId> only) {
  Jobs jobs;
  for (const auto& subject : in_turn(subjects_, waiting_ > 0)) {
    const Filesystem filesystem = filesystem_of(subject->path);
    if ((only && filesystem.id != *only) || subject->looked >= looks_begun_) continue;
    if (subject->job != nullptr) {
      if (subject->job->filesystem.id == filesystem.id) continue;
      // The job hangs, perhaps for good, where this path does not lead any more.
      subject->kept = std::make_shared<Subject::Kept>();
    }
    if (is_held_up(filesystem.id)) continue;
    PassJob& job = job_on(filesystem, jobs);
    subject->job = &job;
    job.subjects.push_back(subject);
    job.looks.push_back(task_of(*subject));
  }
  add_mounts(jobs, only);
  for (const auto& [id, job] : jobs) {
    start(job, [job, node = node_, tools = parts_.tools] {
      // First, so that a pass that is cut knows how full its filesystems are.
      look_at_filesystems(job->mounts, tools, job->node_task.emplace(), job->progress);
      run_looks(job->looks, *node, tools, job->progress);
    });
  }
}

void Scheduler::cut_looks() {
  cut_ = true;
  jobs_.cut();
  note_starved(kWaitOfCut);
  publish_between();
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

void Scheduler::add_mounts(Jobs& jobs, std::optional<FilesystemId> only) const {
  if (std::ranges::find(parts_.tools.node_collectors, &kFilesystemNodeCollector) ==
      parts_.tools.node_collectors.end())
    return;
  for (const Mount* mount : mounts_of(subjects_, node_->mounts)) {
    const Filesystem filesystem = filesystem_of(mount->mountpoint);
    if ((only && filesystem.id != *only) || is_held_up(filesystem.id)) continue;
    job_on(filesystem, jobs).mounts.push_back(*mount);
  }
}

void Scheduler::begin_node_look() {
  jobs_.for_each(Phase::looks, [this](PassJob& job) { collect(job, false); });
  phase_ = Phase::node;
  node_begun_ = Snapshot::Clock::now();
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
      if (reconfigure_ || cut_) begin_pass();
  }
}

void Scheduler::start(const Job& job, Loop::Callback work) {
  jobs_.start(phase_, job, std::move(work), [this](const Job& done) { job_done(done); });
}

void Scheduler::apply(const Subjects::Changes& changes) {
  for (const auto& subject : changes.moved) {
    subject->shown.reset();
    const Filesystem filesystem = filesystem_of(subject->path);
    if (subject->sampled && !filesystem.remote)
      parts_.sampler.watch(subject->sample, subject->path, filesystem, subject->link_owner);
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
    parts_.sampler.watch(subject.sample, subject.path, filesystem_of(subject.path),
                         subject.link_owner);
  } else {
    parts_.sampler.forget(subject.sample);
  }
}

Filesystem Scheduler::filesystem_of(const DiscoveryTask& task) const {
  return task.kind == DiscoveryTask::Kind::processes ? procfs() : filesystem_of(task.touches());
}

}  // namespace sqlite_exporter

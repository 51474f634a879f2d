#include "exporter/pass_jobs.h"

#include <utility>

namespace sqlite_exporter {

void PassJobs::begin_pass() {
  ++pass_;
  awaited_ = 0;
}

void PassJobs::start(Phase phase, const std::shared_ptr<PassJob>& job, Loop::Callback work,
                     Done done) {
  const Key key = {phase, job->filesystem.id};
  auto lane = phase == Phase::discovery ? JobQueue::Lane::discovery : JobQueue::Lane::local;
  if (job->filesystem.remote) lane = JobQueue::Lane::remote;
  job->pass = pass_;
  job->begun = Clock::now();
  running_[key] = job;
  ++awaited_;
  job->ticket = queue_.submit(lane, std::move(work), [this, key, job, done = std::move(done)] {
    running_.erase(key);
    done(job);
    stop_waiting_for(*job);  // after `done`, which may have started another one
    settled_();
  });
}

PassJob* PassJobs::find(Phase phase, FilesystemId filesystem) const {
  const auto found = running_.find({phase, filesystem});
  return found == running_.end() ? nullptr : found->second.get();
}

bool PassJobs::is_stalled(Phase phase, FilesystemId filesystem) const {
  const PassJob* const job = find(phase, filesystem);
  return job != nullptr && job->stalled;
}

void PassJobs::stop_waiting_for(PassJob& job) {
  if (std::exchange(job.awaited, false) && job.pass == pass_) --awaited_;
}

void PassJobs::watch(Clock::duration discovery_patience) {
  const Clock::time_point now = Clock::now();
  for (auto& [key, job] : running_) {
    if (job->stalled) continue;
    job->progress.watch(now, activity_of_);
    if (job->progress.stuck(kStallDeadline) || queue_.is_blocked(job->ticket)) {
      queue_.give_up(job->ticket);
      job->stalled = true;
      stop_waiting_for(*job);
    } else if (key.first == Phase::discovery && now - job->begun >= discovery_patience) {
      stop_waiting_for(*job);
    }
  }
}

void PassJobs::cut() {
  for (auto& [key, job] : running_) {
    if (key.first == Phase::discovery) continue;
    job->late = true;
    job->progress.cut();
    if (!job->stalled) job->progress.observe(Clock::now(), activity_of_);
    stop_waiting_for(*job);
  }
}

void PassJobs::await_late() {
  for (auto& [key, job] : running_) {
    if (key.first != Phase::looks || job->stalled || job->pass == pass_) continue;
    job->pass = pass_;
    job->awaited = true;
    ++awaited_;
  }
}

const PassJob* PassJobs::starved(Clock::duration least) const {
  const PassJob* most = nullptr;
  for (const auto& [key, job] : running_) {
    if (job->stalled || !job->progress.starved(least)) continue;
    if (most == nullptr || job->progress.waited() > most->progress.waited()) most = job.get();
  }
  return most;
}

void PassJobs::for_each(Phase phase, const std::function<void(PassJob&)>& visit) const {
  for (const auto& [key, job] : running_)
    if (key.first == phase) visit(*job);
}

void PassJobs::for_each_stalled(const std::function<void(Phase, PassJob&)>& visit) const {
  for (const auto& [key, job] : running_)
    if (job->stalled) visit(key.first, *job);
}

}  // namespace sqlite_exporter

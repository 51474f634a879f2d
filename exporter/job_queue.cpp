#include "exporter/job_queue.h"

#include <utility>

namespace sqlite_exporter {

struct JobQueue::Job {
  enum class State : std::uint8_t { waiting, running, hung, done };
  State state = State::waiting;
  Lane lane = Lane::local;
  Loop::Callback work;
  Loop::Callback done;
};

JobQueue::JobQueue(Loop& loop) : loop_(loop) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) lanes_[lane].bounds = kBounds[lane];
}

JobQueue::~JobQueue() {
  // What never ran may refer to its own ticket.
  for (const Waiting& lane : lanes_) {
    for (const Ticket& job : lane.jobs) {
      job->work = nullptr;
      job->done = nullptr;
    }
  }
}

JobQueue::Waiting& JobQueue::lane_of(const Job& job) {
  return lanes_[static_cast<std::size_t>(job.lane)];
}

const JobQueue::Waiting& JobQueue::lane_of(const Job& job) const {
  return lanes_[static_cast<std::size_t>(job.lane)];
}

JobQueue::Ticket JobQueue::submit(Lane lane, Loop::Callback work, Loop::Callback done) {
  auto job = std::make_shared<Job>();
  job->lane = lane;
  job->work = std::move(work);
  job->done = std::move(done);
  Waiting& waiting = lane_of(*job);
  waiting.jobs.push_back(job);
  start_waiting(waiting);
  return job;
}

bool JobQueue::has_room(const Waiting& lane) {
  return lane.running < lane.bounds.running && lane.running + lane.hung < lane.bounds.threads;
}

void JobQueue::start_waiting(Waiting& lane) {
  while (!lane.jobs.empty() && has_room(lane)) {
    const Ticket job = std::move(lane.jobs.front());
    lane.jobs.pop_front();
    job->state = Job::State::running;
    ++lane.running;
    // The loop's from here on: what they refer to ends with them, and not with the ticket.
    loop_.in_pool(std::exchange(job->work, nullptr),
                  [this, job, &lane, done = std::exchange(job->done, nullptr)] {
                    --(job->state == Job::State::hung ? lane.hung : lane.running);
                    job->state = Job::State::done;
                    done();
                    start_waiting(lane);
                  });
  }
}

void JobQueue::give_up(const Ticket& job) {
  if (job->state != Job::State::running) return;
  job->state = Job::State::hung;
  Waiting& lane = lane_of(*job);
  --lane.running;
  ++lane.hung;
  start_waiting(lane);
}

bool JobQueue::is_blocked(const Ticket& job) const {
  return job->state == Job::State::waiting && lane_of(*job).hung >= lane_of(*job).bounds.threads;
}

}  // namespace sqlite_exporter

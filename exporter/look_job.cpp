#include "exporter/look_job.h"

#include <chrono>
#include <string>
#include <utility>

#include "collectors/filesystem.h"
#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/duration.h"

namespace sqlite_exporter {

namespace {

/// A sample without a successor for so much longer than it takes says that the sampler is held up,
/// or that a writer was faster than every one of its reads, and must not be served as new.
constexpr std::chrono::seconds kOverdue(3);

Result<Sample> latest_sample(const SampleCell& cell, const LookTools& tools) {
  Sample sample = cell.get();
  if (sample.error) return fail(*sample.error);
  const auto oldest = sample.next_within + kOverdue;
  const bool overdue = std::chrono::steady_clock::now() - sample.taken > oldest;
  if (!overdue) return sample;
  if (sample.missed) return fail(*sample.missed);
  const std::string age = format_duration(std::chrono::ceil<std::chrono::seconds>(oldest));
  if (tools.sampler_is_late && tools.sampler_is_late())
    return fail(Errc::starved, "too little CPU: no sample of it was taken for over " + age);
  return fail(Errc::stalled, "no sample of it succeeded for over " + age);
}

/// The sampler's readings, or, on a mount that is not sampled, a sample taken now.
Result<Sample> sample_of(LookTask& task, const LookTools& tools) {
  if (task.sampled) {
    task.kept->watch.reset();
    return latest_sample(*task.sample, tools);
  }
  if (!task.kept->watch) task.kept->watch = std::make_unique<WalWatch>(task.path);
  task.kept->watch->set_path(task.path, task.link_owner);
  const SampleInstant instant{unix_now(), std::chrono::steady_clock::now(), {}, 0};
  if (const Result<void> taken = task.kept->watch->take(instant); !taken)
    return fail(taken.error());
  Sample sample = task.kept->watch->latest();
  sample.taken = instant.steady;
  return sample;
}

/// False if it found no descriptor, where it is tried once more: what others use comes and goes.
bool run_look(LookTask& task, const Node& node, const LookTools& tools, bool last_try) {
  Stopwatch watch;
  const Result<Look> look = sample_of(task, tools).and_then([&](Sample sample) {
    return take_look(task.path, node, std::move(sample), task.kept->look, task.link_owner);
  });
  tools.own_metrics->observe_collector(kLookName, watch.lap());
  if (!look) {
    const bool scarce = look.error().code == Errc::limit;
    if (scarce) tools.room->ran_out(std::chrono::steady_clock::now());
    if (scarce && !last_try) return false;
    keep_failure(task.failures, kLookName, look.error(), *tools.own_metrics);
    task.starved = look.error().code == Errc::starved;
    return true;
  }
  task.states = look->states;
  task.access = task.sampled ? sql_access_of(*look) : SqlAccess::filesystem;
  task.limits = look->holders.limits;
  for (const HolderProcess& holder : look->holders.processes)
    task.holders.emplace_back(holder.pid, holder.process);
  gather(std::span(tools.collectors), *look, task.batch, task.failures, *tools.own_metrics);
  return true;
}

/// To close a file on a network or FUSE mount may hang, and at the end of the process it would keep
/// that: so none is open between looks.
void end_look(LookTask& task) {
  if (task.kept->watch) task.kept->watch->let_go();
  if (!task.starved) task.batch.add(kUp, task.failures.empty() ? 1 : 0);
}

}  // namespace

void run_looks(std::vector<LookTask>& tasks, const Node& node, const LookTools& tools,
               Progress& progress) {
  const ThreadCpuMeter meter(*tools.cpu_time);
  progress.step();  // it has begun: what waits for a thread is not stuck
  std::vector<LookTask*> again;
  std::size_t held_back = 0;  // done, and told of when those before them are
  for (LookTask& task : tasks) {
    if (progress.is_cut()) break;
    task.begun = std::chrono::steady_clock::now();
    if (run_look(task, node, tools, false)) {
      end_look(task);
    } else {
      again.push_back(&task);
    }
    if (again.empty()) {
      progress.looked();
    } else {
      ++held_back;
      progress.step();
    }
  }
  for (LookTask* const task : again) {
    run_look(*task, node, tools, true);
    end_look(*task);
    progress.step();
  }
  for (; held_back > 0; --held_back) progress.looked();
}

void look_at_filesystems(const std::vector<Mount>& mounts, const LookTools& tools, NodeTask& task,
                         Progress& progress) {
  progress.step();  // it has begun: what waits for a thread is not stuck
  for (const Mount& mount : mounts) {
    Result<FilesystemStatus> status = read_filesystem_status(mount);
    if (status) {
      task.look.filesystems.push_back(std::move(*status));
    } else {
      keep_failure(task.failures, kFilesystemNodeCollector.name, status.error(),
                   *tools.own_metrics);
    }
    progress.step();
  }
}

void run_node_look(NodeTask& task, const LookTools& tools, Progress& progress) {
  progress.step();
  gather(std::span(tools.node_collectors), task.look, task.batch, task.failures,
         *tools.own_metrics);
}

}  // namespace sqlite_exporter

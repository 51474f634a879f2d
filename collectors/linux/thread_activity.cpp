/// Two short files of procfs. Not `syscall` and not `wchan`: those are often kept back.
#include "collectors/linux/thread_activity.h"

#include <string>

#include "collectors/linux/process_stat.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

/// stat is under 2 KiB with the longest name and the largest numbers.
constexpr std::size_t kMostOfThreadFile = 4096;

}  // namespace

Result<ThreadSchedule> parse_schedstat(std::string_view text) {
  std::string_view line = take_until(text, '\n');
  ThreadSchedule schedule;
  if (!assign_number(take_field(line), schedule.ran_ns) ||
      !assign_number(take_field(line), schedule.waited_ns) ||
      !assign_number(take_field(line), schedule.turns)) {
    return fail(Errc::corrupt, "a schedstat without three numbers");
  }
  return schedule;
}

Result<ThreadActivity> read_thread_activity(int tid) {
  const std::string folder = "/proc/self/task/" + std::to_string(tid);
  const Result<std::string> stat_text = read_text(folder + "/stat", kMostOfThreadFile);
  if (!stat_text) return fail(stat_text.error());
  const Result<ProcessStat> stat = parse_process_stat(*stat_text);
  if (!stat) return fail(stat.error());
  ThreadActivity activity;
  activity.sleeps = stat->state == 'S' || stat->state == 'D' || stat->state == 't';
  if (const Result<std::string> text = read_text(folder + "/schedstat", kMostOfThreadFile)) {
    const Result<ThreadSchedule> schedule = parse_schedstat(*text);
    if (!schedule) return fail(schedule.error());
    activity.schedule = *schedule;
  }
  return activity;
}

}  // namespace sqlite_exporter

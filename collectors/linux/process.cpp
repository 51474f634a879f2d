/// Reads stat, comm and cgroup, and stat again: a pid may be given to another process.
#include "collectors/linux/process.h"

#include <unistd.h>

#include <cstddef>
#include <utility>

#include "collectors/linux/process_stat.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostOfProcess = 65536;
constexpr std::size_t kMostOfMachine = 4U << 20U;  ///< has a number for each interrupt

Result<ProcessStat> stat_in(const std::string& directory) {
  const Result<std::string> text = read_text(directory + "/stat", kMostOfProcess);
  if (!text) return fail(text.error());
  return parse_process_stat(*text);
}

Result<std::uint64_t> start_ticks_of(const std::string& directory) {
  const Result<ProcessStat> stat = stat_in(directory);
  if (!stat) return fail(stat.error());
  return stat->start_ticks;
}

}  // namespace

Result<ProcessStat> read_process_stat(const std::string& procfs, int pid) {
  return stat_in(procfs + "/" + std::to_string(pid));
}

Result<ProcessOrigin> read_process(const std::string& procfs, int pid) {
  const std::string directory = procfs + "/" + std::to_string(pid);
  const Result<ProcessStat> stat = stat_in(directory);
  if (!stat) return fail(stat.error());
  Result<std::string> command = read_text(directory + "/comm", kMostOfProcess);
  if (!command) return fail(command.error());
  if (command->ends_with('\n')) command->pop_back();
  const Result<std::string> cgroup = read_text(directory + "/cgroup", kMostOfProcess);

  const Result<std::uint64_t> start_ticks_after = start_ticks_of(directory);
  if (!start_ticks_after) return fail(start_ticks_after.error());
  if (*start_ticks_after != stat->start_ticks) {
    return fail(Errc::no_data, directory + " became another process");
  }
  return ProcessOrigin{stat->start_ticks, stat->stack_start, stat->stopped(), std::move(*command),
                       parse_cgroup(cgroup.value_or(""))};
}

Result<std::string> read_process_cgroup(const std::string& procfs, int pid,
                                        std::uint64_t start_ticks) {
  const std::string directory = procfs + "/" + std::to_string(pid);
  Result<std::string> text = read_text(directory + "/cgroup", kMostOfProcess);
  if (!text) return text;
  // Asked once, behind: who still has the pid that it was given then had it all the time.
  const Result<std::uint64_t> start_ticks_after = start_ticks_of(directory);
  if (!start_ticks_after) return fail(start_ticks_after.error());
  if (*start_ticks_after != start_ticks) {
    return fail(Errc::no_data, directory + " became another process");
  }
  return text;
}

Result<double> parse_boot_time(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (take_field(line) != "btime") continue;
    std::uint64_t seconds = 0;
    if (!assign_number(line, seconds)) break;
    return static_cast<double>(seconds);
  }
  return fail(Errc::corrupt, "a machine's stat without the time it started");
}

Result<double> boot_time(const std::string& procfs) {
  const Result<std::string> text = read_text(procfs + "/stat", kMostOfMachine);
  if (!text) return fail(text.error());
  return parse_boot_time(*text);
}

double process_start_time(std::uint64_t start_ticks, double boot_time) {
  return boot_time + static_cast<double>(start_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace sqlite_exporter

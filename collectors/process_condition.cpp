#include "collectors/process_condition.h"

#include "collectors/linux/descriptor_count.h"
#include "collectors/linux/process.h"

namespace sqlite_exporter {

namespace {

template <class T>
std::optional<std::uint64_t> as_optional(const Result<T>& result) {
  if (!result) return std::nullopt;
  return *result;
}

}  // namespace

bool read_condition(const std::string& procfs, int pid, bool thorough, Process& process) {
  const Result<ProcessStat> stat = read_process_stat(procfs, pid);
  if (!stat || stat->start_ticks != process.start_ticks) return false;
  process.stopped = stat->stopped();
  process.stack_start = stat->stack_start;
  const Result<std::optional<std::uint64_t>> told = told_descriptor_count(procfs, pid);
  if (told && *told) {
    process.open_fds = *told;
  } else if (thorough) {
    process.open_fds = as_optional(counted_descriptors(procfs, pid));
  }
  if (thorough) process.max_fds = as_optional(descriptor_limit_of(procfs, pid));
  return true;
}

}  // namespace sqlite_exporter

/// How many descriptors a process has open, and how many it may have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// What Linux 6.2 tells as the size of /proc/<pid>/fd, at the price of one stat; older kernels say
/// 0, which is nothing. Errors: as `error_from_errno`.
Result<std::optional<std::uint64_t>> told_descriptor_count(const std::string& procfs, int pid);

/// Counts the entries of /proc/<pid>/fd, 65,536 at most. Errors: no_data if the process is gone,
/// denied (it takes the same user or CAP_SYS_PTRACE), limit if there are more.
Result<std::uint64_t> counted_descriptors(const std::string& procfs, int pid);

/// The soft limit on open files in the text of /proc/<pid>/limits. Errors: corrupt, no_data where
/// there is no limit.
Result<std::uint64_t> parse_descriptor_limit(std::string_view text);

/// As above, of a process. Anybody may ask.
Result<std::uint64_t> descriptor_limit_of(const std::string& procfs, int pid);

}  // namespace sqlite_exporter

/// Counts the fields behind the name, the only one a process chooses itself.
#include "collectors/linux/process_stat.h"

#include <array>

#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kFirstField = 3;  ///< the one after the name, as proc_pid_stat(5) counts
constexpr std::size_t kLastField = 28;

using Fields = std::array<std::string_view, kLastField + 1>;

/// The fields 3..28 under their own numbers; those that are missing stay empty.
Fields split(std::string_view text) {
  Fields fields;
  for (std::size_t number = kFirstField; number <= kLastField; ++number) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    fields[number] = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(fields[number].size());
  }
  return fields;
}

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) {
    return fail(Errc::corrupt, "a process stat without a name in parentheses");
  }
  const Fields fields = split(text.substr(name_end + 1));
  ProcessStat stat;
  if (fields[3].size() == 1) stat.state = fields[3].front();
  if (!assign_number(fields[14], stat.user_ticks) ||
      !assign_number(fields[15], stat.system_ticks) || !assign_number(fields[20], stat.threads) ||
      !assign_number(fields[22], stat.start_ticks) ||
      !assign_number(fields[23], stat.virtual_bytes) ||
      !assign_number(fields[24], stat.resident_pages)) {
    return fail(Errc::corrupt, "a process stat with fewer numbers than the kernel writes");
  }
  if (!assign_number(fields[28], stat.stack_start)) stat.stack_start = 0;
  return stat;
}

}  // namespace sqlite_exporter

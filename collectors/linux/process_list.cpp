#include "collectors/linux/process_list.h"

#include <string_view>

#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOtherEntries = 4096;  ///< of procfs, which are no processes

}  // namespace

Result<std::vector<int>> processes_of(const std::string& procfs, std::size_t most) {
  const auto names = names_in(procfs, most + kMostOtherEntries);
  if (!names) return fail(names.error());
  std::vector<int> pids;
  for (const std::string& name : *names) {
    int pid = 0;
    if (assign_number(std::string_view(name), pid) && pid > 0) pids.push_back(pid);
  }
  return pids;
}

}  // namespace sqlite_exporter

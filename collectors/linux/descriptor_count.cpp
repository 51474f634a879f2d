/// Lines of /proc/<pid>/limits, columns of a fixed width:
///
///     Limit                     Soft Limit           Hard Limit           Units
///     Max open files            1024                 1048576              files
#include "collectors/linux/descriptor_count.h"

#include "collectors/linux/file.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostCounted = 65536;
constexpr std::size_t kMostOfLimits = 65536;

std::string folder_of(const std::string& procfs, int pid) {
  return procfs + "/" + std::to_string(pid) + "/fd";
}

}  // namespace

Result<std::optional<std::uint64_t>> told_descriptor_count(const std::string& procfs, int pid) {
  const Result<FileStatus> status = status_of_kernel(folder_of(procfs, pid));
  if (!status) return fail(status.error());
  if (status->size == 0) return std::nullopt;
  return status->size;
}

Result<std::uint64_t> counted_descriptors(const std::string& procfs, int pid) {
  const auto names = names_in(folder_of(procfs, pid), kMostCounted + 1);
  if (!names) return fail(names.error());
  if (names->size() > kMostCounted)
    return fail(Errc::limit, folder_of(procfs, pid) + " has more entries than are counted");
  return names->size();
}

Result<std::uint64_t> parse_descriptor_limit(std::string_view text) {
  constexpr std::string_view kKey = "Max open files ";
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    const std::string_view soft = take_field(line);
    if (soft == "unlimited") return fail(Errc::no_data, "no limit on open files");
    std::uint64_t limit = 0;
    if (!assign_number(soft, limit)) break;
    return limit;
  }
  return fail(Errc::corrupt, "a process's limits without one on open files");
}

Result<std::uint64_t> descriptor_limit_of(const std::string& procfs, int pid) {
  const auto text = read_text(procfs + "/" + std::to_string(pid) + "/limits", kMostOfLimits);
  if (!text) return fail(text.error());
  return parse_descriptor_limit(*text);
}

}  // namespace sqlite_exporter

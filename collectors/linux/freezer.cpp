#include "collectors/linux/freezer.h"

#include <algorithm>
#include <utility>

#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/process.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOfFreezerFile = 64U << 10U;
constexpr std::string_view kEvents = "/cgroup.events";
constexpr std::string_view kState = "/freezer.state";

void add_file(const Cgroup& cgroup, const CgroupRoots& roots, CgroupHierarchy hierarchy,
              std::string_view name, FreezerFiles& files) {
  if (!cgroup.in[hierarchy] || roots[hierarchy].empty()) return;
  std::string file = roots[hierarchy];
  files.push_back(file.append(cgroup.path).append(name));
}

}  // namespace

Freezer::Freezer(std::string procfs, std::string sysfs)
    : procfs_(std::move(procfs)), sysfs_(std::move(sysfs)) {}

const std::optional<Freezer::Hierarchies>& Freezer::hierarchies() {
  if (std::exchange(found_, true)) return hierarchies_;
  Result<CgroupRoots> roots = find_cgroup_roots(sysfs_);
  const Result<std::string> own = read_text(procfs_ + "/self/cgroup", kMostOfFreezerFile);
  if (!roots) return hierarchies_;
  Result<CgroupNamespace> seen_from =
      CgroupNamespace::find((*roots)[CgroupHierarchy::unified], own.value_or(std::string()));
  if (seen_from) hierarchies_ = Hierarchies{std::move(*roots), std::move(*seen_from)};
  return hierarchies_;
}

FreezerFiles Freezer::files_of(int pid, std::uint64_t start_ticks) {
  FreezerFiles files;
  if (!hierarchies()) return files;
  const Result<std::string> text = read_process_cgroup(procfs_, pid, start_ticks);
  if (!text) return files;
  const std::string node_text = hierarchies_->seen_from.node_text(*text);
  // Each hierarchy by itself: a process may be at another path in v1's freezer than in the others.
  for (std::string_view rest = node_text; !rest.empty();) {
    const std::optional<Cgroup> cgroup = parse_cgroup_membership(take_until(rest, '\n'));
    // The root cannot be frozen; and that of a namespace may be another container's than ours.
    if (!cgroup || cgroup->path == "/") continue;
    add_file(*cgroup, hierarchies_->roots, CgroupHierarchy::unified, kEvents, files);
    add_file(*cgroup, hierarchies_->roots, CgroupHierarchy::freezer, kState, files);
  }
  return files;
}

bool Freezer::says_frozen(const std::string& file) {
  const auto known = said_.find(file);
  if (known != said_.end()) return known->second;
  const Result<std::string> text = read_text(file, kMostOfFreezerFile);
  bool frozen = false;
  if (text)
    frozen = (file.ends_with(kState) ? parse_freezer_state(*text) : parse_cgroup_frozen(*text))
                 .value_or(false);
  said_.emplace(file, frozen);
  return frozen;
}

bool Freezer::is_frozen(int pid, std::uint64_t start_ticks, const FreezerFiles& files) {
  const bool said =
      std::ranges::any_of(files, [&](const std::string& file) { return says_frozen(file); });
  // It may have been moved out of that cgroup since its files were found, and its pid be another's.
  return said && files_of(pid, start_ticks) == files;
}

}  // namespace sqlite_exporter

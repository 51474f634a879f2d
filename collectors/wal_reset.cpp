#include "collectors/wal_reset.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "collectors/holder_libraries.h"
#include "collectors/sqlite/known_bug.h"

namespace sqlite_exporter {

std::size_t attached_processes(const Holders& holders) {
  return static_cast<std::size_t>(
      std::ranges::count_if(holders.processes, &HolderProcess::holds_switch));
}

HolderVersions versions_of_holders(const Holders& holders, const Node& node) {
  HolderVersions result;
  if (!node.libraries) return result;
  std::vector<ProgramId> programs;
  for (const HolderProcess& holder : holders.processes) {
    const Process& process = holder.process;
    if (process.start_ticks != 0)
      programs.push_back({holder.pid, process.start_ticks, process.stack_start});
  }
  result.complete = holders.complete && programs.size() == holders.processes.size();
  for (const HolderLibraries::Answer& answer : node.libraries->ask(node.paths.procfs, programs)) {
    const auto affected = std::ranges::count_if(
        answer.versions, [](std::uint32_t version) { return has_wal_reset_bug(version); });
    result.pending = result.pending || answer.pending;
    if (answer.versions.empty() || (affected > 0 && affected != std::ssize(answer.versions))) {
      result.complete = false;
    } else if (affected > 0) {
      result.affected = std::max(result.affected.value_or(0), answer.versions.front());
    }
  }
  return result;
}

std::optional<WalResetBug> wal_reset_bug_of(const std::optional<DatabaseHeader>& header) {
  if (!header || !has_wal_reset_bug(*header)) return std::nullopt;
  return WalResetBug{header->sqlite_version_number, false};
}

std::optional<WalResetBug> WalResetWatch::judge(const HolderVersions& holders,
                                                const std::optional<DatabaseHeader>& header) {
  if (header && header->by_turso) return std::nullopt;
  if (holders.affected) {
    last_ = WalResetBug{*holders.affected, true};
    by_holders_ = true;
  } else if (holders.complete) {
    last_.reset();
    by_holders_ = true;
  } else if (!holders.pending && !std::exchange(by_holders_, false)) {
    last_ = wal_reset_bug_of(header);
  }
  return last_;
}

}  // namespace sqlite_exporter

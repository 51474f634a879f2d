#include "collectors/replicator.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "collectors/blocked.h"
#include "collectors/linux/file.h"
#include "collectors/readers.h"

namespace sqlite_exporter {

namespace {

constexpr std::chrono::minutes kLongestByDesign(5);
constexpr std::uint32_t kMostFramesByDesign = 4000;

bool is_overdue(const Look& look, std::size_t mark) {
  const std::optional<OldReader>& reader = look.sample.old_readers[mark];
  if (!reader || !look.index) return false;
  const std::uint32_t copied = std::max(reader->safe_frame, look.index->n_backfill);
  return look.taken - reader->since >= kLongestByDesign && look.index->mx_frame > copied &&
         look.index->mx_frame - copied >= kMostFramesByDesign;
}

}  // namespace

bool replicates_beside(const Look& look, const MountTable& mounts) {
  const auto is_old = [](const std::optional<OldReader>& reader) { return reader.has_value(); };
  if (!look.wal || std::ranges::none_of(look.sample.old_readers, is_old)) return false;
  const std::size_t name = look.path.rfind('/') + 1;
  std::string folder = look.path.substr(0, name);
  folder.append(".").append(look.path.substr(name)).append("-litestream");
  const std::string newest = folder + "/ltx/0";
  if (mounts.mount_of(newest) != look.mount) return false;
  double modified = 0;
  for (const std::string& step : {folder, folder + "/ltx", newest}) {
    const Result<double> time = folder_modified(step);
    if (!time) return false;
    modified = *time;
  }
  return modified + kLongestByDesign / std::chrono::seconds(1) >= look.wal->modified;
}

bool is_replicator(const Owner& owner) { return owner.process == "litestream"; }

bool is_held_by_design(const Look& look, std::size_t mark) {
  const std::vector<const HolderProcess*> holders = holders_of_mark(look, mark);
  const bool alone = look.holders.complete && look.holders.processes.size() == 1;
  const auto replicates = [&](const HolderProcess* holder) {
    return (is_replicator(holder->process.owner) || (alone && look.litestream_beside)) &&
           !holder->process.stands_still();
  };
  return !holders.empty() && std::ranges::all_of(holders, replicates) &&
         !has_unknown_reader(look, mark) && !is_overdue(look, mark);
}

}  // namespace sqlite_exporter

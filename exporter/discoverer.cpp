#include "exporter/discoverer.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "exporter/exclude.h"
#include "exporter/naming.h"
#include "exporter/walk_pause.h"

namespace sqlite_exporter {

namespace {

using Kind = DiscoveryTask::Kind;

/// A folder in which something always changes must not have its walk run all the time: at most this
/// part of the time of one core.
constexpr int kPauseFactor = 20;

/// With more paths than this a whole walk is wanted.
constexpr std::size_t kMostChanged = 10'000;

/// However dear it is, a walk comes round once a day.
constexpr std::chrono::hours kLongestPause(24);

}  // namespace

std::vector<DatabaseConfig> discovery_entries(const Config& config) {
  std::vector<DatabaseConfig> entries = config.databases();
  if (config.discovery().processes) entries.push_back({.path = "/**/*", .name = {}, .labels = {}});
  return entries;
}

Discoverer::Discoverer(std::string rootfs, std::shared_ptr<FolderWatch> watch)
    : rootfs_(std::move(rootfs)), watch_(std::move(watch)) {}

Discoverer::Walk Discoverer::root_walk(std::size_t entry, const DatabaseConfig& config,
                                       bool processes) const {
  Walk walk;
  walk.entry = entry;
  walk.root = true;
  if (processes) {
    walk.kind = Kind::processes;
  } else if (names_many(config.path)) {
    walk.start = walk_start(config.path);
    walk.start.directory.insert(0, rootfs_);
  } else {
    walk.kind = Kind::plain;
    walk.start.directory = rootfs_ + config.path;
    // It is watched for, there or not, and also if its mount never answers.
    walk.found.push_back({walk.start.directory, walk.start.directory});
  }
  return walk;
}

void Discoverer::configure(const std::vector<DatabaseConfig>& entries, DiscoveryConfig config,
                           double cpu_share) {
  cpu_share_ = cpu_share;
  std::set<std::uint64_t> old;
  for (auto& [id, walk] : walks_) {
    walk.again = walk.at_once = true;
    if (walk.root) old.insert(id);
    if (walk.kind != Kind::plain)
      std::erase_if(walk.found, [&](const Found& found) {
        return is_excluded(config.exclude, found.path.substr(rootfs_.size())) ||
               is_excluded(config.exclude, found.matched_path.substr(rootfs_.size()));
      });
  }
  for (std::size_t entry = 0; entry < entries.size(); ++entry) {
    const bool processes = config.processes && entry + 1 == entries.size();
    Walk walk = root_walk(entry, entries[entry], processes);
    const auto same = std::ranges::find_if(old, [&](std::uint64_t id) {
      const Walk& known = walks_.at(id);
      return known.kind == walk.kind && known.start.directory == walk.start.directory &&
             known.start.components == walk.start.components;
    });
    if (same == old.end()) {
      add(std::move(walk));
    } else {
      move_to_entry(*same, entry);
      old.erase(same);
    }
  }
  for (const std::uint64_t id : old) drop(id);
  entries_ = entries.size();
  config_ = std::make_shared<const DiscoveryConfig>(std::move(config));
}

void Discoverer::move_to_entry(std::uint64_t id, std::size_t entry) {
  Walk& walk = walks_.at(id);
  walk.entry = entry;
  for (const std::uint64_t child : walk.children) move_to_entry(child, entry);
}

std::uint64_t Discoverer::add(Walk walk) {
  walks_.emplace(++last_id_, std::move(walk));
  return last_id_;
}

void Discoverer::drop(std::uint64_t id) {
  const auto walk = walks_.find(id);
  if (walk == walks_.end()) return;
  for (const std::uint64_t child : std::exchange(walk->second.children, {})) drop(child);
  if (watch_ && walk->second.kind == Kind::walk) watch_->set(std::to_string(id), {});
  walks_.erase(walk);
}

void Discoverer::begin_pass() {
  for (auto& [id, walk] : walks_) walk.again = walk.again || walk.kind == Kind::plain;
}

void Discoverer::read_changes(const KnownPaths& known) {
  if (!watch_) return;
  const FolderWatch::Changes changes = watch_->read_changes([&](std::string_view path) {
    return known.contains(path) || is_excluded(config_->exclude, path.substr(rootfs_.size()));
  });
  if (!changes.overflow && changes.folders.empty()) return;
  for (auto& [id, walk] : walks_) {
    const auto is_own = [&](const std::string& folder) {
      return std::ranges::binary_search(walk.directories, folder);
    };
    const auto& folders = walk.by_name ? changes.whole : changes.folders;
    walk.again = walk.again || changes.overflow || std::ranges::any_of(folders, is_own);
    if (!walk.by_name) continue;
    for (const std::string& path : changes.files)
      if (is_own(path.substr(0, std::max<std::size_t>(1, path.rfind('/')))))
        note_change(walk, path);
  }
}

void Discoverer::note_change(Walk& walk, const std::string& path) {
  if (walk.changed.size() < kMostChanged) {
    walk.changed.insert(path);
  } else {
    walk.again = true;
  }
}

void Discoverer::look_again_for(const KnownPaths& absent) {
  if (absent.empty()) return;
  for (auto& [id, walk] : walks_) {
    for (const Found& found : walk.found) {
      if (!absent.contains(found.path)) continue;
      if (walk.by_name)
        note_change(walk, found.matched_path);
      else
        walk.again = true;
    }
  }
}

double Discoverer::weights() const {
  double weights = 0;
  for (const auto& [id, walk] : walks_)
    if (walk.kind != Kind::plain) weights += walk_weight(walk.cpu);
  return weights;
}

Discoverer::Clock::duration Discoverer::pause(const Walk& walk, double weights) const {
  const std::chrono::duration<double> pause = walk_pause(walk.cpu, weights, cpu_share_);
  return std::chrono::duration_cast<Clock::duration>(
      std::min<std::chrono::duration<double>>(pause, kLongestPause));
}

Discoverer::Clock::duration Discoverer::rescan_period(const Walk& walk, double weights) const {
  return std::max<Clock::duration>(config_->rescan_interval, pause(walk, weights));
}

double Discoverer::cpu_share() const {
  const double all = weights();
  double cores = 0;
  for (const auto& [id, walk] : walks_)
    if (walk.kind != Kind::plain)
      cores += std::chrono::duration<double>(walk.cpu) /
               std::chrono::duration<double>(rescan_period(walk, all));
  return cores;
}

bool Discoverer::is_due(const Walk& walk, Clock::time_point now, double weights) const {
  if (walk.under_way) return false;
  if (!walk.ever_done) return true;
  if (walk.kind == Kind::plain) return walk.again;
  if (walk.at_once) return true;
  const Clock::duration since = now - walk.ended;
  if (walk.again) return since >= std::max(walk.took * kPauseFactor, pause(walk, weights));
  return walk.kind != Kind::files && since >= rescan_period(walk, weights);
}

std::vector<DiscoveryTask> Discoverer::due(
    Clock::time_point now, const std::function<bool(const DiscoveryTask&)>& is_held_up) {
  std::vector<DiscoveryTask> tasks;
  const double all = weights();
  for (auto& [id, walk] : walks_) {
    const bool whole = is_due(walk, now, all);
    if (!whole && (walk.under_way || walk.changed.empty())) continue;
    DiscoveryTask task;
    task.id = id;
    task.kind = walk.kind;
    task.start = walk.start;
    if (is_held_up(task)) continue;
    walk.under_way = true;
    const std::set<std::string> changed = std::exchange(walk.changed, {});
    if (!whole) {
      task.changed.assign(changed.begin(), changed.end());
      tasks.push_back(std::move(task));
      continue;
    }
    task.candidates = walk.candidates;
    if (walk.kind != Kind::plain) task.previous = walk.found;
    walk.again = walk.at_once = false;
    tasks.push_back(std::move(task));
  }
  return tasks;
}

void Discoverer::done(DiscoveryTask task, Clock::time_point now,
                      const std::function<std::string(const std::string&)>& mount_of) {
  const auto known = walks_.find(task.id);
  if (known == walks_.end()) {
    // Its watches were set after those of the walk were given up.
    if (watch_ && task.kind == Kind::walk) watch_->set(std::to_string(task.id), {});
    return;
  }
  Walk& walk = known->second;
  walk.under_way = false;
  // Links that are not followed are counted by whole walks.
  if (task.is_partial() && task.refused_links > 0) walk.again = true;
  if (task.is_partial()) return keep_changed(walk, std::move(task));
  walk.ever_done = true;
  walk.ended = now;
  walk.took = task.took;
  walk.cpu = task.cpu;
  walk.found = std::move(task.found);
  walk.noise = task.noise;
  walk.refused_links = task.refused_links;
  walk.directories = std::move(task.directories);
  if (!task.is_half_way()) {
    walk.troubles.error = task.error ? std::optional(task.error->code) : std::nullopt;
    walk.troubles.limit = task.limit;
  }
  walk.unwatched = task.watched.over_limit;
  walk.open = std::move(task.open);
  // What happened there between the listing and the watch went unseen.
  if (task.watched.added > 0) walk.again = true;
  if (walk.kind == Kind::plain) {
    // A link leads to another filesystem: the rest of the way is a task of its own.
    const WalkStart on = task.is_half_way() ? task.elsewhere.front() : WalkStart();
    walk.start.real = on.real;
    walk.start.links = on.links;
    walk.again = walk.again || task.is_half_way();
  } else if (walk.kind == Kind::walk) {
    walk.by_name = !task.followed && walk.start.real.empty();
    // Without all of its folders it does not know which mounts are gone.
    adopt(task.id, task.elsewhere, !task.error && !task.limit);
  } else if (walk.kind == Kind::files) {
    // Those that nobody has open now are not met, and not gone.
    adopt(task.id, task.elsewhere, false);
  } else if (walk.kind == Kind::processes && !task.error) {
    distribute(task.id, std::move(task.candidates), mount_of);
  }
}

void Discoverer::keep_changed(Walk& walk, DiscoveryTask task) {
  walk.again = walk.again || task.again;
  // Where something could not be seen, what is not found is not gone.
  if (task.error || task.limit) return;
  std::erase_if(walk.found, [&](const Found& found) {
    return std::ranges::binary_search(task.changed, found.matched_path);
  });
  std::ranges::move(task.found, std::back_inserter(walk.found));
}

void Discoverer::abandon(std::uint64_t id) {
  const auto known = walks_.find(id);
  if (known == walks_.end()) return;
  Walk walk = std::move(known->second);
  walks_.erase(known);
  if (watch_ && walk.kind == Kind::walk) watch_->set(std::to_string(id), {});
  walk.under_way = false;
  walk.again = true;
  const std::uint64_t next = add(std::move(walk));
  for (auto& [other, parent] : walks_) std::ranges::replace(parent.children, id, next);
}

std::optional<Discoverer::Troubles> Discoverer::last_troubles(std::uint64_t id) const {
  const auto walk = walks_.find(id);
  return walk == walks_.end() ? std::nullopt : std::optional(walk->second.troubles);
}

bool Discoverer::is_empty(const Walk& walk) {
  return walk.ever_done && !walk.under_way && walk.found.empty() && walk.directories.empty() &&
         walk.candidates.empty() && walk.children.empty() && !walk.troubles.error &&
         !walk.troubles.limit;
}

void Discoverer::adopt(std::uint64_t parent, const std::vector<WalkStart>& elsewhere, bool all) {
  std::vector<std::uint64_t> children;
  for (const std::uint64_t child : std::exchange(walks_.at(parent).children, {})) {
    const Walk& walk = walks_.at(child);
    const bool met = std::ranges::find(elsewhere, walk.start) != elsewhere.end();
    if (!met && (all || is_empty(walk))) {
      drop(child);
    } else {
      children.push_back(child);
    }
  }
  for (const WalkStart& start : elsewhere) {
    const bool known = std::ranges::any_of(
        children, [&](std::uint64_t child) { return walks_.at(child).start == start; });
    if (known) continue;
    Walk walk;
    walk.entry = walks_.at(parent).entry;
    walk.start = start;
    children.push_back(add(std::move(walk)));
  }
  walks_.at(parent).children = std::move(children);
}

void Discoverer::distribute(std::uint64_t parent, std::vector<std::string> candidates,
                            const std::function<std::string(const std::string&)>& mount_of) {
  std::map<std::string, std::vector<std::string>> by_mount;
  for (std::string& path : candidates) by_mount[mount_of(path)].push_back(std::move(path));
  std::vector<std::uint64_t> children;
  for (const std::uint64_t id : std::exchange(walks_.at(parent).children, {})) {
    Walk& child = walks_.at(id);
    auto files = by_mount.extract(child.start.directory);
    child.candidates = files.empty() ? std::vector<std::string>() : std::move(files.mapped());
    if (is_empty(child)) {
      drop(id);
      continue;
    }
    // Also without files: those it found before may be gone by now.
    child.again = true;
    children.push_back(id);
  }
  walks_.at(parent).children = std::move(children);
  for (auto& [mountpoint, files] : by_mount) {
    Walk walk;
    walk.entry = walks_.at(parent).entry;
    walk.kind = Kind::files;
    walk.start.directory = mountpoint;
    walk.candidates = std::move(files);
    walks_.at(parent).children.push_back(add(std::move(walk)));
  }
}

Findings Discoverer::findings() const {
  Findings findings(entries_);
  for (const auto& [id, walk] : walks_) {
    if (!walk.ever_done && walk.kind != Kind::plain) continue;
    auto& found = findings[walk.entry];
    if (!found) found.emplace();
    found->insert(found->end(), walk.found.begin(), walk.found.end());
  }
  return findings;
}

bool Discoverer::complete() const {
  return std::ranges::all_of(walks_, [](const auto& item) { return item.second.ever_done; });
}

DiscoveryStatus Discoverer::status() const {
  DiscoveryStatus status;
  status.processes = config_->processes;
  status.rescan_period = config_->rescan_interval;
  const double all = weights();
  for (const auto& [id, walk] : walks_) {
    if (walk.troubles.limit) ++status.limited[static_cast<std::size_t>(*walk.troubles.limit)];
    if (walk.kind == Kind::walk || walk.kind == Kind::processes)
      status.rescan_period =
          std::max<std::chrono::duration<double>>(status.rescan_period, rescan_period(walk, all));
    status.noise_files += walk.noise;
    status.refused_links += walk.refused_links;
    status.unwatched_folders += watch_ ? walk.unwatched : walk.directories.size();
    status.denied_processes += walk.open.denied;
    status.untranslated_files += walk.open.untranslated;
  }
  return status;
}

}  // namespace sqlite_exporter

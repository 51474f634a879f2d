#include "exporter/discovery_task.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "collectors/linux/resolve_path.h"
#include "exporter/cpu_time.h"
#include "exporter/exclude.h"
#include "exporter/name_match.h"

namespace sqlite_exporter {

namespace {

using Kind = DiscoveryTask::Kind;
using Clock = std::chrono::steady_clock;

bool lies_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) &&
         (folder.ends_with('/') || path.size() == folder.size() || path[folder.size()] == '/');
}

/// One task at work.
class Run {
 public:
  Run(DiscoveryTask& task, const DiscoveryContext& context, const std::function<void()>& step)
      : task_(task),
        context_(context),
        step_(step),
        own_(context.node->mounts.filesystem_of(task.touches())) {}

  void run() {
    step_();
    switch (task_.kind) {
      case Kind::plain: return look_for_file();
      case Kind::processes: return ask_processes();
      case Kind::files:
        check(task_.candidates);
        keep_previous();
        break;
      case Kind::walk: task_.is_partial() ? look_at_changed() : walk_folders(); break;
    }
    std::erase_if(task_.elsewhere, [this](const WalkStart& start) {
      const Mount* const mount = context_.node->mounts.mount_of(start.real_directory());
      return mount != nullptr && is_kernel_filesystem(mount->fstype);
    });
  }

 private:
  const NodePaths& paths() const { return context_.node->paths; }

  /// Nothing behind a mountpoint of another filesystem: a link may lead to one that hangs, and that
  /// is for a job of its own.
  bool may_touch(std::string_view path) const {
    const MountTable& mounts = context_.node->mounts;
    return !mounts.is_mountpoint(path) || mounts.filesystem_of(path) == own_ ||
           lies_below(task_.touches(), path);
  }

  /// The task goes on behind a link: what led here lies on another filesystem.
  bool is_behind_link() const { return !task_.start.real.empty(); }

  /// Where this task has to look for what is called `path`.
  std::string behind_link(const std::string& path) const {
    const std::string& start = task_.start.directory;
    if (!is_behind_link() || !lies_below(path, start)) return path;
    return task_.start.real + path.substr(start.size());
  }

  /// The links that led there, as `resolve_path` counts their names.
  FollowedLinks links_to(const std::string& path) const {
    const std::string& start = task_.start.directory;
    if (!is_behind_link()) return {};
    if (path == task_.start.real) return task_.start.links;
    if (!lies_below(path, start)) return {};
    FollowedLinks links = task_.start.links;
    for (FollowedLink& link : links)
      link.names_after += count_names(std::string_view(path).substr(start.size()));
    return links;
  }

  Result<ResolvedPath> resolve(const std::string& path) const {
    Result<ResolvedPath> resolved = resolve_path(
        paths().rootfs, behind_link(path), [this](std::string_view at) { return may_touch(at); },
        links_to(path));
    // From one filesystem to another, and not on from there: links could lead round in a circle.
    if (resolved && resolved->elsewhere && is_behind_link())
      return fail(Errc::unsupported, "resolve " + path + ": it leads over several filesystems");
    return resolved;
  }

  bool is_excluded_path(std::string_view path) const {
    return is_excluded(context_.config->exclude, paths().host_path(path));
  }

  void look_for_file() {
    const std::string& path = task_.start.directory;
    const Result<ResolvedPath> resolved = resolve(path);
    if (resolved && resolved->elsewhere) {
      task_.elsewhere.push_back({path, {}, 0, resolved->path, resolved->links});
      // Until its links are judged there, what they lead to is not touched.
      task_.found.push_back({path, resolved->links.empty() ? resolved->path : path});
    } else if (!resolved && resolved.error().code == Errc::unsupported) {
      task_.error = resolved.error();  // whoever touched it would be led on by the kernel
      ++task_.refused_links;
    } else {
      Found found = found_at(path, resolved ? resolved->path : path);
      if (resolved) found.link_owner = required_owner(resolved->links);
      task_.found.push_back(std::move(found));
    }
  }

  void ask_processes() {
    OpenFilesRequest request;
    request.procfs = paths().procfs;
    request.viewer = paths().rootfs.empty() ? "self" : "1";
    if (const OwnReader& own = context_.node->own_reader) request.left_out = {own->listed};
    request.is_known = [this](std::string_view path) {
      return context_.known->contains(paths().access_path(path));
    };
    request.step = step_;
    const std::size_t most = context_.config->limits.max_entries;
    request.most_processes = request.most_descriptors = request.most_paths = most;
    Result<OpenFiles> open = open_files(request);
    if (!open) {
      task_.error = open.error();
      return;
    }
    task_.open = std::move(*open);
    if (task_.open.cut) task_.limit = WalkLimit::count;
    for (const std::string& path : task_.open.paths)
      if (!is_excluded(context_.config->exclude, path))
        task_.candidates.push_back(paths().access_path(path));
    task_.open.paths.clear();
  }

  void look_at_changed() {
    std::vector<std::string> files;
    for (const std::string& path : task_.changed) {
      const NameMatch match = match_name(task_.start, path);
      if (match.file) files.push_back(path);
      // A link that leads to a folder is a name like any other to inotify.
      if (match.folder && link_at(path)) task_.again = true;
    }
    check(files);
    if (task_.error || task_.limit || !task_.elsewhere.empty()) task_.again = true;
  }

  static bool link_at(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_symlink(std::filesystem::symlink_status(path, ignored));
  }

  void walk_folders() {
    WalkRules rules;
    rules.limits = context_.config->limits;
    rules.is_mountpoint = [this](std::string_view path) {
      return context_.node->mounts.is_mountpoint(path);
    };
    rules.resolve = [this](const std::string& path) { return resolve(path); };
    rules.is_excluded = [this](std::string_view path) {
      return is_excluded_itself(context_.config->exclude, paths().host_path(path));
    };
    rules.step = step_;
    Walked walked = walk(task_.start, rules);
    task_.directories = std::move(walked.directories);
    task_.elsewhere = std::move(walked.elsewhere);
    task_.followed = walked.followed;
    task_.limit = walked.limit;
    task_.refused_links = walked.refused_links;
    task_.error = std::move(walked.error);
    check(walked.files);
    if (task_.limit || task_.error) keep_previous();
    if (context_.watch && own_ != nullptr && !own_->remote)
      task_.watched = context_.watch->set(std::to_string(task_.id), task_.directories, step_);
  }

  /// Each file by itself: where time is up, those before it are found.
  void check(const std::vector<std::string>& files) {
    const auto end = Clock::now() + context_.config->limits.max_duration;
    CheckRules rules;
    rules.is_known = [this](std::string_view path) { return context_.known->contains(path); };
    rules.is_excluded = [this](std::string_view path) { return is_excluded_path(path); };
    for (const std::string& file : files) {
      step_();
      if (Clock::now() >= end) {
        task_.limit = WalkLimit::time;
        return;
      }
      const Result<ResolvedPath> resolved = resolve(file);
      if (resolved && resolved->elsewhere) {
        task_.elsewhere.push_back({file, {}, 0, resolved->path, resolved->links});
        continue;
      }
      if (!resolved && resolved.error().code != Errc::denied) {
        if (resolved.error().code == Errc::unsupported) ++task_.refused_links;
        if (resolved.error().code != Errc::no_data && resolved.error().code != Errc::unsupported)
          meet(resolved.error());
        continue;
      }
      Found found{file, resolved ? resolved->path : file};
      if (resolved) found.link_owner = required_owner(resolved->links);
      const Result<Likeness> likeness = likeness_of(found, rules);
      if (likeness == Likeness::database) task_.found.push_back(std::move(found));
      if (likeness == Likeness::noise) ++task_.noise;
      if (likeness) continue;
      meet(likeness.error());
      if (likeness.error().code == Errc::limit) return;  // nor could the next one be opened
    }
  }

  void meet(const Error& error) {
    if (!task_.error) task_.error = error;
  }

  /// What was cut off is not gone; nor is a database that nobody has open at this moment.
  void keep_previous() {
    std::set<std::string_view> seen;
    for (const Found& found : task_.found) seen.insert(found.matched_path);
    std::vector<Found> kept;
    for (const Found& found : task_.previous) {
      step_();
      if (seen.contains(found.matched_path)) continue;
      if (is_excluded_path(found.matched_path) || is_excluded_path(found.path)) continue;
      const Result<ResolvedPath> resolved = resolve(found.matched_path);
      if (resolved && resolved->elsewhere) {
        task_.elsewhere.push_back({found.matched_path, {}, 0, resolved->path, resolved->links});
      } else if (resolved || (resolved.error().code != Errc::no_data &&
                              resolved.error().code != Errc::unsupported)) {
        kept.push_back(found);
      }
    }
    std::ranges::move(kept, std::back_inserter(task_.found));
  }

  DiscoveryTask& task_;
  const DiscoveryContext& context_;
  const std::function<void()>& step_;
  const Mount* own_;  ///< stands for the filesystem that this task may touch
};

}  // namespace

void run_discovery(DiscoveryTask& task, const DiscoveryContext& context,
                   const std::function<void()>& step) {
  const auto begun = Clock::now();
  CpuTime cpu;
  {
    const ThreadCpuMeter meter(cpu);
    Run(task, context, step).run();
  }
  task.cpu = cpu.total();
  task.took = Clock::now() - begun;
}

}  // namespace sqlite_exporter

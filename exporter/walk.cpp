#include "exporter/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

#include "collectors/linux/descriptor.h"
#include "collectors/linux/file.h"
#include "collectors/linux/open_without_links.h"
#include "exporter/naming.h"
#include "exporter/path_below.h"
#include "exporter/pattern_step.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

/// A folder of many entries on a slow disk is progress, too.
constexpr std::size_t kEntriesPerStep = 256;

int open_directory(int parent, const std::string& name, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::openat(parent, name.c_str(), flags | O_DIRECTORY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

unsigned char type_of(mode_t mode) { return static_cast<unsigned char>(IFTODT(mode)); }

struct Folder {
  int descriptor;
  const std::string& path;
  const std::string& real;
  const Positions& positions;
  std::size_t depth;
  const FollowedLinks& links;  ///< that led to it
};

struct Subfolder {
  Positions positions;
  bool follow = false;  ///< it is a symbolic link that the pattern names
};
using Subfolders = std::map<std::string, Subfolder>;

class Walker {
 public:
  Walker(const WalkStart& start, const WalkRules& rules)
      : start_(start), rules_(rules), components_(start.components) {}

  Walked walk() {
    rules_.step();
    if (components_.empty()) {
      if (is_file(AT_FDCWD, start_.real_directory())) walked_.files.push_back(start_.directory);
      return std::move(walked_);
    }
    const Result<ResolvedPath> real = rules_.resolve(start_.real_directory());
    if (!real) {
      if (real.error().code == Errc::unsupported) ++walked_.refused_links;
      if (real.error().code != Errc::no_data) walked_.error = real.error();
    } else if (real->elsewhere) {
      leave(start_.directory, *real, components_, start_.depth);
    } else if (const Descriptor top(open_without_links(real->path, O_PATH | O_DIRECTORY));
               top.get() >= 0) {
      // Without the slash that either may end in.
      walked_.followed = path_below(real->path, "") != path_below(start_.directory, "");
      enter({top.get(), start_.directory, real->path, with_successors(components_, {0}),
             start_.depth, real->links});
    } else if (errno != ENOENT && errno != ENOTDIR) {
      set_error(errno, "open", start_.directory);
    }
    tidy(walked_.files);
    tidy(walked_.directories);
    std::vector<WalkStart>& elsewhere = walked_.elsewhere;
    std::ranges::sort(elsewhere, {}, [](const WalkStart& next) {
      return std::tie(next.directory, next.components);
    });
    elsewhere.erase(std::unique(elsewhere.begin(), elsewhere.end()), elsewhere.end());
    return std::move(walked_);
  }

 private:
  /// Depth-first: `max_depth` bounds the recursion.
  void enter(const Folder& folder) {
    Subfolders subfolders;
    const bool to_list = std::ranges::any_of(
        folder.positions, [&](std::size_t position) { return is_pattern(components_[position]); });
    if (!to_list || !list(folder, subfolders)) look_up(folder, subfolders);
    for (const auto& [name, subfolder] : subfolders) {
      if (is_over()) return;
      descend(folder, name, subfolder);
    }
  }

  void descend(const Folder& folder, const std::string& name, const Subfolder& subfolder) {
    rules_.step();
    const std::string path = path_below(folder.path, name);
    const Descriptor opened(open_directory(folder.descriptor, name, O_PATH | O_NOFOLLOW));
    if (opened.get() >= 0)
      return enter({opened.get(), path, path_below(folder.real, name),
                    with_successors(components_, subfolder.positions), folder.depth + 1,
                    folder.links});
    if (errno == ENOTDIR && subfolder.follow) return follow(folder, path, name, subfolder);
    pass_over("open", path);
  }

  /// A symbolic link, unless it is a file.
  void follow(const Folder& folder, const std::string& path, const std::string& name,
              const Subfolder& subfolder) {
    walked_.followed = true;
    Result<ResolvedPath> resolved = rules_.resolve(path_below(folder.real, name));
    if (!resolved) {
      if (resolved.error().code == Errc::unsupported) ++walked_.refused_links;
      return;
    }
    resolved->links.insert(resolved->links.begin(), folder.links.begin(), folder.links.end());
    if (resolved->elsewhere) {
      for (const std::size_t position : subfolder.positions)
        leave(path, *resolved, std::span(components_).subspan(position), folder.depth + 1);
      return;
    }
    const Descriptor opened(open_without_links(resolved->path, O_PATH | O_DIRECTORY));
    if (opened.get() < 0) return pass_over("open", path);
    enter({opened.get(), path, resolved->path, with_successors(components_, subfolder.positions),
           folder.depth + 1, resolved->links});
  }

  /// False if the folder could not be listed.
  bool list(const Folder& folder, Subfolders& subfolders) {
    Descriptor descriptor(open_directory(folder.descriptor, ".", O_RDONLY));
    if (descriptor.get() < 0) {
      if (errno == EACCES && folder.path == start_.directory)
        set_error(errno, "open", folder.path);
      else
        pass_over("open", folder.path);
      return false;
    }
    leave_atime(descriptor.get());
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(descriptor.get()), &::closedir);
    if (!stream) {
      pass_over("read", folder.path);
      return false;
    }
    static_cast<void>(descriptor.release());
    walked_.directories.push_back(folder.real);
    while (!is_over()) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) {
        if (errno != 0) pass_over("read", folder.path);
        break;
      }
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      if (!count_entry()) break;
      consider(folder, entry->d_name, entry->d_type, subfolders);
    }
    return true;
  }

  void look_up(const Folder& folder, Subfolders& subfolders) {
    for (const std::size_t position : folder.positions) {
      const std::string& name = components_[position];
      if (is_pattern(name)) continue;
      if (!count_entry()) return;
      consider(folder, name.c_str(), DT_UNKNOWN, subfolders);
      if (!subfolders.contains(name)) walked_.directories.push_back(folder.real);
    }
  }

  /// `type` is what readdir says: it belongs to what lies beneath a mountpoint, not to the mount.
  void consider(const Folder& folder, const char* name, unsigned char type,
                Subfolders& subfolders) {
    auto [is_match, named, deeper] = match_next(components_, folder.positions, name);
    if (!is_match && named.empty() && deeper.empty()) return;
    const std::string path = path_below(folder.path, name);
    if (rules_.is_excluded(path)) return;
    const std::string real = path_below(folder.real, name);
    const bool is_mountpoint = rules_.is_mountpoint(real);
    if (type == DT_UNKNOWN && !is_mountpoint) type = look_at(folder.descriptor, name, path);
    if (may_be_file(type) && is_match) {
      if (is_mountpoint)
        leave(path, {real, true, folder.links}, {}, folder.depth + 1);
      else if (type != DT_UNKNOWN)
        walked_.files.push_back(path);
    }
    if (type != DT_LNK) named.merge(deeper);
    if (!may_be_folder(type) || named.empty()) return;
    if (folder.depth >= rules_.limits.max_depth) return meet(WalkLimit::depth);
    if (is_mountpoint) {
      for (const std::size_t position : named)
        leave(path, {real, true, folder.links}, std::span(components_).subspan(position),
              folder.depth + 1);
      return;
    }
    Subfolder& known = subfolders[name];
    known.positions.merge(named);
    known.follow = type == DT_LNK;
  }

  void leave(const std::string& path, const ResolvedPath& real, std::span<const std::string> rest,
             std::size_t depth) {
    walked_.elsewhere.push_back({path,
                                 {rest.begin(), rest.end()},
                                 depth,
                                 real.path == path ? std::string() : real.path,
                                 real.links});
  }

  static bool may_be_file(unsigned char type) {
    return type == DT_REG || type == DT_LNK || type == DT_UNKNOWN;
  }

  static bool may_be_folder(unsigned char type) {
    return type == DT_DIR || type == DT_LNK || type == DT_UNKNOWN;
  }

  bool is_file(int directory, const std::string& path) {
    const unsigned char type = look_at(directory, path.c_str(), path);
    return type == DT_REG || type == DT_LNK;
  }

  unsigned char look_at(int directory, const char* name, const std::string& path) {
    struct stat status{};
    if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0)
      return type_of(status.st_mode);
    pass_over("stat", path);
    return DT_WHT;  // neither a file nor a folder
  }

  bool count_entry() {
    if (++entries_ % kEntriesPerStep == 0) rules_.step();
    if (entries_ > rules_.limits.max_entries) {
      meet(WalkLimit::count);
      ended_ = true;
    }
    return !is_over();
  }

  bool is_over() {
    if (!ended_ && Clock::now() - begun_ > rules_.limits.max_duration) {
      meet(WalkLimit::time);
      ended_ = true;
    }
    return ended_;
  }

  void meet(WalkLimit limit) {
    // One that ended the walk says more than the depth that nearly every walk meets.
    if (!walked_.limit || *walked_.limit == WalkLimit::depth) walked_.limit = limit;
  }

  /// By errno: what is not there, is not ours to see or is no folder is nothing to speak of.
  void pass_over(const char* what, const std::string& path) {
    switch (errno) {
      case ENOENT:
      case ENOTDIR:
      case EACCES:
      case EPERM:
      case ELOOP:
      case ENAMETOOLONG: return;
      default: set_error(errno, what, path);
    }
  }

  void set_error(int number, const char* what, const std::string& path) {
    Error error = error_from_errno(number, what, path);
    // Without descriptors nothing more can be seen, and every name would look absent.
    if (error.code == Errc::limit) ended_ = true;
    if (!walked_.error) walked_.error = std::move(error);
  }

  static void tidy(std::vector<std::string>& paths) {
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  }

  const WalkStart& start_;
  const WalkRules& rules_;
  const std::vector<std::string>& components_;
  const Clock::time_point begun_ = Clock::now();
  std::size_t entries_ = 0;
  bool ended_ = false;
  Walked walked_;
};

}  // namespace

WalkStart walk_start(std::string_view pattern) {
  WalkStart start{std::string(fixed_prefix(pattern)), {}, 0};
  std::string_view rest = pattern.substr(std::min(pattern.size(), start.directory.size()));
  while (!rest.empty()) {
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), component.size() + 1));
    const bool repeated = component == kAnyFolders && !start.components.empty() &&
                          start.components.back() == kAnyFolders;
    if (!component.empty() && component != "." && !repeated)
      start.components.emplace_back(component);
  }
  if (is_folder(pattern) && (start.components.empty() || start.components.back() != kAnyFolders))
    start.components.emplace_back(kAnyFolders);
  if (!start.components.empty() && start.components.back() == kAnyFolders)
    start.components.emplace_back("*");
  return start;
}

Walked walk(const WalkStart& start, const WalkRules& rules) { return Walker(start, rules).walk(); }

}  // namespace sqlite_exporter

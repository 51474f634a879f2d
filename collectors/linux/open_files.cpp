/// Walks the descriptors of all processes, and translates the names of foreign mount namespaces.
#include "collectors/linux/open_files.h"

#include <algorithm>
#include <map>
#include <utility>

#include "collectors/base/database_files.h"
#include "collectors/linux/file.h"
#include "collectors/linux/link.h"
#include "collectors/linux/mount_table.h"
#include "collectors/linux/path_translation.h"
#include "collectors/linux/process_list.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kDescriptorsPerStep = 256;
constexpr std::size_t kMostViews = 1000;

/// A mount namespace other than the viewer's, as processes with one root directory see it.
struct View {
  MountTable mounts;
  std::set<std::string> paths;
};

class Survey {
 public:
  Survey(const OpenFilesRequest& request, std::string viewers_namespace)
      : request_(request), viewers_namespace_(std::move(viewers_namespace)) {}

  void ask(int pid) {
    const std::string process = request_.procfs + "/" + std::to_string(pid);
    const auto looked = look_at(process, std::to_string(pid));
    if (!looked && looked.error().code == Errc::denied) ++result_.denied;
  }

  void cut() { result_.cut = true; }

  Result<OpenFiles> finish() {
    if (const auto translated = translate(); !translated) return fail(translated.error());
    result_.paths.assign(paths_.begin(), paths_.end());
    return std::move(result_);
  }

 private:
  Result<void> look_at(const std::string& process, const std::string& name) {
    const auto descriptors = names_in(process + "/fd", request_.most_descriptors + 1);
    if (!descriptors) return fail(descriptors.error());
    const std::size_t most = std::min(descriptors->size(), request_.most_descriptors);
    if (most < descriptors->size()) cut();
    std::set<std::string> found;
    for (std::size_t i = 0; i < most; ++i) {
      if (request_.step && (i + 1) % kDescriptorsPerStep == 0) request_.step();
      const auto link = read_link(process + "/fd/" + (*descriptors)[i]);
      if (!link && link.error().code == Errc::denied) return fail(link.error());
      if (!link) continue;  // closed meanwhile
      if (auto path = database_behind(*link)) found.insert(std::move(*path));
    }
    if (found.empty()) return {};

    const auto mount_namespace = read_link(process + "/ns/mnt");
    if (!mount_namespace) return fail(mount_namespace.error());
    if (*mount_namespace == viewers_namespace_) {
      for (const std::string& path : found) add(paths_, path);
      return {};
    }
    return add_foreign(*mount_namespace, process, name, found);
  }

  /// The links of a process name files from the top of its mount namespace, its mount table names
  /// mounts from its root directory.
  Result<void> add_foreign(const std::string& mount_namespace, const std::string& process,
                           const std::string& name, const std::set<std::string>& found) {
    const auto root = read_link(process + "/root");
    if (!root) return fail(root.error());
    auto view = views_.find({mount_namespace, *root});
    if (view == views_.end()) {
      if (views_.size() == kMostViews) {
        cut();
        return {};
      }
      auto mounts = MountTable::read(request_.procfs, name);
      if (!mounts) return fail(mounts.error());
      view = views_.emplace(std::pair(mount_namespace, *root), View{std::move(*mounts), {}}).first;
    }
    for (const std::string& path : found) {
      if (const auto rest = rest_below(path, *root)) {
        add(view->second.paths, std::string(*rest));
      } else {
        ++result_.untranslated;
      }
    }
    return {};
  }

  void add(std::set<std::string>& paths, const std::string& path) {
    if (count_ < request_.most_paths) {
      count_ += paths.insert(path).second ? 1 : 0;
    } else if (!paths.contains(path)) {
      cut();
    }
  }

  Result<void> translate() {
    if (views_.empty()) return {};
    const auto here = MountTable::read(request_.procfs, request_.viewer);
    if (!here) return fail(here.error());
    for (const auto& [key, view] : views_) {
      if (request_.step) request_.step();
      for (const std::string& path : view.paths) {
        auto names = translate_path(path, view.mounts, *here);
        if (names.empty()) {
          ++result_.untranslated;
          continue;
        }
        auto best =
            request_.is_known ? std::ranges::find_if(names, request_.is_known) : names.end();
        if (best == names.end()) best = names.begin();
        paths_.insert(std::move(*best));
      }
    }
    return {};
  }

  const OpenFilesRequest& request_;
  std::string viewers_namespace_;
  OpenFiles result_;
  std::set<std::string> paths_;
  /// By mount namespace and root directory.
  std::map<std::pair<std::string, std::string>, View> views_;
  std::size_t count_ = 0;  ///< of all paths so far
};

}  // namespace

std::optional<std::string> database_behind(std::string_view link) {
  if (!link.starts_with('/') || link.ends_with(" (deleted)")) return std::nullopt;
  if (rest_below(link, "/proc") || rest_below(link, "/sys")) return std::nullopt;
  if (rest_below(link, "/dev") && !rest_below(link, "/dev/shm")) return std::nullopt;
  return std::string(database_beside(link).value_or(link));
}

Result<OpenFiles> open_files(const OpenFilesRequest& request) {
  auto viewers_namespace = read_link(request.procfs + "/" + request.viewer + "/ns/mnt");
  if (!viewers_namespace) return fail(viewers_namespace.error());
  const auto pids = processes_of(request.procfs, request.most_processes);
  if (!pids) return fail(pids.error());
  int reader = 0;
  assign_number(std::string_view(read_link(request.procfs + "/self").value_or("")), reader);

  Survey survey(request, std::move(*viewers_namespace));
  std::size_t asked = 0;
  for (const int pid : *pids) {
    if (pid == reader || request.left_out.contains(pid)) continue;
    if (asked++ == request.most_processes) {
      survey.cut();
      break;
    }
    if (request.step) request.step();
    survey.ask(pid);
  }
  return survey.finish();
}

}  // namespace sqlite_exporter

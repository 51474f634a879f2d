#include "collectors/linux/cgroup_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <new>
#include <utility>

#include "collectors/linux/cgroup_hierarchy.h"
#include "collectors/linux/descriptor.h"
#include "collectors/linux/file.h"
#include "collectors/linux/link.h"
#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

/// A directory's handle: a header, and bytes that only the kernel reads.
class Handle {
 public:
  explicit Handle(const std::string& path) : head_(new(bytes_.data()) file_handle{}) {
    head_->handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    if (::name_to_handle_at(AT_FDCWD, path.c_str(), head_, &mount, 0) != 0) error_ = errno;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  int error() const { return error_; }
  file_handle* get() { return head_; }

 private:
  alignas(file_handle) std::array<std::byte, sizeof(file_handle) + MAX_HANDLE_SZ> bytes_{};
  file_handle* head_;
  int error_ = 0;
};

/// Of an open directory of the kernel's, which nobody can unmount anyway.
Result<std::string> path_of(const Descriptor& directory) {
  return read_link("/proc/self/fd/" + std::to_string(directory.get()));
}

constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// `path` below `root`, which each step up that `path` begins with makes one shorter; none if there
/// are more of them than directories.
std::string climbed(std::string_view root, std::string_view path) {
  constexpr std::string_view kUp = "/..";
  if (root == "/") root = {};
  while (path.starts_with(kUp) && (path.size() == kUp.size() || path[kUp.size()] == '/')) {
    if (root.empty()) return {};
    root = root.substr(0, root.rfind('/'));
    path.remove_prefix(kUp.size());
  }
  if (path == "/") path = {};
  std::string whole(root);
  whole.append(path);
  return whole.empty() ? "/" : whole;
}

/// What the runtime of a container mounts there is its namespace's root; elsewhere the machine's.
constexpr const char* kOwnRoot = "/sys/fs/cgroup";

bool is_v2(const std::string& root) {
  struct statfs status{};
  return !root.empty() && ::statfs(root.c_str(), &status) == 0 &&
         status.f_type == CGROUP2_SUPER_MAGIC;
}

/// The namespace that every machine begins with (PROC_CGROUP_INIT_INO of the kernel's proc_ns.h).
bool is_in_initial_namespace() {
  const Result<std::string> link = read_link("/proc/self/ns/cgroup");
  return !link || *link == "cgroup:[4026531835]";
}

/// Whether the cgroup that this text names has our process: a namespace may have been made within
/// another one, and `kOwnRoot` be mounted for that.
bool leads_to_us(const std::string& root, std::string_view text) {
  const std::optional<Cgroup> cgroup = parse_cgroup_membership(text);
  return cgroup && cgroup->in[CgroupHierarchy::unified] &&
         lists_process(root + cgroup->path, ::getpid());
}

}  // namespace

Result<std::string> find_namespace_root(const std::string& root, const std::string& own) {
  // A handle of another filesystem could be one of something else here.
  const Result<FileStatus> there = status_of_kernel(root);
  if (!there) return fail(there.error());
  const Result<FileStatus> here = status_of_kernel(own);
  if (!here) return fail(here.error());
  if (here->identity.device != there->identity.device)
    return fail(Errc::no_data, own + " is not of the hierarchy at " + root);
  if (here->identity == there->identity) return std::string("/");
  Handle handle(own);
  if (handle.error() != 0) return fail(error_from_errno(handle.error(), "name", own));
  const Descriptor hierarchy(::open(root.c_str(), kFlags));
  if (hierarchy.get() < 0) return fail(error_from_errno(errno, "open", root));
  const Descriptor found(::open_by_handle_at(hierarchy.get(), handle.get(), kFlags));
  if (found.get() < 0) return fail(error_from_errno(errno, "open by its handle", own));
  const Result<std::string> above = path_of(hierarchy);
  const Result<std::string> path = path_of(found);
  if (!above) return fail(above.error());
  if (!path) return fail(path.error());
  if (*path == *above) return std::string("/");
  if (!path->starts_with(*above + "/"))
    return fail(Errc::no_data, own + " does not lie below " + root);
  return path->substr(above->size());
}

std::string seen_from_root(std::string_view text, const std::optional<std::string>& begins) {
  std::string result;
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    std::string_view path = line;
    const std::string_view hierarchy = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    const std::string_view head = line.substr(0, line.size() - path.size());
    if (!path.starts_with('/')) continue;
    if (hierarchy != "0" || !controllers.empty()) {
      if (path == "/") result.append(line).append("\n");
      continue;
    }
    if (!begins) continue;
    const std::string whole = climbed(*begins, path);
    result.append(head).append(whole.empty() ? path : whole).append("\n");
  }
  return result;
}

Result<CgroupNamespace> CgroupNamespace::find(const std::string& root, std::string_view own_text) {
  CgroupNamespace found;
  if (!is_v2(root) || is_in_initial_namespace()) return found;
  found.initial_ = false;
  Result<std::string> begins = find_namespace_root(root, kOwnRoot);
  if (!begins && begins.error().code == Errc::limit) return fail(begins.error());
  if (begins && leads_to_us(root, seen_from_root(own_text, *begins)))
    found.begins_ = std::move(*begins);
  return found;
}

std::string CgroupNamespace::node_text(std::string_view text) const {
  return initial_ ? std::string(text) : seen_from_root(text, begins_);
}

}  // namespace sqlite_exporter

#include "collectors/linux/cgroup_namespace.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <new>

#include "collectors/linux/file.h"
#include "collectors/linux/link.h"
#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kOfV2 = "0::";

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

/// An open directory of the kernel's, which nobody can unmount anyway.
class Directory {
 public:
  explicit Directory(int descriptor) : descriptor_(descriptor) {}
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  Result<std::string> path() const {
    return read_link("/proc/self/fd/" + std::to_string(descriptor_));
  }

 private:
  int descriptor_;
};

constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// `path` below `root`, which each step up that `path` begins with makes one shorter; none if there
/// are more of them than directories.
std::string joined(std::string_view root, std::string_view path) {
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

std::string_view v2_path(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (line.starts_with(kOfV2) && line.substr(kOfV2.size()).starts_with('/'))
      return line.substr(kOfV2.size());
  }
  return {};
}

}  // namespace

Result<std::string> find_namespace_root(const std::string& root, const std::string& own) {
  // A handle of another filesystem could be one of something else here.
  const Result<FileStatus> there = status_of(root);
  if (!there) return fail(there.error());
  const Result<FileStatus> here = status_of(own);
  if (!here) return fail(here.error());
  if (here->identity.device != there->identity.device)
    return fail(Errc::no_data, own + " is not of the hierarchy at " + root);
  Handle handle(own);
  if (handle.error() != 0) return fail(error_from_errno(handle.error(), "name", own));
  const Directory hierarchy(::open(root.c_str(), kFlags));
  if (!hierarchy.is_open()) return fail(error_from_errno(errno, "open", root));
  const Directory found(::open_by_handle_at(hierarchy.descriptor(), handle.get(), kFlags));
  if (!found.is_open()) return fail(error_from_errno(errno, "open by its handle", own));
  const Result<std::string> above = hierarchy.path();
  const Result<std::string> path = found.path();
  if (!above) return fail(above.error());
  if (!path) return fail(path.error());
  if (*path == *above) return std::string("/");
  if (!path->starts_with(*above + "/"))
    return fail(Errc::no_data, own + " does not lie below " + root);
  return path->substr(above->size());
}

bool is_seen_from_namespace(std::string_view text) {
  const std::string_view path = v2_path(text);
  return path == "/" || path == "/.." || path.starts_with("/../");
}

std::string seen_from_root(std::string_view text, std::string_view namespace_root) {
  const std::string_view path = v2_path(text);
  const std::string whole = path.empty() ? std::string() : joined(namespace_root, path);
  std::string result(text);
  if (!whole.empty())
    result.replace(static_cast<std::size_t>(path.data() - text.data()), path.size(), whole);
  return result;
}

}  // namespace sqlite_exporter

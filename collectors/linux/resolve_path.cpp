#include "collectors/linux/resolve_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <utility>

#include "collectors/linux/file.h"
#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

constexpr int kMostLinks = 40;  // as the kernel's

using Names = std::deque<std::string>;

void put_before(Names& names, std::string_view path) {
  Names first;
  while (!path.empty()) {
    const std::string_view name = take_until(path, '/');
    if (!name.empty() && name != ".") first.emplace_back(name);
  }
  names.insert(names.begin(), std::make_move_iterator(first.begin()),
               std::make_move_iterator(first.end()));
}

std::string with_all(std::string path, const Names& names) {
  for (const std::string& name : names) path.append("/").append(name);
  return path;
}

/// Where the link leads; "" if `path` is no link. Errors: errno's.
Result<std::string> link_at(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0 && errno == EINVAL) return std::string();
  if (size < 0) return fail(error_from_errno(errno, "resolve", path));
  return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace

Result<ResolvedPath> resolve_path(const std::string& root, const std::string& path,
                                  const std::function<bool(std::string_view)>& may_touch) {
  Names names;
  put_before(names, std::string_view(path).substr(root.size()));
  std::string real = root;
  int links = 0;
  while (!names.empty()) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (name == "..") {
      if (real.size() > root.size()) real.erase(real.rfind('/'));
      continue;
    }
    const std::size_t parent_size = real.size();
    real.append("/").append(name);
    if (!may_touch(real)) return ResolvedPath{with_all(std::move(real), names), true};
    const Result<std::string> target = link_at(real);
    if (!target) return fail(target.error());
    if (target->empty()) continue;
    if (++links > kMostLinks) return fail(error_from_errno(ELOOP, "resolve", path));
    real.erase(target->starts_with('/') ? root.size() : parent_size);
    put_before(names, *target);
  }
  return ResolvedPath{real.empty() ? "/" : std::move(real), false};
}

}  // namespace sqlite_exporter

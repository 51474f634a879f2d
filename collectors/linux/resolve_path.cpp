#include "collectors/linux/resolve_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <optional>
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

struct Link {
  std::string target;
  std::uint32_t owner = 0;
};

/// Nothing if `path` is no link. Target and owner are of one link, though another may take its
/// place. Errors: errno's.
Result<std::optional<Link>> link_at(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  if (::readlink(path.c_str(), target.data(), target.size()) < 0) {
    if (errno == EINVAL) return std::nullopt;
    return fail(error_from_errno(errno, "resolve", path));
  }
  const int descriptor = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return fail(error_from_errno(errno, "resolve", path));
  struct stat status{};
  const bool known = ::fstat(descriptor, &status) == 0;
  const ssize_t size = known ? ::readlinkat(descriptor, "", target.data(), target.size()) : -1;
  const int error = errno;
  ::close(descriptor);
  // The kernel says so of what became a file or a folder meanwhile.
  if (size < 0 && (error == EINVAL || error == ENOENT)) return std::nullopt;
  if (size < 0) return fail(error_from_errno(error, "resolve", path));
  return Link{{target.data(), static_cast<std::size_t>(size)}, status.st_uid};
}

/// What a user namespace calls everybody whom it does not know: two of them need not be the same.
constexpr std::uint32_t kUnknownUser = 65534;

/// Who may have us read what root may read, or what we may.
bool is_trusted(std::uint32_t owner) { return owner == 0 || owner == ::geteuid(); }

/// Of the links whose targets were just reached, and of all at the end of the path: a folder of the
/// link's owner may hold files of others.
Result<void> judge(FollowedLinks& links, std::size_t names_left, const std::string& reached) {
  const auto is_due = [&](const FollowedLink& link) {
    return names_left == 0 || (!link.judged && link.names_after >= names_left);
  };
  if (std::ranges::none_of(links, is_due)) return {};
  struct stat status{};
  const std::string path = reached.empty() ? "/" : reached;
  if (::lstat(path.c_str(), &status) != 0) return fail(error_from_errno(errno, "resolve", path));
  for (FollowedLink& link : links) {
    // Folders within his folder tell nothing of whose files are in them.
    if (!is_due(link) || (link.judged && S_ISDIR(status.st_mode))) continue;
    link.judged = true;
    if (status.st_uid == link.owner && link.owner != kUnknownUser) continue;
    return fail(Errc::unsupported,
                "a symbolic link of the user " + std::to_string(link.owner) + " leads to " + path +
                    " of the user " + std::to_string(status.st_uid) +
                    ": it is followed only if its owner is root or owns what it leads to");
  }
  return {};
}

}  // namespace

std::size_t count_names(std::string_view path) {
  Names names;
  put_before(names, path);
  return names.size();
}

Result<ResolvedPath> resolve_path(const std::string& root, const std::string& path,
                                  const std::function<bool(std::string_view)>& may_touch,
                                  FollowedLinks links) {
  Names names;
  put_before(names, std::string_view(path).substr(root.size()));
  std::string real = root;
  int followed = 0;
  while (!names.empty()) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (name == "..") {
      if (real.size() > root.size()) real.erase(real.rfind('/'));
    } else {
      const std::size_t parent_size = real.size();
      real.append("/").append(name);
      if (!may_touch(real))
        return ResolvedPath{with_all(std::move(real), names), true, std::move(links)};
      const Result<std::optional<Link>> link = link_at(real);
      if (!link) return fail(link.error());
      if (*link) {
        if (++followed > kMostLinks) return fail(error_from_errno(ELOOP, "resolve", path));
        if (!is_trusted((*link)->owner)) links.push_back({(*link)->owner, names.size()});
        real.erase((*link)->target.starts_with('/') ? root.size() : parent_size);
        put_before(names, (*link)->target);
      }
    }
    if (const Result<void> judged = judge(links, names.size(), real); !judged)
      return fail(judged.error().code, "resolve " + path + ": " + judged.error().message);
  }
  return ResolvedPath{real.empty() ? "/" : std::move(real), false, std::move(links)};
}

RequiredOwner required_owner(const FollowedLinks& links) {
  // Those of two users have no file in common.
  return links.empty() ? std::nullopt : RequiredOwner(links.front().owner);
}

}  // namespace sqlite_exporter

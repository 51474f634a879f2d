/// Opens files and folders by paths without symbolic links, so that a link which came into one
/// since it was resolved leads nowhere.
#pragma once

#include <string>

namespace sqlite_exporter {

/// As open(2) with O_CLOEXEC and O_NOFOLLOW, of the absolute `path`; -1 and errno, ELOOP where any
/// of its names is a symbolic link. By openat2(2), or where the kernel or a container's seccomp
/// profile has none, by one `openat` a name. Source: openat2(2), RESOLVE_NO_SYMLINKS. Any thread.
int open_without_links(const std::string& path, int flags);

/// The second way, on every kernel.
int open_name_by_name(const std::string& path, int flags);

}  // namespace sqlite_exporter

#include "exporter/node_paths.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "collectors/linux/file.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

bool is_denied(const std::error_code& error) { return error == std::errc::permission_denied; }

/// Without slashes at its end; "" for the root directory.
Result<std::string> directory(std::string path, const char* flag) {
  std::error_code error;
  if (!path.starts_with('/') || !std::filesystem::is_directory(path, error)) {
    return fail(Errc::config, std::string(flag)
                                  .append(" must be the absolute path of a directory, not ")
                                  .append(in_quotes(path))
                                  .append(is_denied(error) ? ": " + error.message() : ""));
  }
  while (path.ends_with('/')) path.pop_back();
  return path;
}

/// A default may be absent; one that was named must have what every filesystem of its kind has, or
/// all that it tells would be missing without a word.
Result<std::string> mounted(const std::string& path, const std::string& default_path,
                            const char* flag, const char* sign) {
  if (path == default_path) return path;
  Result<std::string> found = directory(path, flag);
  std::error_code error;
  if (found && !std::filesystem::exists(*found + sign, error))
    return fail(
        Errc::config,
        std::string(flag).append(": ").append(in_quotes(path)).append(" has no ").append(sign + 1));
  return found;
}

}  // namespace

Result<NodePaths> node_paths_of(const CommandLine& line) {
  NodePaths paths;
  const CommandLine defaults;
  Result<std::string> rootfs = directory(line.rootfs, "--path.rootfs");
  Result<std::string> procfs =
      mounted(line.procfs, defaults.procfs, "--path.procfs", "/self/mountinfo");
  Result<std::string> sysfs = mounted(line.sysfs, defaults.sysfs, "--path.sysfs", "/fs/cgroup");
  for (const auto* path : {&rootfs, &procfs, &sysfs})
    if (!*path) return fail(path->error());
  // Mounts and resolved paths have real names, and are compared with it.
  if (!rootfs->empty()) rootfs = real_path(*rootfs);
  if (!rootfs) return fail(Errc::config, "--path.rootfs: " + rootfs.error().message);
  if (*rootfs != "/") paths.rootfs = std::move(*rootfs);
  paths.procfs = std::move(*procfs);
  paths.sysfs = std::move(*sysfs);
  return paths;
}

}  // namespace sqlite_exporter

#include "exporter/node_paths.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "collectors/linux/file.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

/// Without slashes at its end; "" for the root directory.
Result<std::string> directory(std::string path, const char* flag) {
  std::error_code error;
  if (!path.starts_with('/') || !std::filesystem::is_directory(path, error)) {
    return fail(Errc::config, std::string(flag)
                                  .append(" must be the absolute path of a directory, not ")
                                  .append(in_quotes(path)));
  }
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<NodePaths> node_paths_of(const CommandLine& line) {
  NodePaths paths;
  const CommandLine defaults;
  Result<std::string> rootfs = directory(line.rootfs, "--path.rootfs");
  Result<std::string> procfs = line.procfs == defaults.procfs
                                   ? Result<std::string>(paths.procfs)
                                   : directory(line.procfs, "--path.procfs");
  Result<std::string> sysfs = line.sysfs == defaults.sysfs ? Result<std::string>(paths.sysfs)
                                                           : directory(line.sysfs, "--path.sysfs");
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

#include "exporter/inspect/connection_leak.h"

#include "collectors/linux/process_files.h"

namespace sqlite_exporter {

namespace {

constexpr double kNearLimit = 0.8;

bool is_near_limit(const Process& process) {
  return process.open_fds && process.max_fds &&
         static_cast<double>(*process.open_fds) >=
             kNearLimit * static_cast<double>(*process.max_fds);
}

DatabaseFiles files_of(const Look& look, const NodePaths& paths) {
  DatabaseFiles files;
  files.path = paths.host_path(look.path);
  if (look.database) files.identities.push_back(look.database->identity);
  if (look.wal) files.identities.push_back(look.wal->identity);
  if (look.shm) files.identities.push_back(*look.shm);
  return files;
}

}  // namespace

std::vector<ConnectionLeak> connection_leaks(const Look& look, const NodePaths& paths) {
  std::vector<ConnectionLeak> leaks;
  for (const HolderProcess& holder : look.holders.processes) {
    if (!is_near_limit(holder.process)) continue;
    const Result<DescriptorShare> share =
        descriptors_of_database(paths.procfs, holder.pid, files_of(look, paths));
    if (!share || 2 * share->of_database < share->asked) continue;
    leaks.push_back(
        {holder.pid, *holder.process.open_fds, *holder.process.max_fds, share->of_database});
  }
  return leaks;
}

std::string leak_in_words(const ConnectionLeak& leak, std::string_view process) {
  std::string text(process);
  text.append(" has ").append(std::to_string(leak.open_fds)).append(" files open of the ");
  text.append(std::to_string(leak.max_fds)).append(" that it may, at least ");
  text.append(std::to_string(leak.of_database)).append(" of them to use this database: it opens ");
  return text.append("connections and does not close them, and at its limit can open no file.");
}

}  // namespace sqlite_exporter

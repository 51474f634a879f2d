#include "tests/support/discover.h"

#include <memory>
#include <utility>

namespace sqlite_exporter::test {

DatabaseConfig entry(const std::string& path) {
  DatabaseConfig config;
  config.path = path;
  return config;
}

std::set<std::string> found_by(const Discoverer& discoverer, std::size_t of_entry) {
  const Findings findings = discoverer.findings();
  std::set<std::string> paths;
  for (const Found& found : findings.at(of_entry).value()) paths.insert(found.path);
  return paths;
}

bool nothing_held_up(const DiscoveryTask&) { return false; }

void run_due(Discoverer& discoverer, const KnownPaths& known, const std::string& rootfs,
             Discoverer::Clock::time_point now) {
  NodePaths paths;
  paths.rootfs = rootfs;
  const auto node = std::make_shared<const Node>(read_node(paths).value());
  const DiscoveryContext context{node, discoverer.config(), discoverer.watch(),
                                 std::make_shared<const KnownPaths>(known)};
  discoverer.begin_pass();
  const auto mount_of = [&](const std::string& path) {
    const Mount* const mount = node->mounts.filesystem_of(path);
    return mount == nullptr ? std::string() : mount->mountpoint;
  };
  for (;;) {
    auto tasks = discoverer.due(now, nothing_held_up);
    if (tasks.empty()) return;
    for (DiscoveryTask& task : tasks) {
      run_discovery(task, context, [] {});
      discoverer.done(std::move(task), now, mount_of);
    }
  }
}

std::vector<Found> discover(const DatabaseConfig& entry, const KnownPaths& known) {
  Discoverer discoverer("", nullptr);
  discoverer.configure({entry}, {});
  run_due(discoverer, known);
  return discoverer.findings().at(0).value_or(std::vector<Found>());
}

}  // namespace sqlite_exporter::test

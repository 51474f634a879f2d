/// Discovery from beginning to end, without the daemon: all walks of an entry, one after the other.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "exporter/discoverer.h"

namespace sqlite_exporter::test {

DatabaseConfig entry(const std::string& path);

/// The paths of what an entry, which must know something already, finds.
std::set<std::string> found_by(const Discoverer& discoverer, std::size_t of_entry = 0);

bool nothing_held_up(const DiscoveryTask&);

/// Runs what is due until nothing is; mounts and paths are those of this machine, below `rootfs`.
void run_due(Discoverer& discoverer, const KnownPaths& known = {}, const std::string& rootfs = "",
             Discoverer::Clock::time_point now = Discoverer::Clock::now());

/// What one entry finds.
std::vector<Found> discover(const DatabaseConfig& entry, const KnownPaths& known = {});

}  // namespace sqlite_exporter::test

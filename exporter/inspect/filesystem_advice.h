/// The room that is left to a database: a full disk is not healthy.
#pragma once

#include <string>
#include <vector>

#include "exporter/inspect/advice.h"

namespace sqlite_exporter {

/// "2.1 GiB of 8.0 GiB free on /data (ext4)", with inodes and read-only where that matters; ""
/// where it was not asked.
std::string filesystem_in_words(const Observation& observation);

/// `observation.look` is set.
void advise_on_filesystem(const Observation& observation, std::vector<Advice>& list);

}  // namespace sqlite_exporter

/// What changes about a process while it holds locks: whether it is stopped, and its descriptors.
#pragma once

#include <string>

#include "collectors/owner.h"

namespace sqlite_exporter {

/// False if the pid belongs to another process now, or to none. Leaves out what cannot be read.
/// With `thorough` the descriptors are counted where the kernel does not tell how many there are,
/// and their limit is read anew.
bool read_condition(const std::string& procfs, int pid, bool thorough, Process& process);

}  // namespace sqlite_exporter

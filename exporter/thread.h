/// Threads of our own: detached, since one that hangs on a mount cannot be joined; without signals,
/// which are the loop's; with a small stack.
#pragma once

#include <functional>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Of the whole process, also of threads that libraries start: 1 MiB instead of the 8 MiB that a
/// shell's limit gives. Only address space, which may be limited. To be called first.
void use_small_stacks();

/// Error: limit, one sentence that says which limits it may be.
Result<void> start_thread(const char* name, std::function<void()> run);

/// Whether so many can be had beside those that run, for a library that ends the program if not.
/// Error: as `start_thread`.
Result<void> try_threads(unsigned count);

/// From now on memory that cannot be had ends the program, with one sentence and exit code 2.
void end_without_memory();

}  // namespace sqlite_exporter

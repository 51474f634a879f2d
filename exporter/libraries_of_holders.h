/// The threads on which processes are asked which SQLite they run.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "collectors/holder_libraries.h"
#include "exporter/thread.h"

namespace sqlite_exporter {

/// `patience` as of `HolderLibraries`. Without a thread to be had nobody is asked, until there is.
inline std::shared_ptr<HolderLibraries> libraries_of_holders(
    HolderLibraries::Clock::duration patience = {}) {
  return std::make_shared<HolderLibraries>(
      [](HolderLibraries::Work work) {
        return start_thread("libraries", std::move(work)).has_value();
      },
      patience);
}

}  // namespace sqlite_exporter

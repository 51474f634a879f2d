/// Waits for what another thread or process brings about and announces to nobody.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>

namespace sqlite_exporter::test {

/// True as soon as `condition` holds; false after half a minute, far beyond any correct run.
inline bool await(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace sqlite_exporter::test

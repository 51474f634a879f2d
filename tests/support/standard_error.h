/// What a test's code writes to standard error.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter::test {

/// What `write` sends to file descriptor 2.
template <class Write>
std::string standard_error_of(const Write& write) {
  const int file = memfd_create("stderr", 0);
  const int saved = dup(STDERR_FILENO);
  dup2(file, STDERR_FILENO);
  write();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  close(file);
  REQUIRE(size == static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace sqlite_exporter::test

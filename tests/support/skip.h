/// A test that the kernel or the permissions forbid: the run prints why, and counts it.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "tests/support/catch.h"

namespace sqlite_exporter::test {

/// The line is that of a skipped case of Python's unittest, which junit_summary.py counts. `name`
/// is one word; the caller returns.
inline void skip(std::string_view name, std::string_view reason) {
  std::cout << '\n' << name << " (Catch2) ... skipped " << reason << std::endl;
  SUCCEED(reason);
}

/// True where qemu runs this program for another machine (tests/chroot): it makes up what procfs
/// says of the process, and forks where the kernel would not.
inline bool is_emulated() { return std::getenv("EMULATED") != nullptr; }

}  // namespace sqlite_exporter::test

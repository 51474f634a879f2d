/// A process that opens connections and does not close them, on its way to its limit of open files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/look.h"
#include "collectors/node.h"

namespace sqlite_exporter {

struct ConnectionLeak {
  int pid = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t of_database =
      0;  ///< descriptors of this database and the files beside it, at least
};

/// The holders that have four fifths of the files open that they may, half of them of this
/// database. Asks the descriptors of those near the limit alone.
std::vector<ConnectionLeak> connection_leaks(const Look& look, const NodePaths& paths);

/// `process` is safe to show, as the sentence is.
std::string leak_in_words(const ConnectionLeak& leak, std::string_view process);

}  // namespace sqlite_exporter

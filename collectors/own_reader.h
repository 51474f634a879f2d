/// The exporter's own SQL worker, as those who watch databases know it: by its pid.
#pragma once

#include <atomic>
#include <memory>

namespace sqlite_exporter {

/// 0 while there is none. Written by the loop, read by whoever looks at locks: what a worker reads
/// is nobody's fault.
struct OwnReaderPids {
  std::atomic<int> pid{0};     ///< as F_GETLK says it
  std::atomic<int> listed{0};  ///< as the node's procfs says it, whose pids may be others
};

using OwnReader = std::shared_ptr<OwnReaderPids>;

}  // namespace sqlite_exporter

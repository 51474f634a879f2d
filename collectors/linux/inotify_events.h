/// What an inotify descriptor gives to read: which watch saw what happen to which name.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

struct InotifyEvent {
  int watch = -1;          ///< -1: of none, as an overflow of the queue
  std::uint32_t mask = 0;  ///< IN_CREATE, IN_IGNORED, ... of inotify(7)
  /// The entry of the watched folder, within the buffer; empty if it happened to the folder itself.
  std::string_view name;
};

/// In the order of the buffer. Errors: corrupt if the last one is not whole; the kernel gives no
/// such thing, so what else the buffer says is not to be believed either.
Result<std::vector<InotifyEvent>> parse_inotify_events(Bytes buffer);

}  // namespace sqlite_exporter

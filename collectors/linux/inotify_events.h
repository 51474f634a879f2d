/// What an inotify descriptor gives to read: which watch saw what happen to which name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
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

/// Reads what waits on a descriptor that does not block: at most eight times as much as `buffer`
/// holds, so that no flood of events keeps the caller. `see` gets what one read gave, which ends
/// with the call. False if some could not be understood.
bool read_inotify_events(int descriptor, std::span<std::byte> buffer,
                         const std::function<void(const std::vector<InotifyEvent>&)>& see);

}  // namespace sqlite_exporter

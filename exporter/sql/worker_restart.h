/// Why a SQL worker had to be replaced.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sqlite_exporter {

enum class WorkerRestart : std::uint8_t {
  ended,          ///< by itself: a crash, or somebody killed it
  pinned_frames,  ///< its statement kept too many frames from being checkpointed
  protocol,       ///< it said what is no message
  timeout,        ///< its statement was over its time
};

/// The label value `reason`.
inline constexpr std::array<std::string_view, 4> kWorkerRestartNames = {"ended", "pinned_frames",
                                                                        "protocol", "timeout"};

}  // namespace sqlite_exporter

/// Writes lines to a descriptor whose reader may be stuck: it loses lines rather than wait.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace sqlite_exporter {

/// `write` from one thread at a time.
class LineWriter {
 public:
  /// A descriptor that stays open; its flags are left as they are, since others share them.
  explicit LineWriter(int descriptor) : descriptor_(descriptor) {}

  /// With its line break at its end. A reader that is only slow is waited for, at most 0.1 s within
  /// a second; after that lines are lost until it reads again.
  void write(std::string_view line);

  /// How many lines were lost so far, also in part. Any thread.
  std::uint64_t lost() const { return lost_; }

 private:
  enum class Written : std::uint8_t { nothing, a_part, all };

  bool is_writable();
  Written write_all(std::string_view line);

  const int descriptor_;
  bool stuck_ = false;                               ///< not writable since it was waited for
  bool broken_ = false;                              ///< the last line was lost in the middle
  std::chrono::steady_clock::duration patience_{0};  ///< what is left of it
  std::chrono::steady_clock::time_point last_patience_{};
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace sqlite_exporter

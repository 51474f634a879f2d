/// Writes lines to a descriptor whose reader may be stuck: it loses lines rather than wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace sqlite_exporter {

/// `write` from one thread at a time.
class LineWriter {
 public:
  /// A descriptor that stays open; its flags are left as they are, since others share them.
  explicit LineWriter(int descriptor) : descriptor_(descriptor) {}

  /// With its line break at its end. A reader that is only slow gets a moment, once; then lines are
  /// lost until it reads again.
  void write(std::string_view line);

  /// How many lines were lost so far, also in part. Any thread.
  std::uint64_t lost() const { return lost_; }

 private:
  bool is_writable() const;
  bool write_all(std::string_view line);

  const int descriptor_;
  bool stuck_ = false;
  bool broken_ = false;  ///< the last line was lost in the middle
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace sqlite_exporter

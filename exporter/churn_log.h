/// Databases that come and go, in the log: each by its name, but a folder in which many do has one
/// line a minute.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/log.h"

namespace sqlite_exporter {

/// Loop thread only.
class ChurnLog {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ChurnLog(const Log& log) : log_(log) {}

  enum class Kind : std::uint8_t { added, removed, changed };
  /// Something happened to the database at `path`: told at once as `message`, or counted.
  void tell(Kind kind, const std::string& path, std::string_view message,
            const std::vector<Log::Field>& fields, Clock::time_point now);
  /// Tells of what was counted, once a minute for each folder. To be called now and then.
  void sum_up(Clock::time_point now);

 private:
  struct Folder {
    Clock::time_point begun;  ///< of its minute
    std::size_t told = 0;     ///< lines, in it
    bool busy = false;        ///< lines were held back in the minute before: none is free in this
    std::map<Kind, std::size_t> counted;
  };

  const Log& log_;
  std::map<std::string, Folder, std::less<>> folders_;
};

}  // namespace sqlite_exporter

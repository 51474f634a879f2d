/// All readings of one moment: immutable, rendered once when first asked for.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collectors/guarded.h"
#include "exporter/exposition.h"

namespace sqlite_exporter {

class Snapshot {
 public:
  using Clock = std::chrono::steady_clock;

  /// `begun` is when its oldest reading was taken; after `valid_for` it must not be served.
  Snapshot(std::vector<SubjectReadings> subjects, std::vector<prometheus::MetricFamily> own,
           std::vector<TextFamily> users, Clock::time_point begun, Clock::duration valid_for);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// The whole page in the text format. Any thread; who asks first pays.
  std::shared_ptr<const std::string> text() const;
  bool is_stale(Clock::time_point now) const { return now >= begun_ + valid_for_; }
  /// The node is the last of them.
  const std::vector<SubjectReadings>& subjects() const { return subjects_; }
  std::size_t databases() const { return subjects_.size() - 1; }

 private:
  std::vector<SubjectReadings> subjects_;
  std::vector<prometheus::MetricFamily> own_;
  std::vector<TextFamily> users_;
  Clock::time_point begun_;
  Clock::duration valid_for_;
  mutable std::once_flag rendered_;
  mutable std::shared_ptr<const std::string> text_;
};

/// The one way from the loop to the HTTP threads. Null before the first snapshot.
using SnapshotCell = Guarded<std::shared_ptr<const Snapshot>>;

}  // namespace sqlite_exporter

#include "exporter/snapshot.h"

#include <prometheus/metric_family.h>

#include <utility>

namespace sqlite_exporter {

Snapshot::Snapshot(std::vector<SubjectReadings> subjects, std::vector<prometheus::MetricFamily> own,
                   std::vector<TextFamily> users, Clock::time_point begun,
                   Clock::duration valid_for)
    : subjects_(std::move(subjects)),
      own_(std::move(own)),
      users_(std::move(users)),
      begun_(begun),
      valid_for_(valid_for) {}

Snapshot::~Snapshot() = default;

std::shared_ptr<const std::string> Snapshot::text() const {
  std::call_once(rendered_, [this] {
    text_ = std::make_shared<const std::string>(write_text(subjects_, own_, users_));
  });
  return text_;
}

}  // namespace sqlite_exporter

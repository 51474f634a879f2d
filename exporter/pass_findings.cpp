#include "exporter/pass_findings.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "collectors/holders.h"
#include "collectors/registry.h"

namespace sqlite_exporter {

std::vector<SubjectReadings> readings_of(const Subjects& subjects, PassFindings findings) {
  std::vector<SubjectReadings> readings;
  readings.reserve(subjects.all().size() + 1);
  for (const auto& [name, subject] : subjects.all()) {
    if (subject->excluded) continue;
    SubjectReadings& reading = readings.emplace_back();
    reading.labels = subject->labels;
    if (const auto looked = findings.looked.find(name); looked != findings.looked.end()) {
      reading.batch = std::move(looked->second);
    } else {
      reading.batch.add(kUp, 0);
    }
  }
  SubjectReadings& node = readings.emplace_back();
  node.labels = std::make_shared<const std::string>();
  node.batch = std::move(findings.node.batch);
  for (std::size_t i = 0; i < findings.limits.size(); ++i)
    if (findings.limits[i]) node.batch.add(kAttributionLimited, 1, {kAttributionLimitNames[i]});
  return readings;
}

}  // namespace sqlite_exporter

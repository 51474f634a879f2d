#include "exporter/pass_findings.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "collectors/holders.h"
#include "collectors/registry.h"

namespace sqlite_exporter {

std::vector<SubjectReadings> readings_of(const Subjects& subjects, PassFindings findings,
                                         const SqlReader* sql) {
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
    if (sql != nullptr) sql->add_readings(name, reading.batch);
  }
  SubjectReadings& node = readings.emplace_back();
  node.labels = std::make_shared<const std::string>();
  node.batch = std::move(findings.node.batch);
  for (std::size_t i = 0; i < findings.limits.size(); ++i)
    if (findings.limits[i]) node.batch.add(kAttributionLimited, 1, {kAttributionLimitNames[i]});
  return readings;
}

SqlTargets targets_of(const Subjects& subjects, const PassFindings& findings) {
  SqlTargets targets;
  for (const auto& [name, subject] : subjects.all()) {
    if (subject->excluded) continue;
    const auto access = findings.access.find(name);
    targets.emplace(name,
                    SqlTarget{subject->path, subject->labels,
                              access == findings.access.end() ? SqlAccess::state : access->second});
  }
  return targets;
}

}  // namespace sqlite_exporter

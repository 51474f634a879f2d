#include "exporter/pass_findings.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "collectors/holders.h"
#include "collectors/registry.h"
#include "exporter/pass_job.h"

namespace sqlite_exporter {

namespace {

bool is_of_this_pass(const Subject& subject, const PageContext& context) {
  return subject.looked >= context.looks_begun;
}

bool is_young(const Subject& subject, const PageContext& context) {
  return is_of_this_pass(subject, context) || context.now - subject.looked <= context.kept_for;
}

/// What was seen of one of its databases before is old by now.
bool is_stalled(const Subject& subject, const PageContext& context) {
  if (subject.job != nullptr && subject.job->stalled) return true;
  return !is_of_this_pass(subject, context) && context.is_stalled(subject);
}

/// Those of its last look, from the findings or from what is published.
std::optional<Batch> readings_of(const Subject& subject, PassFindings& findings,
                                 const PageContext& context) {
  if (!is_young(subject, context)) return std::nullopt;
  if (const auto looked = findings.looked.find(subject.name); looked != findings.looked.end())
    return std::move(looked->second);
  if (!subject.shown || context.previous == nullptr) return std::nullopt;
  Batch kept = context.previous->subjects()[subject.shown->subject].batch;
  kept.truncate(subject.shown->readings);
  return kept;
}

SubjectReadings node_of(PassFindings& findings, const PageContext& context) {
  SubjectReadings node;
  node.labels = std::make_shared<const std::string>();
  if (!context.node_looked) {
    if (context.previous != nullptr && context.node_is_young)
      node.batch = context.previous->subjects().back().batch;
    return node;
  }
  node.batch = std::move(findings.node.batch);
  for (std::size_t i = 0; i < findings.limits.size(); ++i)
    if (findings.limits[i]) node.batch.add(kAttributionLimited, 1, {kAttributionLimitNames[i]});
  return node;
}

}  // namespace

Page page_of(const Subjects& subjects, PassFindings findings, const PageContext& context) {
  Page page;
  page.oldest = context.now;
  page.readings.reserve(subjects.all().size() + 1);
  for (const auto& [name, subject] : subjects.all()) {
    if (subject->excluded) {
      subject->shown.reset();
      continue;
    }
    SubjectReadings& reading = page.readings.emplace_back();
    reading.labels = subject->labels;
    if (is_stalled(*subject, context)) {
      subject->shown.reset();
      reading.batch.add(kUp, 0);
    } else {
      if (!is_of_this_pass(*subject, context)) ++page.waiting;
      std::optional<Batch> batch = readings_of(*subject, findings, context);
      subject->shown.reset();
      if (batch) {
        reading.batch = std::move(*batch);
        subject->shown = {page.readings.size() - 1, reading.batch.readings().size()};
        page.oldest = std::min(page.oldest, subject->looked);
      }
    }
    if (context.sql != nullptr) context.sql->add_readings(name, reading.batch);
  }
  page.readings.push_back(node_of(findings, context));
  return page;
}

bool loses_readings(const Subjects& subjects, const PageContext& context) {
  return std::ranges::any_of(subjects.all(), [&](const auto& item) {
    return item.second->shown && !is_young(*item.second, context);
  });
}

SqlTargets targets_of(const Subjects& subjects, const PassFindings& findings) {
  SqlTargets targets;
  for (const auto& [name, subject] : subjects.all()) {
    if (subject->excluded) continue;
    const auto access = findings.access.find(name);
    targets.emplace(name,
                    SqlTarget{subject->path, subject->labels,
                              access == findings.access.end() ? SqlAccess::state : access->second,
                              subject->link_owner});
  }
  return targets;
}

}  // namespace sqlite_exporter

/// Readings grouped by family and merged with our own families, without an allocation a sample.
#include "exporter/exposition.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "exporter/text_format.h"

namespace sqlite_exporter {
namespace {

struct Sample {
  const SubjectReadings* subject;
  const Reading* reading;
};

struct Family {
  const Metric* metric;
  std::size_t size = 0;   ///< samples
  std::size_t begin = 0;  ///< the first of them
};

struct Grouped {
  std::vector<Family> families;  ///< sorted by name
  std::vector<Sample> samples;   ///< of one family: in the order of the subjects
};

/// A counting sort by family: two passes over the readings and no comparison of names but to order
/// the families themselves.
Grouped group_by_family(std::span<const SubjectReadings> subjects) {
  Grouped result;
  std::unordered_map<const Metric*, std::size_t> index;
  std::vector<std::size_t> family_of_reading;
  for (const SubjectReadings& subject : subjects) {
    for (const Reading& reading : subject.batch.readings()) {
      const auto [found, first] = index.try_emplace(reading.metric, result.families.size());
      if (first) result.families.push_back({reading.metric});
      ++result.families[found->second].size;
      family_of_reading.push_back(found->second);
    }
  }

  std::vector<std::size_t> next;
  for (std::size_t begin = 0; Family & family : result.families) {
    family.begin = begin;
    next.push_back(begin);
    begin += family.size;
  }
  result.samples.resize(family_of_reading.size());
  auto family = family_of_reading.begin();
  for (const SubjectReadings& subject : subjects)
    for (const Reading& reading : subject.batch.readings())
      result.samples[next[*family++]++] = {&subject, &reading};

  std::ranges::sort(result.families, {},
                    [](const Family& f) { return std::pair(f.metric->name(), f.begin); });
  return result;
}

void append_family(std::string& text, const Family& family, std::span<const Sample> samples) {
  const std::string_view name = family.metric->name();
  for (const auto& [subject, reading] : samples.subspan(family.begin, family.size)) {
    const std::string_view subject_labels = subject->labels ? *subject->labels : std::string_view();
    append_sample(text, name, subject_labels, subject->batch.labels(*reading), reading->value);
  }
}

/// More than enough, so that the text is never moved while it grows.
std::size_t text_size(const Grouped& grouped) {
  constexpr std::size_t kNumberAndPunctuation = 32;
  std::size_t size = 0;
  for (const Family& family : grouped.families)
    size += 32 + 2 * family.metric->name().size() + family.metric->help().size();
  for (const auto& [subject, reading] : grouped.samples)
    size += reading->metric->name().size() + (subject->labels ? subject->labels->size() : 0) +
            reading->labels_size + kNumberAndPunctuation;
  return size;
}

}  // namespace

std::string write_text(std::span<const SubjectReadings> subjects,
                       std::span<const prometheus::MetricFamily> own,
                       std::span<const TextFamily> users) {
  const Grouped grouped = group_by_family(subjects);
  std::string text;
  text.reserve(text_size(grouped));
  std::string_view previous;
  for (const Family& family : grouped.families) {
    const Metric& metric = *family.metric;
    for (; !own.empty() && own.front().name < metric.name(); own = own.subspan(1))
      append_own_family(text, own.front());
    // Two declarations of one name are one family of the format.
    if (metric.name() != previous)
      append_head(text, metric.name(), metric.help(), to_string(metric.type()));
    previous = metric.name();
    append_family(text, family, grouped.samples);
  }
  for (const prometheus::MetricFamily& family : own) append_own_family(text, family);
  for (const TextFamily& family : users) {
    append_head(text, family.name, family.help, to_string(family.type));
    text += family.samples;
  }
  return text;
}

}  // namespace sqlite_exporter

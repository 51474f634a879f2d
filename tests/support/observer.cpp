#include "tests/support/observer.h"

#include <prometheus/metric_family.h>

#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/exposition.h"

namespace sqlite_exporter::test {

namespace {

std::string family_of(const std::string& line) { return line.substr(0, line.find_first_of("{ ")); }

std::vector<std::string> samples_of(const std::string& text) {
  std::vector<std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line.front() != '#') samples.push_back(line);
  return samples;
}

}  // namespace

Observer::Observer(std::string path)
    : path_(std::move(path)), watch_(path_), mounts_({{"/", "ext4", "/dev/root", false}}) {}

const Sample& Observer::sample() {
  if (const Result<void> taken = watch_.take(unix_now()); !taken)
    throw std::runtime_error("sample: " + taken.error().message);
  return watch_.latest();
}

Look Observer::look() {
  Result<Look> look = take_look(path_, mounts_.mount_of(path_), watch_.latest(), state_);
  if (!look) throw std::runtime_error("look: " + look.error().message);
  return std::move(*look);
}

std::string Observer::full_text() {
  sample();
  const Look at = look();
  std::vector<SubjectReadings> subjects(1);
  subjects[0].labels = std::make_shared<const std::string>("database=\"app\"");
  for (const Collector* collector : all_collectors()) {
    const Result<void> result = collector->look(at, subjects[0].batch);
    if (!result && result.error().code != Errc::no_data)
      throw std::runtime_error(std::string(collector->name) + ": " + result.error().message);
  }
  return write_text(subjects, {});
}

std::string Observer::text() {
  std::string text;
  for (const std::string& sample : samples_of(full_text())) {
    const std::string family = family_of(sample);
    if (family == "sqlite_last_write_timestamp_seconds" || family == "sqlite_database_info")
      continue;
    text += sample + '\n';
  }
  return text;
}

std::string Observer::line(const std::string& family) {
  for (const std::string& sample : samples_of(full_text()))
    if (family_of(sample) == family) return sample;
  return "";
}

double Observer::value(const std::string& family) {
  const std::string sample = line(family);
  if (sample.empty()) throw std::runtime_error("no sample of " + family);
  return std::stod(sample.substr(sample.rfind(' ') + 1));
}

}  // namespace sqlite_exporter::test

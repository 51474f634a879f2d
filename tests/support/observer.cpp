#include "tests/support/observer.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "collectors/linux/created_files.h"
#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/exposition.h"
#include "tests/support/await.h"

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
    : path_(std::move(path)), watch_(path_, std::nullopt, std::make_shared<CreatedFiles>()) {
  node_.mounts = MountTable({{"/", "ext4", "/dev/root", false}});
  node_.open_files = std::make_shared<OpenTableCache>(std::chrono::seconds(0));
}

void Observer::read_locks() { read_lock_holders(node_, nullptr); }

const Sample& Observer::sample() {
  std::chrono::steady_clock::time_point now;
  Result<void> taken;
  // A busy moment is a sample missed. It lasts as long as a writer waits for the CPU half-way.
  await([&] {
    now = std::chrono::steady_clock::now() + passed_;
    taken = watch_.take({unix_now(), now, std::chrono::milliseconds(100)});
    return taken || taken.error().code != Errc::busy;
  });
  if (!taken) throw std::runtime_error("sample: " + taken.error().message);
  sample_ = watch_.latest();
  sample_.taken = now;
  sample_.random_instants = true;
  return sample_;
}

Look Observer::look() {
  Result<Look> look = take_look(path_, node_, sample_, state_);
  if (!look) throw std::runtime_error("look: " + look.error().message);
  look->taken += passed_;
  return std::move(*look);
}

std::string Observer::full_text(std::span<const std::string_view> collectors) {
  sample();
  const Look at = look();
  std::vector<SubjectReadings> subjects(1);
  subjects[0].labels = std::make_shared<const std::string>("database=\"app\"");
  for (const Collector* collector : all_collectors()) {
    if (std::ranges::find(collectors, collector->name) == collectors.end()) continue;
    const Result<void> result = collector->look(at, subjects[0].batch);
    if (!result && result.error().code != Errc::no_data)
      throw std::runtime_error(std::string(collector->name) + ": " + result.error().message);
  }
  return write_text(subjects, {});
}

std::string Observer::text(std::initializer_list<std::string_view> collectors) {
  std::string text;
  for (const std::string& sample : samples_of(full_text({collectors.begin(), collectors.end()}))) {
    const std::string family = family_of(sample);
    if (family == "sqlite_last_write_timestamp_seconds" || family == "sqlite_database_info")
      continue;
    text += sample + '\n';
  }
  return text;
}

std::string Observer::line(const std::string& family) {
  for (const std::string& sample : samples_of(full_text(collector_names())))
    if (family_of(sample) == family) return sample;
  return "";
}

double Observer::value(const std::string& family) {
  const std::string sample = line(family);
  if (sample.empty()) throw std::runtime_error("no sample of " + family);
  return std::stod(sample.substr(sample.rfind(' ') + 1));
}

}  // namespace sqlite_exporter::test

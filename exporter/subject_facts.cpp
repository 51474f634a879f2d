#include "exporter/subject_facts.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "exporter/naming.h"

namespace sqlite_exporter {

bool somebody_holds_a_lock(const Subjects& subjects) {
  return std::ranges::any_of(subjects.all(), [](const auto& item) {
    return !item.second->sampled || item.second->sample->read([](const Sample& sample) {
      return sample.attached || sample.locked;
    });
  });
}

std::size_t opened_each_time(const Subjects& subjects) {
  return static_cast<std::size_t>(std::ranges::count_if(subjects.all(), [](const auto& item) {
    return item.second->sampled &&
           item.second->sample->read([](const Sample& sample) { return sample.opened_each_time; });
  }));
}

bool is_hidden(const Subject& subject, const Subjects& subjects, StateSet excluded) {
  return !excluded.empty() && subject.entry < subjects.entries().size() &&
         names_many(subjects.entries()[subject.entry].path);
}

std::vector<std::shared_ptr<Subject>> in_turn(const Subjects& subjects, bool rotated) {
  std::vector<std::shared_ptr<Subject>> all;
  all.reserve(subjects.all().size());
  for (const auto& [name, subject] : subjects.all()) all.push_back(subject);
  if (rotated)
    std::ranges::sort(all, {}, [](const std::shared_ptr<Subject>& subject) {
      return std::tie(subject->looked, subject->name);
    });
  return all;
}

LookTask task_of(const Subject& subject) {
  LookTask task;
  task.name = subject.name;
  task.path = subject.path;
  task.link_owner = subject.link_owner;
  task.sampled = subject.sampled;
  task.sample = subject.sample;
  task.kept = subject.kept;
  return task;
}

std::vector<const Mount*> mounts_of(const Subjects& subjects, const MountTable& mounts) {
  std::set<const Mount*> found;
  for (const auto& [name, subject] : subjects.all()) {
    found.insert(mounts.mount_of(subject->path));
    // Another one if the database file alone is mounted there.
    found.insert(mounts.mount_of(std::string(subject->path).append("-wal")));
  }
  found.erase(nullptr);
  return {found.begin(), found.end()};
}

}  // namespace sqlite_exporter

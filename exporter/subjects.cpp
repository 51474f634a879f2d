#include "exporter/subjects.h"

#include <utility>

#include "collectors/label_text.h"
#include "exporter/naming.h"

namespace sqlite_exporter {

namespace {

std::shared_ptr<const std::string> render_labels(const std::string& name,
                                                 const DatabaseConfig& entry) {
  std::string text;
  append_label(text, "database", name);
  for (const auto& [label, value] : entry.labels) {
    text += ',';
    append_label(text, label, value);
  }
  return std::make_shared<const std::string>(std::move(text));
}

/// Deleted under an application that still has it open: what it commits is lost when it ends, and
/// the first to hear of it must be whoever looks at its series.
bool is_in_use(const Subject& subject) {
  if (!subject.sampled) return false;
  const Sample sample = subject.sample->get();
  return sample.attached || sample.orphaned;
}

}  // namespace

Subjects::Subjects(std::vector<DatabaseConfig> entries, std::size_t max_databases)
    : entries_(std::move(entries)), max_databases_(max_databases) {}

std::set<std::string, std::less<>> Subjects::paths() const {
  std::set<std::string, std::less<>> paths;
  for (const auto& [name, subject] : by_name_) paths.insert(subject->path);
  return paths;
}

std::shared_ptr<Subject> Subjects::make(std::size_t entry, const Found& found) const {
  const DatabaseConfig& config = entries_[entry];
  auto subject = std::make_shared<Subject>();
  subject->name = config.name.value_or(derive_database_name(config.path, found.matched_path));
  if (by_name_.contains(subject->name)) subject->name = found.matched_path;
  subject->labels = render_labels(subject->name, config);
  subject->entry = entry;
  subject->matched_path = found.matched_path;
  subject->path = found.path;
  return subject;
}

Subjects::Changes Subjects::merge(const Findings& findings) {
  Changes changes;
  using Key = std::pair<std::size_t, std::string_view>;  // entry, matched path
  std::map<Key, std::shared_ptr<Subject>> known;
  for (const auto& [name, subject] : by_name_)
    known[{subject->entry, subject->matched_path}] = subject;

  std::set<std::string_view> taken;  // realpaths
  std::set<const Subject*> still_there;
  for (const auto& [key, subject] : known) {
    if (findings[key.first]) continue;
    still_there.insert(subject.get());
    taken.insert(subject->path);
  }

  std::vector<std::pair<std::size_t, const Found*>> fresh;
  for (std::size_t entry = 0; entry < findings.size(); ++entry) {
    if (!findings[entry]) continue;
    for (const Found& found : *findings[entry]) {
      if (!taken.insert(found.path).second) continue;
      const auto match = known.find({entry, found.matched_path});
      if (match == known.end()) {
        fresh.emplace_back(entry, &found);
        continue;
      }
      still_there.insert(match->second.get());
      if (match->second->path != found.path) {
        match->second->path = found.path;
        changes.moved.push_back(match->second);
      }
    }
  }

  for (auto item = by_name_.begin(); item != by_name_.end();) {
    if (still_there.contains(item->second.get()) || is_in_use(*item->second)) {
      ++item;
    } else {
      changes.removed.push_back(item->second);
      item = by_name_.erase(item);
    }
  }
  over_limit_ = 0;
  for (const auto& [entry, found] : fresh) {
    if (by_name_.size() >= max_databases_) {
      ++over_limit_;
      continue;
    }
    const std::shared_ptr<Subject> subject = make(entry, *found);
    by_name_.try_emplace(subject->name, subject);
  }
  return changes;
}

}  // namespace sqlite_exporter

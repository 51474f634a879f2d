#include "exporter/subjects.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "collectors/label_text.h"
#include "exporter/naming.h"

namespace sqlite_exporter {

namespace {

std::shared_ptr<const std::string> render_labels(const std::string& name,
                                                 const DatabaseConfig& entry,
                                                 const std::string& path) {
  std::string text;
  append_label(text, "database", name);
  const auto append_all = [&text](const auto& labels) {
    for (const auto& [label, value] : labels) {
      text += ',';
      append_label(text, label, value);
    }
  };
  append_all(entry.labels);
  if (entry.labels_from_path) append_all(entry.labels_from_path->labels_of(path));
  return std::make_shared<const std::string>(std::move(text));
}

/// How many of those that were left out are told by their paths.
constexpr std::size_t kMostNamed = 5;

/// Of a subject whose entry is not in the configuration any more.
constexpr std::size_t kNoEntry = std::numeric_limits<std::size_t>::max();

/// Deleted under an application that still has it open: what it commits is lost when it ends, and
/// the first to hear of it must be whoever looks at its series.
bool is_in_use(const Subject& subject) {
  return subject.sampled && subject.sample->read([](const Sample& sample) {
    return sample.attached || sample.orphaned;
  });
}

/// Whoever left a link to it has no claim that it stays: by now another's file may lie there.
bool is_refused(const Subject& subject) {
  return subject.link_owner && subject.sample->read([](const Sample& sample) {
    return sample.error && sample.error->code == Errc::denied;
  });
}

/// A file that was written to before it was watched says nothing: to make one is no use of it.
void note_write(Subject& subject, const Found& found, double now) {
  if (found.modified > subject.modified && subject.modified > 0)
    subject.last_use = std::max(subject.last_use, std::min(found.modified, now));
  subject.modified = found.modified;
}

/// Files that belong to a subject already.
class Taken {
 public:
  void add_path(const std::string& path) { paths_.insert(path); }
  /// False if it is there, by path or as the same file.
  bool add(const Found& found) {
    if (!paths_.insert(found.path).second) return false;
    if (!found.identity || found.link_count != 1) return true;
    return files_.emplace(found.identity->device, found.identity->inode).second;
  }

 private:
  std::set<std::string_view> paths_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> files_;
};

}  // namespace

Subjects::Subjects(std::vector<DatabaseConfig> entries, std::size_t max_databases,
                   std::string rootfs)
    : entries_(std::move(entries)), max_databases_(max_databases), rootfs_(std::move(rootfs)) {}

std::set<std::string, std::less<>> Subjects::paths() const {
  std::set<std::string, std::less<>> paths;
  for (const auto& [name, subject] : by_name_) paths.insert(subject->path);
  return paths;
}

std::string Subjects::host_path(const std::string& path) const {
  return path.starts_with(rootfs_) ? path.substr(rootfs_.size()) : path;
}

bool Subjects::enter(const std::shared_ptr<Subject>& subject, std::size_t entry,
                     const Found& found) {
  const DatabaseConfig& config = entries_[entry];
  const std::string matched = host_path(found.matched_path);
  std::string name =
      as_utf8(config.name ? *config.name : derive_database_name(config.path, matched));
  if (by_name_.contains(name)) name = as_utf8(matched);
  if (!by_name_.try_emplace(name, subject).second) return false;
  subject->name = std::move(name);
  subject->entry = entry;
  subject->matched_path = found.matched_path;
  subject->path = found.path;
  subject->link_owner = found.link_owner;
  subject->labels = render_labels(subject->name, config, host_path(found.path));
  return true;
}

void Subjects::configure(std::vector<DatabaseConfig> entries, std::size_t max_databases,
                         const std::function<bool(std::string_view)>& is_excluded) {
  std::map<std::string_view, std::size_t> new_entries;
  for (std::size_t i = 0; i < entries.size(); ++i) new_entries.emplace(entries[i].path, i);
  std::vector<std::pair<std::shared_ptr<Subject>, std::size_t>> staying;
  std::vector<std::shared_ptr<Subject>> homeless;
  for (const auto& [name, subject] : by_name_) {
    const auto same = subject->entry < entries_.size()
                          ? new_entries.find(entries_[subject->entry].path)
                          : new_entries.end();
    const bool excluded =
        same != new_entries.end() && names_many(std::string(same->first)) &&
        (is_excluded(host_path(subject->path)) || is_excluded(host_path(subject->matched_path)));
    if (same == new_entries.end() || excluded) {
      homeless.push_back(subject);
    } else {
      staying.emplace_back(subject, same->second);
    }
  }
  by_name_.clear();
  max_databases_ = max_databases;
  entries_ = std::move(entries);
  for (const auto& [subject, entry] : staying)
    enter(subject, entry,
          {.matched_path = subject->matched_path,
           .path = subject->path,
           .link_owner = subject->link_owner});
  for (const auto& subject : homeless)
    if (!keep_homeless(subject)) lost_.push_back(subject);
}

bool Subjects::keep_homeless(const std::shared_ptr<Subject>& subject) {
  subject->entry = kNoEntry;
  if (by_name_.try_emplace(subject->name, subject).second) return true;
  const std::string path = as_utf8(host_path(subject->path));
  if (!by_name_.try_emplace(path, subject).second) return false;
  subject->name = path;
  subject->labels = render_labels(path, {}, path);
  return true;
}

bool Subjects::is_named(std::size_t entry) const {
  return entry < entries_.size() && !names_many(entries_[entry].path);
}

void Subjects::note_uses(double now) const {
  for (const auto& [name, subject] : by_name_)
    if (is_in_use(*subject)) subject->last_use = now;
}

void Subjects::order_by_precedence(std::vector<Fresh>& fresh, double now) const {
  std::vector<bool> named(entries_.size());
  for (std::size_t entry = 0; entry < named.size(); ++entry) named[entry] = is_named(entry);
  for (Fresh& one : fresh) one.precedence = precedence_of(*one.found, named[one.entry], now);
  // Of those that have been written to lately, that which is written to now.
  std::ranges::sort(fresh, {}, [](const Fresh& one) {
    const double age = one.precedence == Precedence::written ? -one.found->modified : 0;
    return std::tuple(one.precedence, age, one.entry, std::string_view(one.found->matched_path));
  });
}

void Subjects::leave_out(Precedence precedence, const std::string& path) {
  ++left_out_.count;
  if (precedence <= Precedence::in_use) ++left_out_.in_use;
  if (left_out_.first.size() < kMostNamed) left_out_.first.push_back(as_utf8(host_path(path)));
}

bool Subjects::displace(Displacement& last, std::optional<Precedence> newcomer, double now,
                        Changes& changes) {
  const std::string* const name = last.next_after(newcomer);
  const auto item = name == nullptr ? by_name_.end() : by_name_.find(*name);
  if (item == by_name_.end()) return false;
  const std::shared_ptr<Subject> subject = item->second;
  by_name_.erase(item);
  leave_out(precedence_of(*subject, is_named(subject->entry), now), subject->path);
  changes.removed.push_back(subject);
  return true;
}

Subjects::Changes Subjects::merge(const Findings& findings, bool settled, double now) {
  Changes changes;
  note_uses(now);
  using Key = std::pair<std::size_t, std::string_view>;  // entry, matched path
  std::map<Key, std::shared_ptr<Subject>> known;
  std::map<std::string_view, std::shared_ptr<Subject>> by_path;
  for (const auto& [name, subject] : by_name_) {
    known[{subject->entry, subject->matched_path}] = subject;
    by_path.emplace(subject->path, subject);
  }

  Taken taken;
  std::set<const Subject*> still_there;
  for (const auto& [key, subject] : known) {
    if (key.first >= findings.size() || findings[key.first]) continue;
    still_there.insert(subject.get());
    taken.add_path(subject->path);
  }

  // What names one file says more of it than what finds many.
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [this](std::size_t entry) {
    return std::pair(names_many(entries_[entry].path), entry);
  });
  std::vector<Fresh> fresh;
  for (const std::size_t entry : order) {
    if (!findings[entry]) continue;
    for (const Found& found : *findings[entry]) {
      if (!taken.add(found)) continue;
      const auto match = known.find({entry, found.matched_path});
      if (match == known.end()) {
        fresh.push_back({entry, &found, Precedence::idle});
        continue;
      }
      still_there.insert(match->second.get());
      note_write(*match->second, found, now);
      if (match->second->path != found.path || match->second->link_owner != found.link_owner) {
        match->second->path = found.path;
        match->second->link_owner = found.link_owner;
        match->second->labels =
            render_labels(match->second->name, entries_[entry], host_path(found.path));
        changes.moved.push_back(match->second);
      }
    }
  }

  // Under another name or entry it is still the same database: its counters go on.
  std::map<std::string, std::shared_ptr<Subject>> leaving;  // by path
  for (auto item = by_name_.begin(); item != by_name_.end();) {
    if (still_there.contains(item->second.get())) {
      ++item;
    } else {
      if (!leaving.emplace(item->second->path, item->second).second)
        changes.removed.push_back(item->second);
      item = by_name_.erase(item);
    }
  }
  std::set<std::string_view> fresh_paths;
  for (const Fresh& one : fresh) fresh_paths.insert(one.found->path);
  const auto stays = [&](const auto& item) {
    const Subject& subject = *item.second;
    // One that was found anew is what it was found to be now.
    return subject.entry != kNoEntry && !fresh_paths.contains(subject.path) && is_in_use(subject) &&
           !is_refused(subject) && by_name_.try_emplace(subject.name, item.second).second;
  };
  std::erase_if(leaving, stays);
  left_out_ = {};
  std::optional<Displacement> last;
  const auto make_room = [&](std::optional<Precedence> newcomer) {
    if (!last) last.emplace(by_name_, [this](std::size_t entry) { return is_named(entry); }, now);
    return displace(*last, newcomer, now, changes);
  };
  if (by_name_.size() + fresh.size() > max_databases_) order_by_precedence(fresh, now);
  for (const auto& [entry, found, precedence] : fresh) {
    auto old = leaving.extract(found->path);
    if (old.empty() && by_name_.size() >= max_databases_) {
      // Whoever has mere signs of use waits for a place.
      if (precedence > Precedence::in_use || !make_room(precedence)) {
        leave_out(precedence, found->path);
        continue;
      }
    }
    const auto subject = old.empty() ? std::make_shared<Subject>() : old.mapped();
    if (old.empty() && found->use == Use::locked) subject->last_use = now;
    subject->modified = found->modified;
    if (!old.empty() && subject->link_owner != found->link_owner) changes.moved.push_back(subject);
    if (!enter(subject, entry, *found) && !old.empty()) changes.removed.push_back(subject);
  }
  if (!settled)
    std::erase_if(leaving, [this](const auto& item) {
      return item.second->entry == kNoEntry && keep_homeless(item.second);
    });
  for (const auto& [path, subject] : leaving) changes.removed.push_back(subject);
  // A reload may have lowered it.
  last.reset();
  while (by_name_.size() > max_databases_ && make_room(std::nullopt)) {
  }
  changes.removed.insert(changes.removed.end(), lost_.begin(), lost_.end());
  lost_.clear();
  return changes;
}

}  // namespace sqlite_exporter

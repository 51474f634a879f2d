#include "exporter/precedence.h"

#include <algorithm>

#include "exporter/use.h"

namespace sqlite_exporter {

Precedence precedence_of(const Found& found, bool named, double now) {
  if (named) return Precedence::named;
  if (found.use == Use::locked) return Precedence::in_use;
  if (found.use == Use::companions) return Precedence::companions;
  return now - found.modified < kIdleAfter ? Precedence::written : Precedence::idle;
}

Precedence precedence_of(const Subject& subject, bool named, double now) {
  if (named) return Precedence::named;
  return now - subject.last_use < kIdleAfter ? Precedence::in_use : Precedence::watched;
}

Displacement::Displacement(const Subjects& subjects, const IsNamed& is_named, double now) {
  for (const auto& [name, subject] : subjects)
    last_.emplace_back(precedence_of(*subject, is_named(subject->entry), now), name);
  std::ranges::sort(last_);
}

const std::string* Displacement::next_after(std::optional<Precedence> newcomer) {
  if (last_.empty() || (newcomer && last_.back().first <= *newcomer)) return nullptr;
  taken_ = std::move(last_.back().second);
  last_.pop_back();
  return &taken_;
}

}  // namespace sqlite_exporter

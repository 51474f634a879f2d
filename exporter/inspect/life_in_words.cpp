#include "exporter/inspect/life_in_words.h"

#include "exporter/inspect/holders.h"

namespace sqlite_exporter {

namespace {

bool is_of_the_living(DatabaseState state) {
  return state == DatabaseState::locks_unobservable || state == DatabaseState::locks_cancelled ||
         state == DatabaseState::orphaned;
}

bool is_of_the_dead(DatabaseState state) {
  return state == DatabaseState::wal_unrecovered || state == DatabaseState::wal_mismatched ||
         state == DatabaseState::hot_journal;
}

constexpr std::string_view kNotAllAsked =
    "Not every process that may write to it could be asked whether it has the files open (that "
    "takes root or CAP_SYS_PTRACE, in the node's pid namespace).";

bool is_of_nobody(StateSet states) {
  return states.empty() || states.contains(DatabaseState::wal_clean) ||
         states.contains(DatabaseState::rollback_idle);
}

}  // namespace

std::string unasked_in_words(const Look& look) {
  if (!look.signs || look.signs->asked_all || !is_of_nobody(look.states)) return "";
  return std::string(kNotAllAsked) +
         " One that takes none of SQLite's locks is not seen otherwise.";
}

std::string life_in_words(const Look& look, DatabaseState state) {
  if (!look.signs) return "";
  if (is_of_the_living(state) && look.unseen_user) {
    const NamedProcess user{look.signs->pid, look.unseen_user->owner, look.unseen_user->start_time};
    std::string words = look.signs->file_server ? " It is served to others by " : " It is used by ";
    return words.append(process_in_words(user)).append(".");
  }
  if (!is_of_the_dead(state)) return "";
  std::string words;
  if (!look.signs->asked_all) words.append(" ").append(kNotAllAsked);
  if (look.mount != nullptr && look.mount->remote)
    words += " Other machines that may have it open cannot be asked.";
  return words;
}

}  // namespace sqlite_exporter

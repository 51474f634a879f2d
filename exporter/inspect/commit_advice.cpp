#include "exporter/inspect/commit_advice.h"

#include <string>
#include <utility>

#include "collectors/commits.h"
#include "exporter/inspect/holders.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

void add(const CommitBlocker& blocker, std::string_view action, std::vector<Advice>& list) {
  const bool reader = blocker.cause == CommitCause::reader;
  const NamedProcess process{blocker.pid, blocker.owner, std::nullopt, blocker.stopped,
                             blocker.frozen};
  std::string meaning = process_in_words(process);
  meaning.append(reader ? " has had a read transaction open for at least "
                        : " has had a write transaction open for at least ");
  meaning.append(time_in_words(blocker.seconds));
  meaning.append(reader ? ", until whose end commits wait or fail: nobody can commit (\"database "
                          "is locked\")."
                        : ": nobody else can write (\"database is locked\").");
  // Two looks, a moment apart, show an ordinary reader in the way of an ordinary commit.
  const Severity severity = blocker.seconds >= kLongWait ? Severity::attention : Severity::note;
  list.push_back(
      {severity, reader ? "reader" : "writer", std::move(meaning), or_continue({process}, action)});
}

}  // namespace

void advise_on_commits(const Observation& observation, std::vector<Advice>& list) {
  if (const auto reader = commit_reader(*observation.look)) {
    add(*reader,
        "End that transaction (a statement not stepped to its end or reset), or restart that "
        "process. In WAL mode readers keep nobody from committing.",
        list);
  } else if (const auto writer = commit_writer(*observation.look);
             writer && writer->seconds >= kLongWait) {
    add(*writer, "Commit or roll back that transaction, or restart that process.", list);
  }
}

}  // namespace sqlite_exporter

#include "exporter/judge.h"

#include <optional>
#include <utility>

namespace sqlite_exporter {

namespace {

std::string_view advice(Errc code) {
  switch (code) {
    case Errc::denied:
      return "let the exporter read the file, its -wal and -shm, and search their directories (the "
             "capability CAP_DAC_READ_SEARCH does both)";
    case Errc::limit: return "raise the limit of open files (LimitNOFILE=)";
    case Errc::io: return "look at the kernel log: the device reports read errors";
    case Errc::stalled: return "look for a disk that does not answer";
    case Errc::unsupported: return "give the path of a regular file";
    default: return "";
  }
}

std::string_view words(FileKind kind) {
  switch (kind) {
    case FileKind::absent: return "database is absent, watching for it";
    case FileKind::empty: return "database is empty";
    case FileKind::database: return "database is watched";
    case FileKind::not_a_database: return "file is not a database, or an encrypted one";
    case FileKind::corrupt_header: return "database header is corrupt";
  }
  return "";
}

bool is_alarming(FileKind kind) {
  return kind == FileKind::not_a_database || kind == FileKind::corrupt_header;
}

}  // namespace

void Judge::looked(const LookTask& task) {
  judge_failures(task);
  judge_kind(task);
}

void Judge::judge_failures(const LookTask& task) {
  std::map<std::string_view, Errc> failing;
  for (const CollectorFailure& failure : task.failures)
    failing.emplace(failure.collector, failure.error.code);
  State& state = states_[task.name];
  for (const auto& [collector, error] : task.failures) {
    const auto before = state.failing.find(collector);
    // A busy moment is the normal life of a database; it is counted, not told.
    if (error.code == Errc::busy) continue;
    if (before != state.failing.end() && before->second == error.code) continue;
    log_.warn("look failed", {{"database", task.name},
                              {"collector", std::string(collector)},
                              {"reason", std::string(to_string(error.code))},
                              {"error", error.message},
                              {"advice", std::string(advice(error.code))}});
  }
  for (const auto& [collector, code] : state.failing) {
    if (failing.contains(collector) || code == Errc::busy) continue;
    log_.info("look succeeds again",
              {{"database", task.name}, {"collector", std::string(collector)}});
  }
  state.failing = std::move(failing);
}

void Judge::judge_kind(const LookTask& task) {
  State& state = states_[task.name];
  if (!task.kind || state.kind == task.kind) return;
  const std::initializer_list<Log::Field> fields = {{"database", task.name}, {"path", task.path}};
  if (is_alarming(*task.kind)) {
    log_.warn(words(*task.kind), fields);
  } else {
    log_.info(words(*task.kind), fields);
  }
  state.kind = task.kind;
}

void Judge::mount_stalled(const std::string& mountpoint) {
  log_.warn("mount does not answer, its databases show sqlite_up 0", {{"mountpoint", mountpoint}});
}

void Judge::mount_answers(const std::string& mountpoint) {
  log_.info("mount answers again", {{"mountpoint", mountpoint}});
}

void Judge::forget(std::string_view database) {
  const auto state = states_.find(database);
  if (state == states_.end()) return;
  log_.info("database is gone", {{"database", std::string(database)}});
  states_.erase(state);
}

void Judge::over_limit(std::size_t count, std::size_t limit) {
  if (count > 0 && !over_limit_)
    log_.warn("more databases than max_databases, the rest is not watched",
              {{"max_databases", std::to_string(limit)}, {"not_watched", std::to_string(count)}});
  over_limit_ = count > 0;
}

}  // namespace sqlite_exporter

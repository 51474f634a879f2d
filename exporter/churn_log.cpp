#include "exporter/churn_log.h"

#include <iterator>

namespace sqlite_exporter {

namespace {

constexpr std::chrono::minutes kMinute(1);

/// So many lines a folder may have before the rest of its minute is counted.
constexpr std::size_t kFreeLines = 10;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

void ChurnLog::tell(Kind kind, const std::string& path, std::string_view message,
                    const std::vector<Log::Field>& fields, Clock::time_point now) {
  sum_up(now);
  const auto [item, is_new] = folders_.try_emplace(folder_of(path));
  Folder& folder = item->second;
  if (is_new) folder.begun = now;
  if (folder.busy || folder.told >= kFreeLines) {
    ++folder.counted[kind];
    return;
  }
  ++folder.told;
  log_.info(message, fields);
}

void ChurnLog::sum_up(Clock::time_point now) {
  for (auto item = folders_.begin(); item != folders_.end();) {
    auto& [path, folder] = *item;
    if (now - folder.begun < kMinute) {
      ++item;
    } else if (folder.counted.empty()) {
      item = folders_.erase(item);
    } else {
      log_.info("databases of a folder come and go",
                {{"folder", path},
                 {"added", std::to_string(folder.counted[Kind::added])},
                 {"removed", std::to_string(folder.counted[Kind::removed])},
                 {"changed", std::to_string(folder.counted[Kind::changed])}});
      folder = Folder{now, 0, true, {}};
      ++item;
    }
  }
}

}  // namespace sqlite_exporter

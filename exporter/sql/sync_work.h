/// Where applications say how far each of their tables is synchronised.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

/// A table with a row for what was synchronised when, and with whom.
struct SyncLayout {
  std::string table;                        ///< or a view
  std::optional<std::string> table_column;  ///< names the table that a row is about
  std::optional<std::string> peer_column;   ///< names the other side
  std::string time_column;                  ///< of the last success; NULL for never
  std::optional<std::string> state_column;

  bool operator==(const SyncLayout&) const = default;
};

/// The columns of its result.
inline constexpr std::array<std::string_view, 3> kSyncLabels = {"table", "peer", "state"};
inline constexpr std::array<std::string_view, 3> kSyncValues = {"last_success", "pending",
                                                                "capped"};

/// What the worker reads of one database.
struct SyncWork {
  std::vector<SyncLayout> layouts;  ///< beside those that are built in
  std::size_t max_pending = 10'000;

  bool operator==(const SyncWork&) const = default;
};

}  // namespace sqlite_exporter

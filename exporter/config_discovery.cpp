/// Validates `[discovery]`: which processes, paths and states, how often, and how far.
#include "exporter/config_discovery.h"

#include <algorithm>

#include "exporter/config_refusal.h"
#include "exporter/config_values.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

Result<void> check_exclude(const Written<std::string>& glob) {
  if (!glob.value.starts_with('/') && !glob.value.starts_with('*'))
    return refuse(glob.where,
                  R"(must be a glob that begins with "/" or "*", not )" + in_quotes(glob.value));
  if (glob.value.size() > 1 && glob.value.ends_with('/'))
    return refuse(glob.where,
                  "must not end with \"/\": a folder is excluded by its name, with all "
                  "that is in it, not " +
                      in_quotes(glob.value));
  if (has_control_character(glob.value))
    return refuse(glob.where, "must not contain control characters: " + in_quotes(glob.value));
  return {};
}

Result<DatabaseState> parse_state(const Written<std::string>& name) {
  const auto* const found = std::ranges::find(kDatabaseStateNames, name.value);
  if (found == kDatabaseStateNames.end())
    return refuse(name.where, std::string("must name states; ")
                                  .append(in_quotes(name.value))
                                  .append(" ")
                                  .append(unknown_word(name.value, "states", kDatabaseStateNames)));
  return static_cast<DatabaseState>(found - kDatabaseStateNames.begin());
}

}  // namespace

Result<DiscoveryConfig> make_discovery(const ConfigDraft& draft) {
  DiscoveryConfig discovery;
  discovery.processes = draft.discovery_processes.value_or(discovery.processes);
  for (const Written<std::string>& glob : draft.discovery_exclude) {
    if (auto checked = check_exclude(glob); !checked) return fail(checked.error());
    discovery.exclude.push_back(glob.value);
  }
  for (const Written<std::string>& name : draft.discovery_exclude_states) {
    const auto state = parse_state(name);
    if (!state) return fail(state.error());
    discovery.exclude_states.add(*state);
  }
  WalkLimits& limits = discovery.limits;
  const Result<void> set =
      all_of({set_duration(discovery.rescan_interval, draft.discovery_rescan_interval,
                           declared("discovery", "rescan_interval"), 1s, 24h),
              set_count(limits.max_depth, draft.discovery_max_depth,
                        declared("discovery", "max_depth"), 64),
              set_count(limits.max_entries, draft.discovery_max_entries,
                        declared("discovery", "max_entries"), 10'000'000),
              set_duration(limits.max_duration, draft.discovery_max_duration,
                           declared("discovery", "max_duration"), 100ms, 10min)});
  if (!set) return fail(set.error());
  return discovery;
}

}  // namespace sqlite_exporter

/// Validates the `[[database]]` entries: their paths, unique names, labels nobody else uses.
#include "exporter/config_databases.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "collectors/label_text.h"
#include "exporter/config_keys.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

/// Set on every sample by this exporter, by Prometheus, or on parts of histograms and summaries.
constexpr std::array<std::string_view, 5> kRefusedLabels = {"database", "job", "instance", "le",
                                                            "quantile"};

tl::unexpected<Error> refuse(const std::string& where, const std::string& what) {
  return fail(Errc::config, where + " " + what);
}

Result<void> check_text(const Written<std::string>& text) {
  if (text.value.empty()) return refuse(text.where, "must not be empty");
  if (has_control_character(text.value))
    return refuse(text.where, "must not contain control characters: " + in_quotes(text.value));
  return {};
}

Result<void> check_path(const Written<std::string>& path) {
  if (auto text = check_text(path); !text) return text;
  if (!path.value.starts_with('/') || path.value.ends_with('/'))
    return refuse(path.where, std::string("must be ")
                                  .append(declared("database", "path").expected)
                                  .append(", not ")
                                  .append(in_quotes(path.value)));
  return {};
}

Result<void> check_label(const LabelDraft& label, std::span<const std::string_view> reserved) {
  const std::string& name = label.name.value;
  if (!valid_label_name(name))
    return refuse(label.name.where,
                  "must be a label name: letters, digits and underscores, with neither a digit nor "
                  "two underscores in front");
  if (std::ranges::find(kRefusedLabels, name) != kRefusedLabels.end())
    return refuse(label.name.where, "is refused: Prometheus or this exporter sets that label");
  if (std::ranges::find(reserved, name) != reserved.end())
    return refuse(label.name.where, "is refused: a metric of this exporter has that label");
  return check_text(label.value);
}

/// Names and paths given so far; a glob's names are known only when its files are.
class Taken {
 public:
  Result<void> add(const DatabaseDraft& database) {
    const std::string& path = database.path.value;
    if (!paths_.insert(path).second)
      return refuse(database.path.where,
                    "must be unique, " + in_quotes(path) + " is there already");
    if (is_pattern(path)) return {};
    const std::string name =
        database.name ? database.name->value : derive_database_name(path, path);
    const auto [first, fresh] = path_of_name_.emplace(name, path);
    if (fresh) return {};
    const std::string owner = in_quotes(first->second);
    if (database.name)
      return refuse(database.name->where,
                    "must be unique, " + in_quotes(name) + " is already the name of " + owner);
    return refuse(database.path.where, "derives the name " + in_quotes(name) + ", which " + owner +
                                           " has already; set \"name\" in its [[database]]");
  }

 private:
  std::set<std::string> paths_;
  std::map<std::string, std::string> path_of_name_;
};

Result<DatabaseConfig> make_database(const DatabaseDraft& draft,
                                     std::span<const std::string_view> reserved) {
  if (auto path = check_path(draft.path); !path) return fail(path.error());
  DatabaseConfig database{.path = draft.path.value, .name = {}, .labels = {}};
  if (draft.name) {
    if (auto name = check_text(*draft.name); !name) return fail(name.error());
    if (is_pattern(database.path))
      return refuse(draft.name->where, "must be left out: the path " + in_quotes(database.path) +
                                           " is a glob, whose databases are named by their paths");
    database.name = draft.name->value;
  }
  for (const LabelDraft& label : draft.labels) {
    if (auto checked = check_label(label, reserved); !checked) return fail(checked.error());
    database.labels.emplace_back(label.name.value, label.value.value);
  }
  return database;
}

}  // namespace

Result<std::vector<DatabaseConfig>> make_databases(
    const ConfigDraft& draft, std::span<const std::string_view> reserved_labels) {
  if (draft.databases.empty())
    return refuse(draft.where_databases,
                  "is missing, so there is nothing to watch: add a [[database]] with a path");
  std::vector<DatabaseConfig> databases;
  Taken taken;
  for (const DatabaseDraft& database : draft.databases) {
    auto made = make_database(database, reserved_labels);
    if (!made) return fail(made.error());
    if (auto unique = taken.add(database); !unique) return fail(unique.error());
    databases.push_back(std::move(*made));
  }
  return databases;
}

}  // namespace sqlite_exporter

/// Validates the `[[database]]` entries: their paths, unique names, labels nobody else uses.
#include "exporter/config_databases.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "collectors/label_text.h"
#include "collectors/metric_rules.h"
#include "exporter/config_refusal.h"
#include "exporter/config_values.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

/// What Prometheus calls the target in Kubernetes: the claim's namespace would arrive as
/// `exported_namespace`, and `namespace` would be the exporter's.
constexpr std::array<std::string_view, 6> kTargetLabels = {"namespace", "pod",     "container",
                                                           "node",      "service", "endpoint"};

Result<void> check_path(const Written<std::string>& path) {
  if (auto text = check_text(path); !text) return text;
  if (!path.value.starts_with('/'))
    return refuse(path.where, declared("database", "path"), in_quotes(path.value));
  // A walk keeps to its mount by the names it meets, and the way up has none.
  const std::string below = path.value.substr(
      names_many(path.value) ? fixed_prefix(path.value).size() : path.value.size());
  if (std::string(below).append("/").find("/../") != std::string::npos)
    return refuse(path.where, "must not hold \"..\" behind a glob: " + in_quotes(path.value));
  return {};
}

Result<void> check_label_name(const Written<std::string>& written,
                              std::span<const std::string_view> reserved) {
  const std::string& name = written.value;
  if (!valid_label_name(name))
    return refuse(written.where,
                  "must be a label name: letters, digits and underscores, with neither a digit nor "
                  "two underscores in front");
  if (std::ranges::find(kRefusedLabels, name) != kRefusedLabels.end())
    return refuse(written.where, "is refused: Prometheus or this exporter sets that label");
  if (std::ranges::find(reserved, name) != reserved.end())
    return refuse(written.where, "is refused: a metric of this exporter has that label");
  return {};
}

/// `labels` are those that the user gave himself.
Result<PathLabels> make_path_labels(const Written<std::string>& expression,
                                    const std::vector<LabelDraft>& labels,
                                    std::span<const std::string_view> reserved) {
  if (auto text = check_text(expression); !text) return fail(text.error());
  auto compiled = PathLabels::compile(expression.value);
  if (!compiled)
    return refuse(expression.where, "is no regular expression: " + compiled.error().message);
  if (compiled->names().empty())
    return refuse(expression.where,
                  "must have a named group such as (?P<claim>[^/]+): the label it gives");
  for (const std::string& name : compiled->names()) {
    const Written<std::string> group{name, expression.where + ": the group " + in_quotes(name)};
    if (auto checked = check_label_name(group, reserved); !checked) return fail(checked.error());
    if (std::ranges::find(kTargetLabels, name) != kTargetLabels.end())
      return refuse(group.where,
                    "is refused: Prometheus gives its targets that label; \"claim_namespace\", "
                    "\"claim\" and \"pod_uid\" are free");
    if (std::ranges::any_of(labels,
                            [&name](const auto& label) { return label.name.value == name; }))
      return refuse(group.where, "is refused: \"labels\" sets that label");
  }
  return std::move(*compiled);
}

/// Names and paths given so far; those in a glob or a folder are known only when its files are.
class Taken {
 public:
  Result<void> add(const DatabaseDraft& database) {
    const std::string& path = database.path.value;
    if (!paths_.insert(path).second)
      return refuse(database.path.where,
                    "must be unique, " + in_quotes(path) + " is there already");
    if (names_many(path)) return {};
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
  DatabaseConfig database{
      .path = draft.path.value, .name = {}, .labels = {}, .labels_from_path = {}};
  if (draft.name) {
    if (auto name = check_text(*draft.name); !name) return fail(name.error());
    if (names_many(database.path))
      return refuse(draft.name->where,
                    "must be left out: the path " + in_quotes(database.path) +
                        (is_pattern(database.path) ? " is a glob" : " is a folder") +
                        ", whose databases are named by their paths");
    database.name = draft.name->value;
  }
  for (const LabelDraft& label : draft.labels) {
    if (auto name = check_label_name(label.name, reserved); !name) return fail(name.error());
    if (auto value = check_text(label.value); !value) return fail(value.error());
    database.labels.emplace_back(label.name.value, label.value.value);
  }
  if (draft.labels_from_path) {
    auto labels = make_path_labels(*draft.labels_from_path, draft.labels, reserved);
    if (!labels) return fail(labels.error());
    database.labels_from_path = std::move(*labels);
  }
  return database;
}

}  // namespace

Result<std::vector<DatabaseConfig>> make_databases(
    const ConfigDraft& draft, std::span<const std::string_view> reserved_labels) {
  if (draft.databases.empty() && !draft.discovery_processes.value_or(false))
    return refuse(draft.where_databases,
                  "is missing, so there is nothing to watch: add a [[database]] with a path, or "
                  "processes = true in [discovery]");
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

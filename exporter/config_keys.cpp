/// The keys of the configuration file as data: what is accepted and what `describe` prints.
#include "exporter/config_keys.h"

#include <algorithm>
#include <numeric>

#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

/// How many characters must be inserted, removed or changed (Levenshtein).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// "" unless most of `word` is right.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_distance = 3;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance * 2 < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string table_header(std::string_view table) {
  const bool repeated =
      table == "database" || table == "query" || table == "query.metric" || table == "sync.layout";
  return std::string(repeated ? "[[" : "[").append(table).append(repeated ? "]]" : "]");
}

const ConfigKey* find_key(std::string_view table, std::string_view key) {
  const auto* const found = std::ranges::find_if(kConfigKeys, [&](const ConfigKey& candidate) {
    return candidate.table == table && candidate.key == key;
  });
  return found == kConfigKeys.end() ? nullptr : found;
}

std::vector<std::string_view> keys_of(std::string_view table) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : kConfigKeys)
    if (key.table == table) keys.push_back(key.key);
  return keys;
}

std::vector<std::string_view> known_tables() {
  std::vector<std::string_view> tables;
  for (const ConfigKey& key : kConfigKeys) {
    const std::string_view table = key.table.substr(0, key.table.find('.'));
    if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
  }
  return tables;
}

std::string unknown_word(std::string_view word, std::string_view kind,
                         std::span<const std::string_view> known) {
  std::string sentence = "is unknown";
  if (const std::string_view meant = nearest(word, known); !meant.empty())
    sentence.append(", perhaps ").append(in_quotes(meant)).append(" was meant");
  sentence.append("; known ").append(kind).append(" are ");
  for (std::size_t i = 0; i < known.size(); ++i)
    sentence.append(i == 0 ? "" : ", ").append(known[i]);
  return sentence;
}

}  // namespace sqlite_exporter

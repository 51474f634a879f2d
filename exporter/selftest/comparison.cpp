#include "exporter/selftest/comparison.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>
#include <variant>

#include "collectors/batch.h"
#include "collectors/database.h"

namespace sqlite_exporter {

namespace {

struct Compared {
  std::string_view pragma;
  std::string_view metric;
};

constexpr std::array<Compared, 6> kNumbers = {{
    {"application_id", "sqlite_database_application_id"},
    {"freelist_count", "sqlite_database_freelist_pages"},
    {"page_count", "sqlite_database_pages"},
    {"page_size", "sqlite_database_page_size_bytes"},
    {"schema_version", "sqlite_database_schema_version"},
    {"user_version", "sqlite_database_user_version"},
}};

/// Labels of `sqlite_database_info`.
constexpr std::array<std::string_view, 3> kWords = {"auto_vacuum", "encoding", "journal_mode"};

std::string metric_of(std::string_view pragma) {
  const auto* const number = std::ranges::find(kNumbers, pragma, &Compared::pragma);
  if (number != kNumbers.end()) return std::string(number->metric);
  return std::string(pragma).append(" of sqlite_database_info");
}

/// PRAGMA auto_vacuum gives a number, and of the kinds of rollback journal the file knows nothing.
std::string in_our_words(std::string_view pragma, const std::string& answer) {
  if (pragma == "auto_vacuum") {
    if (answer == "0") return "none";
    if (answer == "1") return "full";
    if (answer == "2") return "incremental";
  }
  if (pragma == "journal_mode" && answer != "wal") return "rollback";
  return answer;
}

void add_word(ComparedValues& values, std::string_view pragma, std::string_view word) {
  if (!word.empty()) values.emplace(pragma, word);
}

}  // namespace

ComparedValues values_of(const Look& look) {
  ComparedValues values;
  Batch batch;
  if (!kDatabaseCollector.look(look, batch)) return values;
  for (const Reading& reading : batch.readings()) {
    const auto* const number =
        std::ranges::find(kNumbers, reading.metric->name(), &Compared::metric);
    if (number != kNumbers.end())
      values.emplace(number->pragma, std::to_string(static_cast<std::int64_t>(reading.value)));
  }
  if (!look.header) return values;
  add_word(values, "auto_vacuum", to_string(look.header->auto_vacuum));
  add_word(values, "encoding", to_string(look.header->encoding));
  add_word(values, "journal_mode", to_string(look.header->journal_mode));
  return values;
}

StatementRequest comparison_request(std::string path) {
  StatementRequest request;
  request.path = std::move(path);
  for (const Compared& number : kNumbers) request.values.emplace_back(number.pragma);
  for (const std::string_view word : kWords) request.labels.emplace_back(word);
  std::string columns;
  std::string tables;
  const auto add = [&](std::string_view pragma) {
    columns.append(columns.empty() ? "" : ", ").append(pragma);
    tables.append(tables.empty() ? "pragma_" : ", pragma_").append(pragma);
  };
  std::ranges::for_each(kNumbers, add, &Compared::pragma);
  std::ranges::for_each(kWords, add);
  request.sql = "SELECT " + columns + " FROM " + tables;
  request.max_rows = 1;
  request.timeout = std::chrono::seconds(1);
  return request;
}

ComparedValues values_of(const std::vector<ResultRow>& rows) {
  ComparedValues values;
  if (rows.size() != 1) return values;
  for (std::size_t i = 0; i < kNumbers.size(); ++i) {
    const std::optional<Number>& value = rows[0].values.at(i);
    if (value && std::holds_alternative<std::int64_t>(*value))
      values.emplace(kNumbers.at(i).pragma, std::to_string(std::get<std::int64_t>(*value)));
  }
  for (std::size_t i = 0; i < kWords.size(); ++i)
    add_word(values, kWords.at(i), in_our_words(kWords.at(i), rows[0].labels.at(i)));
  return values;
}

std::vector<std::string> differences(const ComparedValues& observed, const ComparedValues& sql) {
  std::vector<std::string> lines;
  for (const auto& [pragma, value] : observed) {
    const auto said = sql.find(pragma);
    if (said != sql.end() && said->second == value) continue;
    lines.push_back(metric_of(pragma)
                        .append(" is ")
                        .append(value)
                        .append(", and PRAGMA ")
                        .append(pragma)
                        .append(said == sql.end() ? " says nothing" : " says ")
                        .append(said == sql.end() ? "" : said->second));
  }
  return lines;
}

}  // namespace sqlite_exporter

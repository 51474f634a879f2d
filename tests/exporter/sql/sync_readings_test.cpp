/// Rows about synchronisation as readings, and how many words for states they may bring.
#include "exporter/sql/sync_readings.h"

#include <string>

#include "exporter/exposition.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

ResultRow row_of(const std::string& table, const std::string& state) {
  return {{table, "", state}, {std::nullopt, std::nullopt, std::nullopt}};
}

std::vector<std::string> states_of(const std::vector<ResultRow>& rows) {
  std::vector<std::string> states;
  for (const ResultRow& row : rows) states.push_back(row.labels[2]);
  return states;
}

TEST_CASE("what is known of a table and a peer is told, and nothing else") {
  std::vector<SubjectReadings> subjects(1);
  subjects[0].labels = std::make_shared<const std::string>("database=\"app\"");
  add_sync_readings({{{"orders", "b", "synced"}, {1795249800.25, std::int64_t{3}, std::int64_t{1}}},
                     {{"plain", "", ""}, {std::int64_t{1795249800}, std::nullopt, std::nullopt}},
                     {{"q\"", "", "new"}, {std::nullopt, std::int64_t{0}, std::int64_t{0}}}},
                    subjects[0].batch);
  std::string samples;
  const std::string text = write_text(subjects, {});
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    if (text[at] != '#') samples.append(text, at, end - at);
    at = end;
  }
  CHECK(samples ==
        "sqlite_sync_last_success_timestamp_seconds{database=\"app\",table=\"orders\",peer=\"b\"} "
        "1795249800.25\n"
        "sqlite_sync_last_success_timestamp_seconds{database=\"app\",table=\"plain\",peer=\"\"} "
        "1795249800\n"
        "sqlite_sync_pending_rows{database=\"app\",table=\"orders\",peer=\"b\"} 3\n"
        "sqlite_sync_pending_rows{database=\"app\",table=\"q\\\"\",peer=\"\"} 0\n"
        "sqlite_sync_pending_rows_capped{database=\"app\",table=\"orders\",peer=\"b\"} 1\n"
        "sqlite_sync_pending_rows_capped{database=\"app\",table=\"q\\\"\",peer=\"\"} 0\n"
        "sqlite_sync_state{database=\"app\",table=\"orders\",peer=\"b\",state=\"synced\"} 1\n"
        "sqlite_sync_state{database=\"app\",table=\"q\\\"\",peer=\"\",state=\"new\"} 1\n");
}

TEST_CASE("the eleventh word for a state is other, and stays it") {
  std::set<std::string> known;
  std::vector<ResultRow> rows;
  std::vector<std::string> words;
  for (int i = 0; i < 10; ++i) {
    words.push_back(std::to_string(i));
    rows.push_back(row_of(words.back(), words.back()));
  }
  rows.push_back(row_of("same", "0"));
  rows.push_back(row_of("none", ""));
  words.insert(words.end(), {"0", ""});
  limit_states(rows, known);
  CHECK(states_of(rows) == words);
  rows = {row_of("a", "late"), row_of("b", "9"), row_of("c", ""), row_of("d", "later")};
  limit_states(rows, known);
  CHECK(states_of(rows) == std::vector<std::string>{"other", "9", "", "other"});
  CHECK(known.size() == 10);
}

}  // namespace
}  // namespace sqlite_exporter

/// The JSON document, letter by letter.
#include "exporter/inspect/report_json.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

std::string line(const Observation& observation) {
  const std::vector<Observation> one = {observation};
  return report_json(one, true);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a live WAL on one line") {
  Observation observation = test::live_wal();
  CHECK(line(observation) ==
        R"([{"path":"/data/app.db","real_path":"/data/app.db","timestamp_seconds":1795176003.0,)"
        R"("verdict":"healthy","states":["wal_live"],"file_size_bytes":12902400,)"
        R"("journal_mode":"wal","page_size":4096,"pages":3150,"freelist_pages":12,)"
        R"("schema_version":14,"user_version":0,"application_id":0,"auto_vacuum":"none",)"
        R"("encoding":"UTF-8","sqlite_version":"3.51.3",)"
        R"("last_write_timestamp_seconds":1795176002.0,"wal_file_size_bytes":41943040,)"
        R"("wal_frames":5301,"wal_backfilled_frames":301,"wal_pinned_frames":0,)"
        R"("readers":[],"locks":[],"holders":[{"pid":99}],"holders_complete":false,)"
        R"("advice":[]}])"
        "\n");
}

TEST_CASE("readers, locks and holders carry their owners") {
  Observation observation = test::live_wal();
  test::hold_back(observation, 1);
  observation.watched = true;
  observation.rates = Rates{1.5, 3};
  observation.look->holders = test::known_processes();
  observation.look->wal_locks.write = LockHolder{true, 0};
  const std::string text = line(observation);
  CHECK(contains(text, R"("transactions_per_second":1.5,"frames_per_second":3.0)"));
  CHECK(contains(text,
                 R"("readers":[{"slot":1,"frame":301,"pinned_frames":5000,"old":true,"pid":812,)"
                 R"("owner_process":"litestream","owner_unit":"litestream.service",)"
                 R"("process_start_time_seconds":1795089603.0,"age_seconds":42.0}])"));
  CHECK(contains(text, R"("locks":[{"lock":"write","holder":"other_pid_namespace"}])"));
  CHECK(contains(text, R"("holders":[{"pid":99,"owner_process":"app","owner_namespace":"shop",)"
                       R"("owner_pod":"web-0","owner_container":"main"},{"pid":812,)"));
  CHECK(contains(text, R"("holders_complete":true)"));
  CHECK(contains(text, R"("advice":[{"severity":"note","subject":"replicator","meaning":"READ1 )"));
}

TEST_CASE("an error has a reason and a message, and no reading") {
  Observation observation;
  observation.path = "x\xFF.db";
  observation.error = Error{Errc::denied, "open x\xFF.db: \"no\""};
  const std::string text = line(observation);
  CHECK(contains(text, "{\"path\":\"x\xEF\xBF\xBD.db\","));
  CHECK(contains(text,
                 "\"verdict\":\"cannot_say\",\"error\":{\"reason\":\"denied\",\"message\":"
                 "\"open x\xEF\xBF\xBD.db: \\\"no\\\"\"},\"advice\":["));
  CHECK_FALSE(contains(text, "holders"));
}

TEST_CASE("several databases are one array, indented where a human reads it") {
  const std::vector<Observation> two = {test::observed(DatabaseState::empty),
                                        test::observed(DatabaseState::absent)};
  const std::string text = report_json(two, false);
  CHECK(text.starts_with("[\n  {\n    \"path\": \"/data/app.db\",\n"));
  CHECK(contains(text, "  },\n  {\n"));
  CHECK(text.ends_with("  }\n]\n"));
}

TEST_CASE("an encrypted database tells what is plain of it") {
  Observation observation = test::live_wal();
  observation.look->header.reset();
  observation.look->states.add(DatabaseState::encrypted);
  PlainFacts& plain = observation.look->plain.emplace();
  CHECK(contains(line(observation), R"("file_size_bytes":12902400,"last_write_)"));
  plain = {4096, 3150, JournalMode::wal};
  CHECK(contains(line(observation), R"("file_size_bytes":12902400,"journal_mode":"wal",)"
                                    R"("page_size":4096,"pages":3150,"last_write_)"));
}

TEST_CASE("a newer format tells its version and the files beside it") {
  Observation observation = test::observed(DatabaseState::newer_format);
  observation.look->format_version = 255;
  observation.look->side_files.emplace();
  CHECK(contains(line(observation), R"("format_version":255,"locks")"));
  (*observation.look->side_files)[2] = 300;
  CHECK(contains(line(observation),
                 R"("format_version":255,"side_file_size_bytes":{"log":300},"locks")"));
}

}  // namespace
}  // namespace sqlite_exporter

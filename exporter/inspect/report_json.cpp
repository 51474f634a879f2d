#include "exporter/inspect/report_json.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/last_write.h"
#include "collectors/page_counts.h"
#include "exporter/inspect/advice.h"
#include "exporter/inspect/facts.h"
#include "exporter/inspect/holders.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
void add(Json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

void add_text(Json& object, const char* key, std::string_view text) {
  if (!text.empty()) object[key] = text;
}

/// SQLite keeps these as signed 32-bit values in unsigned bytes.
std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

void add_process(Json& object, const NamedProcess& process) {
  // A pid of 0 or -1 is a holder that cannot be named.
  if (process.pid > 0) object["pid"] = process.pid;
  if (process.pid == 0) object["holder"] = "other_pid_namespace";
  if (process.pid < 0) object["holder"] = "open_file_description_lock";
  add_text(object, "owner_process", process.owner.process);
  add_text(object, "owner_unit", process.owner.unit);
  add_text(object, "owner_namespace", process.owner.pod_namespace);
  add_text(object, "owner_pod", process.owner.pod);
  add_text(object, "owner_container", process.owner.container);
  add(object, "process_start_time_seconds", process.start_time);
  if (process.stopped) object["process_stopped"] = true;
  if (process.frozen) object["process_frozen"] = true;
}

Json states_of(const Look& look) {
  Json states = Json::array();
  for (std::size_t i = 0; i < kDatabaseStateNames.size(); ++i)
    if (look.states.contains(static_cast<DatabaseState>(i)))
      states.push_back(kDatabaseStateNames[i]);
  return states;
}

/// Of an encrypted database.
void add_plain(Json& object, const PlainFacts& plain) {
  if (plain.journal_mode) object["journal_mode"] = to_string(*plain.journal_mode);
  add(object, "page_size", plain.page_size);
  add(object, "pages", plain.pages);
}

void add_side_files(Json& object, const Look& look) {
  if (look.format_version != 0) object["format_version"] = look.format_version;
  if (!look.side_files) return;
  Json sizes = Json::object();
  for (std::size_t i = 0; i < kSideFileNames.size(); ++i)
    add(sizes, kSideFileNames[i].data(), (*look.side_files)[i]);
  if (!sizes.empty()) object["side_file_size_bytes"] = std::move(sizes);
}

void add_header(Json& object, const Look& look) {
  if (!look.header) return;
  const DatabaseHeader& header = *look.header;
  object["journal_mode"] = to_string(header.journal_mode);
  object["page_size"] = header.page_size;
  add(object, "pages", pages_of(look));
  add(object, "freelist_pages", page_counts_of(look).freelist);
  object["schema_version"] = as_signed(header.schema_cookie);
  object["user_version"] = as_signed(header.user_version);
  object["application_id"] = as_signed(header.application_id);
  object["auto_vacuum"] = to_string(header.auto_vacuum);
  add_text(object, "encoding", to_string(header.encoding));
  add_text(object, "sqlite_version", sqlite_version_in_words(header.sqlite_version_number));
}

void add_wal(Json& object, const Look& look) {
  if (look.wal) object["wal_file_size_bytes"] = look.wal->size;
  if (const FollowedWal* const wal = look.followed_wal()) object["wal_frames"] = wal->mx_frame;
  if (!look.index) return;
  object["wal_frames"] = look.index->mx_frame;
  object["wal_backfilled_frames"] = look.index->n_backfill;
  object["wal_pinned_frames"] = pinned_frames(*look.index, look.wal_locks);
}

Json readers_json(const Observation& observation) {
  Json readers = Json::array();
  for (const HeldReader& reader : readers_of(observation)) {
    for (const NamedProcess& process : reader.processes) {
      Json object = {{"slot", reader.slot},
                     {"frame", reader.frame},
                     {"pinned_frames", reader.pinned_frames},
                     {"old", reader.old}};
      add_process(object, process);
      add(object, "age_seconds", reader.age);
      readers.push_back(std::move(object));
    }
  }
  return readers;
}

Json locks_json(const Observation& observation) {
  Json locks = Json::array();
  for (const HeldLock& lock : locks_of(observation)) {
    Json object = {{"lock", lock.lock}};
    add_process(object, lock.process);
    add(object, "age_seconds", lock.age);
    locks.push_back(std::move(object));
  }
  return locks;
}

Json holders_json(const Observation& observation) {
  Json holders = Json::array();
  for (const NamedProcess& process : processes_of(observation)) {
    Json object = Json::object();
    add_process(object, process);
    holders.push_back(std::move(object));
  }
  return holders;
}

void add_room(Json& object, const Room& room) {
  if (room.status.size_bytes > 0) {
    object["filesystem_size_bytes"] = room.status.size_bytes;
    object["filesystem_avail_bytes"] = room.status.avail_bytes;
  }
  if (room.status.files > 0) object["filesystem_files_free"] = room.status.files_free;
  add(object, "filesystem_readonly", room.readonly);
}

void add_look(Json& object, const Observation& observation) {
  const Look& look = *observation.look;
  object["states"] = states_of(look);
  if (look.database) object["file_size_bytes"] = look.database->size;
  add_header(object, look);
  if (look.plain) add_plain(object, *look.plain);
  add_side_files(object, look);
  add(object, "last_write_timestamp_seconds", last_write_of(look));
  add_wal(object, look);
  if (observation.rates) {
    object["transactions_per_second"] = observation.rates->transactions_per_second;
    object["frames_per_second"] = observation.rates->frames_per_second;
  }
  if (look.mount != nullptr) object["mountpoint"] = look.mount->mountpoint;
  if (observation.room) add_room(object, *observation.room);
  if (look.index) object["readers"] = readers_json(observation);
  object["locks"] = locks_json(observation);
  object["holders"] = holders_json(observation);
  object["holders_complete"] = knows_all_processes(look);
}

Json object_of(const Observation& observation) {
  const std::vector<Advice> advice = advice_for(observation);
  Json object = {{"path", observation.path}};
  if (observation.look) add_text(object, "real_path", observation.look->path);
  object["timestamp_seconds"] = observation.unix_time;
  object["verdict"] = to_string(verdict_of(advice));
  if (observation.error)
    object["error"] = {{"reason", to_string(observation.error->code)},
                       {"message", observation.error->message}};
  if (observation.look) add_look(object, observation);
  object["advice"] = Json::array();
  for (const Advice& each : advice) {
    Json item = {{"severity", to_string(each.severity)},
                 {"subject", each.subject},
                 {"meaning", each.meaning}};
    add_text(item, "action", each.action);
    object["advice"].push_back(std::move(item));
  }
  return object;
}

}  // namespace

std::string report_json(std::span<const Observation> observations, bool one_line) {
  Json document = Json::array();
  for (const Observation& observation : observations) document.push_back(object_of(observation));
  return document.dump(one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace).append("\n");
}

}  // namespace sqlite_exporter

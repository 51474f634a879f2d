#include "tests/support/looks.h"

namespace sqlite_exporter::test {

Observation observed(DatabaseState state) {
  Observation observation;
  observation.path = "/data/app.db";
  observation.unix_time = 1795176003;
  observation.look_before = kLookTaken - std::chrono::seconds(1);
  Look& look = observation.look.emplace();
  look.path = "/data/app.db";
  look.taken = kLookTaken;
  look.unix_time = observation.unix_time;
  look.sample.taken = kLookTaken;
  look.states.add(state);
  return observation;
}

Observation live_wal() {
  Observation observation = observed(DatabaseState::wal_live);
  Look& look = *observation.look;
  look.attached = true;
  look.wal_seen = true;
  look.database = FileStatus{{1, 2}, 1, 12902400, 1795176001};
  look.wal = FileStatus{{1, 3}, 1, 41943040, 1795176002};
  DatabaseHeader& header = look.header.emplace();
  header.page_size = 4096;
  header.journal_mode = JournalMode::wal;
  header.freelist_count = 12;
  header.schema_cookie = 14;
  header.encoding = TextEncoding::utf8;
  header.sqlite_version_number = 3051003;
  WalIndex& index = look.index.emplace();
  index.page_size = 4096;
  index.mx_frame = 5301;
  index.n_page = 3150;
  index.n_backfill = 301;
  index.read_mark = {0, 301, kUnusedReadMark, kUnusedReadMark, kUnusedReadMark};
  look.database_locks.shared = LockHolder{false, 99};
  return observation;
}

void hold_back(Observation& observation, std::size_t slot) {
  Look& look = *observation.look;
  look.wal_locks.read[slot] = LockHolder{false, 812};
  look.sample.old_readers[slot] = OldReader{301, look.taken - std::chrono::seconds(42), true};
}

Holders known_processes() {
  HolderProcess app;
  app.pid = 99;
  app.process.owner = {"app", "", "shop", "web-0", "main"};
  app.holds_switch = app.holds_shared = true;
  HolderProcess litestream;
  litestream.pid = 812;
  litestream.process.owner = {"litestream", "litestream.service", "", "", ""};
  litestream.process.start_time = 1795089603;
  litestream.holds_switch = litestream.holds_shared = true;
  litestream.reads[1] = true;
  Holders holders;
  holders.processes = {app, litestream};
  holders.complete = true;
  return holders;
}

}  // namespace sqlite_exporter::test

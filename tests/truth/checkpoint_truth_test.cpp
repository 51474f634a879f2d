/// mxFrame, nBackfill and pinned frames against what PRAGMA wal_checkpoint(PASSIVE) answers.
#include <filesystem>
#include <functional>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/truth/checkpoint_scene.h"

namespace Catch {
template <>
struct StringMaker<sqlite_exporter::test::Progress> {
  static std::string convert(const sqlite_exporter::test::Progress& progress) {
    return std::to_string(progress.log) + '|' + std::to_string(progress.checkpointed);
  }
};
}  // namespace Catch

namespace sqlite_exporter::test {
namespace {

using Scene = CheckpointScene;

/// The comparison of each case: what a checkpoint would leave, then what it did leave.
void check_against_a_checkpoint(Scene& scene) {
  const std::uint32_t pinned = scene.observed_pinned();
  const Progress answer = scene.checkpoint();
  CHECK(pinned == answer.log - answer.checkpointed);
  CHECK(scene.observed() == answer);
}

/// Four snapshots, one in each slot, above a reader of the database file alone if `slot_0`.
void fill_all_slots(Scene& scene, bool slot_0 = false) {
  scene.write(3);
  scene.checkpoint();
  if (slot_0) scene.read(5);
  for (std::size_t reader = 0; reader < 4; ++reader) {
    scene.write(2);
    scene.read(reader);
  }
  scene.write(2);
}

void crash(Scene& scene) {
  scene.other.close();
  scene.checkpointer.close();
  scene.writer.kill();
  scene.other.open(scene.directory / "app.db");
  scene.other.exec("pragma wal_autocheckpoint=0");
  scene.checkpointer.open(scene.directory / "app.db");
  scene.other.query("select count(*) from t");
}

struct Case {
  const char* name;
  std::function<void(Scene&)> arrange;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"new", [](Scene&) {}},
      {"written to", [](Scene& s) { s.write(10); }},
      {"checkpointed", [](Scene& s) { s.write(10), s.checkpoint(); }},
      {"checkpointed and written to", [](Scene& s) { s.write(10), s.checkpoint(), s.write(1); }},
      {"a writer is at work",
       [](Scene& s) {
         s.write(3);
         s.writer.exec("begin immediate; insert into t values (1)");
       }},
      {"a writer has spilled",
       [](Scene& s) {
         s.write(3);
         s.writer.exec("pragma cache_size=1; begin");
         s.write(50);
       }},
      {"a spilled transaction was rolled back",
       [](Scene& s) {
         s.writer.exec("pragma cache_size=1; begin");
         s.write(50);
         s.writer.exec("rollback");
       }},
      {"a reader", [](Scene& s) { s.write(5), s.read(0), s.write(5); }},
      {"a reader of all there is", [](Scene& s) { s.write(5), s.read(0); }},
      {"a reader has ended", [](Scene& s) { s.write(5), s.read(0), s.write(5), s.release(0); }},
      {"a reader behind what is checkpointed",
       [](Scene& s) { s.write(5), s.read(0), s.write(5), s.checkpoint(), s.write(5); }},
      {"two readers of one snapshot, one has ended",
       [](Scene& s) { s.write(5), s.read(0), s.read(1), s.write(5), s.release(0); }},
      {"two snapshots, the older has ended",
       [](Scene& s) { s.write(5), s.read(0), s.write(5), s.read(1), s.write(5), s.release(0); }},
      {"a reader of the database file alone",
       [](Scene& s) { s.write(5), s.checkpoint(), s.read(0), s.write(5); }},
      {"a reader of the database file alone, nothing since",
       [](Scene& s) { s.write(5), s.checkpoint(), s.read(0); }},
      {"a reader of the database file alone, and one of a snapshot",
       [](Scene& s) { s.write(5), s.checkpoint(), s.read(0), s.write(5), s.read(1), s.write(5); }},
      {"all slots", [](Scene& s) { fill_all_slots(s); }},
      {"all slots, and one reader more",
       [](Scene& s) { fill_all_slots(s), s.read(4), s.write(2); }},
      {"all slots, and READ0", [](Scene& s) { fill_all_slots(s, true); }},
      {"FULL", [](Scene& s) { s.write(9), s.checkpoint("full"); }},
      {"FULL that was busy",
       [](Scene& s) { s.write(5), s.read(0), s.write(4), s.checkpoint("full"); }},
      {"RESTART", [](Scene& s) { s.write(9), s.checkpoint("restart"); }},
      {"RESTART and a write", [](Scene& s) { s.write(9), s.checkpoint("restart"), s.write(2); }},
      {"RESTART that was busy",
       [](Scene& s) { s.write(5), s.read(0), s.checkpoint("restart"), s.write(3); }},
      {"TRUNCATE", [](Scene& s) { s.write(9), s.checkpoint("truncate"); }},
      {"TRUNCATE and a write", [](Scene& s) { s.write(9), s.checkpoint("truncate"), s.write(2); }},
      {"TRUNCATE that was busy",
       [](Scene& s) { s.write(5), s.read(0), s.write(1), s.checkpoint("truncate"); }},
      {"a second generation with a reader",
       [](Scene& s) { s.write(9), s.checkpoint(), s.write(4), s.read(0), s.write(3); }},
      {"two writers",
       [](Scene& s) {
         for (int i = 0; i < 5; ++i) s.write(1), s.write(s.other, 2);
       }},
      {"two writers, one of them at work",
       [](Scene& s) {
         s.write(3), s.write(s.other, 3);
         s.other.exec("begin immediate; insert into t values (1)");
       }},
      {"autocheckpoint",
       [](Scene& s) {
         s.writer.exec("pragma wal_autocheckpoint=10");
         s.write(33);
       }},
      {"autocheckpoint under a reader",
       [](Scene& s) {
         s.writer.exec("pragma wal_autocheckpoint=10");
         s.write(12), s.read(0), s.write(21);
       }},
      {"a crash", [](Scene& s) { s.write(9), crash(s); }},
      {"a crash of a half-way checkpointed WAL",
       [](Scene& s) {
         s.write(5), s.read(0), s.write(4), s.checkpoint(), s.release(0);
         crash(s);
       }},
      {"VACUUM", [](Scene& s) { s.write(30), s.writer.exec("delete from t; vacuum"); }},
      {"VACUUM under a reader", [](Scene& s) { s.write(30), s.read(0), s.writer.exec("vacuum"); }},
      {"a WAL whose index has several blocks",
       [](Scene& s) {
         s.writer.exec("begin"), s.write(1500), s.writer.exec("commit"), s.read(0);
         s.writer.exec("update t set x = x || 'x'"), s.write(3), s.read(1), s.release(0);
         s.writer.exec("update t set x = x || 'y'");
       }},
  };
  return all;
}

TEST_CASE("frames, backfilled and pinned are those a checkpoint answers") {
  const std::size_t number = GENERATE(range(std::size_t{0}, cases().size()));
  const Case& each = cases()[number];
  CAPTURE(each.name);
  Scene scene;
  each.arrange(scene);
  check_against_a_checkpoint(scene);
  check_against_a_checkpoint(scene);  // it left a state of its own
}

TEST_CASE("frames, backfilled and pinned are those a checkpoint answers, at any page size") {
  const int page_size = GENERATE(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536);
  CAPTURE(page_size);
  Scene scene(page_size);
  REQUIRE(scene.writer.query("pragma page_size") == std::to_string(page_size));
  scene.write(7);
  scene.read(0);
  scene.write(5);
  check_against_a_checkpoint(scene);
  scene.release(0);
  check_against_a_checkpoint(scene);
}

TEST_CASE("readers that end one by one let a checkpoint go on just as far as was said") {
  Scene scene;
  const bool slot_0 = GENERATE(false, true);
  CAPTURE(slot_0);
  fill_all_slots(scene, slot_0);
  scene.read(4);
  scene.write(2);
  CHECK(scene.observed_pinned() > 0);
  check_against_a_checkpoint(scene);
  if (slot_0) scene.release(5);
  for (const std::size_t reader : {0U, 2U, 1U, 4U, 3U}) {
    check_against_a_checkpoint(scene);
    scene.release(reader);
    scene.write(1);
  }
  check_against_a_checkpoint(scene);
  CHECK(scene.observed_pinned() == 0);
}

TEST_CASE("frames, backfilled and pinned are those a checkpoint answers, in random scenes") {
  // `--rng-seed time` brings others.
  const auto seed = Catch::rngSeed() * 1000 + GENERATE(range(1U, 6U));
  CAPTURE(seed);
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed));
  const auto chance = [&](unsigned of) { return static_cast<unsigned>(random()) % of; };
  Scene scene;
  std::string steps;
  for (int step = 0; step < 80; ++step) {
    const std::size_t reader = chance(Scene::kReaders);
    const unsigned what = chance(10);
    if (what < 4) {
      scene.write(chance(2) == 0 ? scene.writer : scene.other, 1 + static_cast<int>(chance(4)));
      steps += " write";
    } else if (what < 8) {
      scene.reads(reader) ? scene.release(reader) : scene.read(reader);
      steps += (scene.reads(reader) ? " read " : " release ") + std::to_string(reader);
    } else if (what == 8) {
      const char* const modes[] = {"full", "restart", "truncate", "passive"};
      const char* const mode = modes[chance(4)];
      scene.checkpoint(mode);
      steps.append(" ").append(mode);
    } else {
      CAPTURE(steps);
      check_against_a_checkpoint(scene);
      steps += " check";
    }
  }
  check_against_a_checkpoint(scene);
}

}  // namespace
}  // namespace sqlite_exporter::test

/// CPU time of one sample and of one full look, against a bare `pread` of the bytes they need.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "collectors/linux/link.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/linux/open_table.h"
#include "collectors/look.h"
#include "collectors/registry.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/page_one.h"
#include "collectors/wal_watch.h"
#include "exporter/clock.h"
#include "tests/bench/cpu_time.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using bench::Case;
using test::SqliteApplication;

constexpr std::size_t kRounds = 41;
constexpr std::size_t kRepetitions = 200;
constexpr double kSampleAim = 5'000;
constexpr double kLookAim = 20'000;
constexpr std::uint32_t kManyFrames = 10'000;

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

template <class T>
T get(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void collect(const Collector& collector, const Look& look, Batch& batch) {
  const Result<void> result = collector.look(look, batch);
  require(result || result.error().code == Errc::no_data, "a collector failed");
}

/// One database as the exporter sees it, without the daemon.
class Observed {
 public:
  explicit Observed(std::string path) : path_(std::move(path)), watch_(path_) {
    node_.mounts = MountTable({{"/", "ext4", "/dev/root", false}});
    node_.open_files = std::make_shared<OpenTableCache>(std::chrono::seconds(2));
    sample();
  }

  void sample() { get(watch_.take({unix_now(), std::chrono::steady_clock::now(), {}})); }
  Look look() { return get(take_look(path_, node_, watch_.latest(), state_)); }
  void full_look() {
    const Look at = look();
    Batch batch;
    for (const Collector* collector : all_collectors()) collect(*collector, at, batch);
    require(batch.readings().size() > 5, "a look without readings");
  }

  const std::string& path() const { return path_; }
  const Sample& latest() const { return watch_.latest(); }

 private:
  std::string path_;
  WalWatch watch_;
  Node node_;
  LookState state_;
};

/// Bytes at fixed places of files that are open already: the least that any observer pays.
class BarePread {
 public:
  void add(const std::string& path, off_t offset, std::size_t size) {
    parts_.push_back({::open(path.c_str(), O_RDONLY | O_CLOEXEC), offset, size});
  }
  void operator()() const {
    std::array<char, 256> into{};
    for (const Part& part : parts_) {
      const ssize_t count = ::pread(part.descriptor, into.data(), part.size, part.offset);
      require(count == static_cast<ssize_t>(part.size), "a short read");
    }
  }

 private:
  struct Part {
    int descriptor;  ///< open to the end of the program
    off_t offset;
    std::size_t size;
  };
  std::vector<Part> parts_;
};

BarePread sample_bytes(const std::string& path) {
  BarePread pread;
  for (int twice = 0; twice < 2; ++twice) pread.add(path + "-shm", 0, kWalIndexHeadSize);
  return pread;
}

BarePread live_look_bytes(const std::string& path) {
  BarePread pread = sample_bytes(path);
  pread.add(path, 0, kDatabaseHeaderSize);
  pread.add(path + "-wal", kWalHeaderSize, kFrameHeaderSize);
  return pread;
}

BarePread file_look_bytes(const std::string& path) {
  BarePread pread;
  pread.add(path, 0, kDatabaseHeaderSize);
  return pread;
}

void fill(SqliteApplication& application, const std::string& journal_mode) {
  application.query("PRAGMA journal_mode=" + journal_mode);
  application.exec("PRAGMA synchronous=OFF");
  application.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  application.exec("INSERT INTO t VALUES (1, 0)");
}

/// Page 1 is in one of the oldest frames: the search for it passes through every block.
void write_many_frames(SqliteApplication& application) {
  application.exec("PRAGMA wal_autocheckpoint=0");
  for (std::uint32_t i = 0; i < kManyFrames; ++i) application.exec("UPDATE t SET v = v + 1");
}

/// The steps of a full look at an attached database, each on its own; what is missing to the whole
/// is a second look at some of them.
void add_steps(std::vector<Case>& cases, Observed& live, std::size_t reference) {
  const auto look = std::make_shared<const Look>(live.look());
  const std::shared_ptr<const HeldFiles> held = live.latest().held;
  const std::string& path = live.path();
  const auto add = [&](const char* name, std::function<void()> run) {
    cases.push_back({std::string("  step: ") + name, std::move(run), reference});
  };
  add("stat", [path] { get(status_of(path)); });
  add("open, fstat, close", [path] { get(File::open(path + "-wal")); });
  add("F_GETLK",
      [held] { require(get(lock_on(held->shm, kDeadMansSwitch, 1)).has_value(), "free"); });
  add("wal-index", [held] { get(read_wal_index(held->shm)); });
  const auto wal = std::make_shared<const File>(get(File::open(path + "-wal")));
  add("newest page 1", [held, look, wal] {
    get(read_newest_page_one(held->database, *wal, held->shm, *look->index));
  });
  for (const Collector* collector : all_collectors()) {
    add(collector->name.data(), [look, collector] {
      Batch batch;
      collect(*collector, *look, batch);
    });
  }
}

void print(const std::vector<Case>& cases) {
  std::printf("look: CPU time, median of %zu rounds of %zu\n", kRounds, kRepetitions);
  std::printf("  %-44s %8s %8s  %s\n", "", "ns", "x pread", "aim");
  for (const Case& each : cases) {
    const double time = each.median();
    std::printf("  %-44s %8.0f %8.1f", each.name.c_str(), time,
                time / cases[each.reference].median());
    if (each.aim > 0) std::printf("  %5.0f %s", each.aim, time <= each.aim ? "reached" : "MISSED");
    std::printf("\n");
  }
}

/// What is asked before somebody is called dead, of the whole node; against reading one link.
void print_open_table() {
  constexpr std::size_t kTables = 11;
  std::size_t descriptors = 0;
  std::vector<Case> cases = {
      {"read a link", [] { get(read_link("/proc/self/fd/0")); }, 0},
      {"table of all descriptors, each", [&] { descriptors = get(OpenTable::read({})).size(); }, 0},
  };
  bench::measure(cases, kTables, 1);
  const double each = cases[1].median() / static_cast<double>(descriptors);
  std::printf("open files: CPU time, median of %zu\n", kTables);
  std::printf("  %-44s %8.0f\n", cases[0].name.c_str(), cases[0].median());
  std::printf("  %-44s %8.0f %8.1f  %zu files, %.1f ms\n", cases[1].name.c_str(), each,
              each / cases[0].median(), descriptors, cases[1].median() / 1e6);
}

void run() {
  const test::TemporaryDirectory directory;
  SqliteApplication live(directory / "live.db");
  SqliteApplication large(directory / "large.db");
  SqliteApplication clean(directory / "clean.db");
  SqliteApplication rollback(directory / "rollback.db");
  for (SqliteApplication* application : {&live, &large, &clean}) fill(*application, "wal");
  fill(rollback, "delete");
  write_many_frames(large);
  clean.close();

  Observed at_live(directory / "live.db");
  Observed at_large(directory / "large.db");
  Observed at_clean(directory / "clean.db");
  Observed at_rollback(directory / "rollback.db");
  require(at_live.look().header && at_live.look().index->mx_frame > 0, "no frames");
  require(at_large.look().index->mx_frame > kManyFrames, "not as many frames as meant");
  require(!at_clean.look().attached && at_clean.look().wal_seen, "not closed cleanly");
  require(at_rollback.look().header && !at_rollback.look().wal_seen, "not a rollback database");

  enum Reference : std::size_t { kSampleBytes, kLiveBytes, kFileBytes };
  std::vector<Case> cases = {
      {"pread: a sample's bytes", sample_bytes(at_live.path()), kSampleBytes},
      {"pread: a full look's, attached", live_look_bytes(at_live.path()), kLiveBytes},
      {"pread: a full look's, closed or rollback", file_look_bytes(at_clean.path()), kFileBytes},
      {"sample, attached", [&] { at_live.sample(); }, kSampleBytes, kSampleAim},
      {"sample, closed", [&] { at_clean.sample(); }, kSampleBytes, kSampleAim},
      {"sample, rollback", [&] { at_rollback.sample(); }, kSampleBytes, kSampleAim},
      {"full look, attached", [&] { at_live.full_look(); }, kLiveBytes, kLookAim},
      {"full look, attached, 10,000 frames", [&] { at_large.full_look(); }, kLiveBytes, kLookAim},
      {"full look, closed", [&] { at_clean.full_look(); }, kFileBytes, kLookAim},
      {"full look, rollback", [&] { at_rollback.full_look(); }, kFileBytes, kLookAim},
  };
  add_steps(cases, at_live, kLiveBytes);
  bench::measure(cases, kRounds, kRepetitions);
  print(cases);
  print_open_table();
}

}  // namespace
}  // namespace sqlite_exporter

int main() { sqlite_exporter::run(); }

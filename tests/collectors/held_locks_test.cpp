/// Each byte that SQLite locks, held by another process, and the lock it is taken for.
#include "collectors/held_locks.h"

#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

struct LockedFile {
  LockedFile() {
    std::ofstream(path).close();
    file.emplace(File::open(path).value());
  }
  void lock(std::uint64_t offset) { holder.lock_byte(path, offset); }

  const TemporaryDirectory directory;
  const std::string path = directory / "file";
  SqliteApplication holder;
  std::optional<File> file;
};

std::string names_of(const HeldLocks& held) {
  std::string names;
  for (std::size_t i = 0; i < kLockCount; ++i)
    if (held[i]) names.append(kLockNames[i]).append(" ");
  return names;
}

TEST_CASE("locks of the wal-index") {
  LockedFile locked;
  CHECK(names_of(held_locks(wal_locks_of(*locked.file).value())).empty());
  struct Case {
    std::uint64_t offset;
    const char* names;
  };
  const Case each = GENERATE(Case{120, "write "}, Case{121, "checkpoint "}, Case{122, "recover "});
  locked.lock(each.offset);
  CHECK(names_of(held_locks(wal_locks_of(*locked.file).value())) == each.names);
}

TEST_CASE("whoever holds a read mark for itself alone is moving it, and no reader") {
  LockedFile locked;
  const std::uint64_t mark = GENERATE(range(0U, 5U));
  locked.lock(123 + mark);
  const WalLocks locks = wal_locks_of(*locked.file).value();
  for (const auto& reader : locks.read) CHECK_FALSE(reader);
  CHECK(names_of(held_locks(locks)).empty());
}

TEST_CASE("the dead man's switch is none of the locks told") {
  LockedFile locked;
  locked.lock(128);
  CHECK(names_of(held_locks(wal_locks_of(*locked.file).value())).empty());
}

TEST_CASE("locks of the database file") {
  LockedFile locked;
  CHECK_FALSE(database_locks_of(*locked.file).value().any());
  struct Case {
    std::uint64_t offset;
    const char* names;
  };
  const Case each = GENERATE(Case{0x40000000, "pending "}, Case{0x40000001, "reserved "},
                             Case{0x40000002, "exclusive "}, Case{0x40000002 + 509, "exclusive "});
  locked.lock(each.offset);
  const DatabaseLocks locks = database_locks_of(*locked.file).value();
  CHECK(locks.any());
  CHECK(names_of(held_locks(locks)) == each.names);
}

TEST_CASE("bytes beside the locks of a database file are none") {
  LockedFile locked;
  locked.lock(0x40000000 - 1);
  locked.lock(0x40000002 + 510);
  CHECK_FALSE(database_locks_of(*locked.file).value().any());
}

}  // namespace
}  // namespace sqlite_exporter::test

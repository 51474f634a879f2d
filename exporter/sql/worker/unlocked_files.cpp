#include "exporter/sql/worker/unlocked_files.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include "exporter/sql/worker/read_only_files.h"
#include "exporter/sql/worker/unlocked_file.h"

namespace sqlite_exporter {

namespace {

/// Above SQLite's own, which end below 100.
constexpr int kTellReading = 0x73716c72;

/// What SQLite allocates for a file, and each of its functions gets.
struct Handle {
  sqlite3_file base;
  UnlockedFile* file;
};

struct Vfs {
  sqlite3_vfs base;
  sqlite3_vfs* unix;
  WriteEvents events;
};

UnlockedFile& file_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->file; }

int close_file(sqlite3_file* file) {
  delete &file_of(file);
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
  return file_of(file).read({static_cast<std::byte*>(buffer), static_cast<std::size_t>(size)},
                            static_cast<std::uint64_t>(offset));
}

int write_file(sqlite3_file* /*file*/, const void* /*bytes*/, int /*size*/,
               sqlite3_int64 /*offset*/) {
  return SQLITE_READONLY;
}

int truncate_file(sqlite3_file* /*file*/, sqlite3_int64 /*size*/) { return SQLITE_READONLY; }

int sync_file(sqlite3_file* /*file*/, int /*flags*/) { return SQLITE_OK; }

int tell_size(sqlite3_file* file, sqlite3_int64* size) {
  std::int64_t bytes = 0;
  const int code = file_of(file).tell_size(bytes);
  *size = bytes;
  return code;
}

int lock_file(sqlite3_file* file, int level) {
  return level == SQLITE_LOCK_SHARED ? file_of(file).begin() : SQLITE_READONLY;
}

int unlock_file(sqlite3_file* file, int level) {
  if (level == SQLITE_LOCK_NONE) file_of(file).end();
  return SQLITE_OK;
}

/// SQLite asks whether a journal is hot: `begin` knows that it is not, and it could not become so
/// unseen.
int check_reserved(sqlite3_file* /*file*/, int* reserved) {
  *reserved = 1;
  return SQLITE_OK;
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  if (operation != kTellReading) return SQLITE_NOTFOUND;
  *static_cast<UnlockedReading*>(argument) = file_of(file).reading();
  return SQLITE_OK;
}

/// No more is promised than any file keeps.
int sector_size(sqlite3_file* /*file*/) { return 0; }
int characteristics(sqlite3_file* /*file*/) { return 0; }

/// Of version 1: no shared memory, so no WAL, and no memory map.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = tell_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  Vfs& ours = *reinterpret_cast<Vfs*>(vfs);
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && name != nullptr) {
    const auto open = reinterpret_cast<OpenFile>(ours.unix->xGetSystemCall(ours.unix, "open"));
    const bool image = sqlite3_uri_boolean(name, "image", 0) != 0;
    if (auto opened = UnlockedFile::create(open, name, image, ours.events)) {
      auto& handle = *reinterpret_cast<Handle*>(file);
      handle.base.pMethods = &kMethods;
      handle.file = opened.release();
      if (flags_out != nullptr) *flags_out = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
      return SQLITE_OK;
    }
  }
  return ours.unix->xOpen(ours.unix, name, file, flags, flags_out);
}

}  // namespace

bool add_unlocked_files() {
  sqlite3_vfs* const unix = sqlite3_vfs_find("unix");
  if (unix == nullptr || unix->iVersion < 3) return false;
  // SQLite keeps it until the process ends.
  auto* const vfs = new (std::nothrow) Vfs{*unix, unix, WriteEvents(handed_files())};
  if (vfs == nullptr) return false;
  vfs->base.zName = kUnlockedFiles;
  vfs->base.pNext = nullptr;
  vfs->base.szOsFile = std::max(unix->szOsFile, static_cast<int>(sizeof(Handle)));
  vfs->base.xOpen = open_file;
  return sqlite3_vfs_register(&vfs->base, 0) == SQLITE_OK;
}

UnlockedReading reading_of(sqlite3* connection) {
  UnlockedReading reading;
  sqlite3_file_control(connection, "main", kTellReading, &reading);
  return reading;
}

}  // namespace sqlite_exporter

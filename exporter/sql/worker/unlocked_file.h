/// A database in rollback mode that is read without a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "exporter/sql/worker/stillness.h"
#include "exporter/sql/worker/unlocked_files.h"

namespace sqlite_exporter {

/// As SQLite calls open(2).
using OpenFile = int (*)(const char* path, int flags, int mode);

/// What it returns are SQLite's codes.
class UnlockedFile {
 public:
  /// Null if it cannot be opened, or is not a database in rollback mode. `image`: see
  /// `kUnlockedFiles`. `events` outlives it.
  static std::unique_ptr<UnlockedFile> create(OpenFile open, const char* path, bool image,
                                              WriteEvents& events);
  UnlockedFile(const UnlockedFile&) = delete;
  UnlockedFile& operator=(const UnlockedFile&) = delete;
  ~UnlockedFile();

  /// SQLITE_BUSY while somebody writes, a journal is hot, or the mode is not what it was.
  int begin();
  /// What was read since `begin` is void if it did not stand still.
  void end();
  /// SQLITE_IOERR_READ as soon as it is void.
  int read(std::span<std::byte> buffer, std::uint64_t offset);
  int tell_size(std::int64_t& size) const;
  UnlockedReading reading() const { return reading_; }

 private:
  /// Frees what `malloc` gave: a database may be larger than the memory that is left.
  struct Free {
    void operator()(std::byte* bytes) const;
  };

  UnlockedFile(int descriptor, OpenFile open, const char* path, bool image, WriteEvents& events);

  bool is_journal_hot() const;
  bool has_journal() const;
  int take_image();
  int read_from_file(std::span<std::byte> buffer, std::uint64_t offset) const;

  int descriptor_;
  OpenFile open_;
  std::string journal_;
  bool wants_image_;
  Stillness stillness_;
  bool begun_ = false;  ///< before that SQLite looks at the header, and believes nothing of it
  std::unique_ptr<std::byte, Free> image_;
  std::size_t image_size_ = 0;
  UnlockedReading reading_{.unlocked = true};
};

}  // namespace sqlite_exporter

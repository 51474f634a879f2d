/// What the first bytes of a file say that it is, and what of its header may be believed.
///
/// Behind the magic a header is plain, or plain up to byte 32 and ciphertext from there on, or of a
/// newer format. Turso's encrypted databases begin with "Turso\0", a version, and a plain header
/// from byte 16 on (0.8.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

enum class FileKind : std::uint8_t {
  empty,           ///< no bytes
  database,        ///< a plain one
  encrypted,       ///< by its looks, or by Turso's own magic
  newer_format,    ///< whole, with a version above 2
  corrupt_header,  ///< the magic, and values behind it that cannot be
  cut_off,         ///< the magic, and not even a header
  other,           ///< no database
};

struct FileHead {
  FileKind kind = FileKind::other;
  /// Of a plain database; of an encrypted one the part that is plain, if any (`plain_size`).
  std::optional<DatabaseHeader> header;
  std::uint8_t format_version = 0;  ///< of `newer_format`
  bool by_turso = false;            ///< it may have files of Turso's beside it
};

/// Nobody but Turso begins a file so: its encrypted databases do.
bool has_turso_magic(Bytes bytes);

/// `first_bytes` are as many as there are, up to kEncryptedSampleSize; `file_size` is all of it.
FileHead parse_file_head(Bytes first_bytes, std::uint64_t file_size);

/// One read of 100 bytes for a plain database, a second one of 4 KiB for the others. Errors: the
/// reader's own.
Result<FileHead> read_file_head(const Reader& file, std::uint64_t file_size);

}  // namespace sqlite_exporter

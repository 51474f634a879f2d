/// Tells an encrypted database from a file that is none.
///
/// SQLCipher encrypts all of page 1 behind a random salt. SEE and SQLite3 Multiple Ciphers leave
/// bytes 16..23 plain (page size, versions, reserved bytes, payload fractions), so that SQLite can
/// be told the page size before the key. Behind byte 24 every cipher makes noise of what would be
/// zeros and text in a plain page.
#pragma once

#include <cstdint>

#include "collectors/base/bytes.h"

namespace sqlite_exporter {

/// No more than these many bytes of the file are looked at.
inline constexpr std::size_t kEncryptedSampleSize = 4096;

/// For a file without the magic of a database. `first_bytes` are as many as there are, up to
/// kEncryptedSampleSize; fewer than 512 are never believed. A miss is possible and harmless; a
/// random file of whole 512-byte blocks is taken for encrypted, as nothing tells the two apart.
bool looks_encrypted(Bytes first_bytes, std::uint64_t file_size);

}  // namespace sqlite_exporter

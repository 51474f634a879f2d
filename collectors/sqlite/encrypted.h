/// Tells an encrypted database from a file that is none.
///
/// SQLCipher encrypts all of page 1 behind a random salt. SEE and SQLite3 Multiple Ciphers leave
/// bytes 16..23 plain (page size, versions, reserved bytes, payload fractions), so that SQLite can
/// be told the page size before the key. Behind byte 24 every cipher makes noise of what would be
/// zeros and text in a plain page. SQLCipher's `cipher_plaintext_header_size`, 32 as a rule, leaves
/// the magic and some bytes behind it plain as well.
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

/// For a file with the magic: is what lies behind its header ciphertext? A plain page 1 has zeros
/// or text there. `header_is_odd`: the header behind the magic cannot be SQLite's (kTooOdd), so
/// that less is asked of the bytes.
bool has_noise_behind_header(Bytes first_bytes, std::uint32_t page_size, bool header_is_odd);

}  // namespace sqlite_exporter

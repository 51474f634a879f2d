/// The first 100 bytes of a database file, checked and decoded.
///
/// Big-endian (https://www.sqlite.org/fileformat2.html, section 1.3):
///
///     0  16  magic "SQLite format 3\0"          40  4  schema cookie
///    16   2  page size (1 means 65536)          44  4  schema format
///    18   1  write version (1 rollback, 2 WAL)  48  4  default cache size
///    19   1  read version                       52  4  largest root page (0: no auto_vacuum)
///    20   1  reserved bytes at each page's end  56  4  text encoding (1, 2, 3)
///    21   3  payload fractions 64, 32, 32       60  4  user_version
///    24   4  file change counter                64  4  incremental vacuum flag
///    28   4  size in pages                      68  4  application_id
///    32   4  first freelist trunk page          72 20  reserved
///    36   4  freelist pages                     92  4  version-valid-for
///                                               96  4  SQLITE_VERSION_NUMBER of the last writer
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

inline constexpr std::size_t kDatabaseHeaderSize = 100;
inline constexpr std::size_t kDatabaseMagicSize = 16;
/// The magic without the NUL behind it, as programs have it among their constants.
inline constexpr std::string_view kDatabaseMagicText = "SQLite format 3";
/// Up to here all that is plain in every cipher but those that encrypt page 1 whole: SQLite reads
/// the page size before it knows the key.
inline constexpr std::size_t kPlainPageSize = 24;
/// SQLCipher's `cipher_plaintext_header_size`: the change counter and the size in pages as well.
inline constexpr std::size_t kPlainCounts = 32;

enum class JournalMode : std::uint8_t { rollback, wal };
enum class AutoVacuum : std::uint8_t { none, full, incremental };
enum class TextEncoding : std::uint8_t { unset, utf8, utf16le, utf16be };

std::string_view to_string(JournalMode mode);
std::string_view to_string(AutoVacuum mode);
/// SQLite's own spelling, as PRAGMA encoding prints it; a database without content has none yet and
/// gives "".
std::string_view to_string(TextEncoding encoding);

struct DatabaseHeader {
  std::uint32_t page_size = 0;  ///< bytes, a power of two in 512..65536
  JournalMode journal_mode = JournalMode::rollback;
  std::uint32_t change_counter = 0;  ///< +1 a commit in rollback mode; useless in WAL mode
  std::uint32_t page_count = 0;      ///< only meaningful while page_count_valid
  bool page_count_valid = false;     ///< version-valid-for equals the change counter
  std::uint32_t freelist_count = 0;
  std::uint32_t schema_cookie = 0;  ///< PRAGMA schema_version
  AutoVacuum auto_vacuum = AutoVacuum::none;
  TextEncoding encoding = TextEncoding::unset;
  std::uint32_t user_version = 0;    ///< stored unsigned; SQLite shows it as a signed 32-bit value
  std::uint32_t application_id = 0;  ///< stored unsigned; SQLite shows it as a signed 32-bit value
  /// Of who wrote page 1 last, as schema and size change: 3040001 is 3.40.1; 0 unknown.
  std::uint32_t sqlite_version_number = 0;
  bool by_turso = false;  ///< version-valid-for holds the version number, as Turso 0.8.3 leaves it
  /// Of five fields behind byte 32, how many hold what SQLite never writes: schema format 0..4,
  /// text encoding 0..3, no more free pages than pages, reserved zeros, version 3.x or none. SQLite
  /// reads on where one does; ciphertext has all of them wrong but once in thousands.
  std::uint8_t odd_fields = 0;
  /// What lies behind is ciphertext, and left out: kPlainPageSize, kPlainCounts, or all is plain.
  std::size_t plain_size = kDatabaseHeaderSize;
  friend bool operator==(const DatabaseHeader&, const DatabaseHeader&) = default;
};

/// From so many on the bytes are no header of SQLite's; what else there is to plain databases is
/// one field that another program took for its own.
inline constexpr std::uint8_t kTooOdd = 3;

/// True if the bytes begin as every plain SQLite database does. Encrypted databases do not.
bool has_database_magic(Bytes bytes);

/// Errors: corrupt (short, wrong magic, page size, versions or fractions), unsupported (whole but
/// for a version above 2, at which SQLite stops too).
Result<DatabaseHeader> parse_database_header(Bytes bytes);

/// Of a header of which only the first `plain_size` bytes are plain, whatever its magic:
/// kPlainPageSize or kPlainCounts. The rest is left out. Nothing if those bytes cannot be.
std::optional<DatabaseHeader> parse_plain_start(Bytes bytes, std::size_t plain_size);

/// The higher of the versions at 18 and 19 if it is above SQLite's own, else 0.
std::uint8_t newer_format_version(Bytes bytes);

}  // namespace sqlite_exporter

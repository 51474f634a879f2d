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
#include <string_view>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

inline constexpr std::size_t kDatabaseHeaderSize = 100;
inline constexpr std::size_t kDatabaseMagicSize = 16;

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
  std::uint32_t sqlite_version_number = 0;  ///< of the last writer, 3040001 is 3.40.1; 0 unknown
  friend bool operator==(const DatabaseHeader&, const DatabaseHeader&) = default;
};

/// True if the bytes begin as every plain SQLite database does. Encrypted databases do not.
bool has_database_magic(Bytes bytes);

/// Errors: corrupt (short, wrong magic, page size, versions or fractions).
Result<DatabaseHeader> parse_database_header(Bytes bytes);

}  // namespace sqlite_exporter

/// Valid SQLite files as code: a test breaks one thing in them and is named by it.
#pragma once

#include <cstdint>
#include <vector>

#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"
#include "tests/support/memory_reader.h"

namespace sqlite_exporter::test {

void put_u8(Buffer& into, std::size_t offset, std::uint8_t value);
void put_be16(Buffer& into, std::size_t offset, std::uint16_t value);
void put_be32(Buffer& into, std::size_t offset, std::uint32_t value);
void put_host16(Buffer& into, std::size_t offset, std::uint16_t value);
void put_host32(Buffer& into, std::size_t offset, std::uint32_t value);

/// The first 100 bytes of a database in WAL mode that SQLite 3.40.1 wrote: 7 pages, UTF-8.
Buffer database_header(std::uint32_t page_size = 4096);

/// The 32 bytes at the start of a WAL. After a change to them, `seal_wal_header` makes the checksum
/// right again.
Buffer wal_header(std::uint32_t page_size, const WalSalts& salts,
                  bool big_endian_checksums = false);
void seal_wal_header(Buffer& wal);

/// A header and whole frames, with the checksums that stand in `frames` (0 if none): most parsers
/// do not read them. Frames of page 1 hold a `database_header`.
Buffer wal_file(std::uint32_t page_size, const std::vector<FrameHeader>& frames);
/// Makes the checksums right of all whole frames, for the page size and byte order that the header
/// of the WAL names. After a change to the header, `seal_wal_header` comes first.
void seal_wal_frames(Buffer& wal);

/// The 136 bytes at the start of a -shm file. `seal_wal_index` makes the checksum and the second
/// copy right again.
Buffer wal_index_head(const WalIndex& index);
void seal_wal_index(Buffer& shm);

/// A -shm file whose hash tables hold the frames 1.. of the pages given.
Buffer wal_index_file(const WalIndex& index, const std::vector<std::uint32_t>& page_of_frame);

/// One frame of the generation `salts`; a commit frame if `commit_page_count` is not 0.
inline FrameHeader frame(std::uint32_t page_number, std::uint32_t commit_page_count,
                         const WalSalts& salts) {
  return {page_number, commit_page_count, salts};
}

}  // namespace sqlite_exporter::test

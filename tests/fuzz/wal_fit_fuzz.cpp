/// Any database beside any WAL and wal-index: an answer after a bounded number of reads.
#include "collectors/sqlite/wal_fit.h"

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ThreeFiles files = fuzz::ThreeFiles::unpack(fuzz::bytes_of(data, size));
  // No mutation would ever find the checksum of the header.
  if (files.wal.size() >= kWalHeaderSize) {
    test::put_be32(files.wal, 4, kWalFormatVersion);
    test::seal_wal_header(files.wal);
  }
  const test::MemoryReader database(files.database);
  const test::MemoryReader wal(files.wal);
  fuzz::claim(fit_of_any_frame(database, wal).has_value());

  const auto header = parse_wal_header(files.wal);
  WalIndex index;
  Bytes rest(files.shm);
  index.n_backfill = fuzz::take32(rest);
  index.mx_frame = fuzz::take32(rest);
  if (header) {
    index.salts = header->salts;
    index.page_size = header->page_size;
  }
  const auto fit = fit_of_checkpointed(database, wal, index);
  fuzz::claim(fit.has_value());
  fuzz::claim(header.has_value() || *fit == WalFit::unknown);
  // Two headers, those of 8,192 frames, eight pages, and 4 MiB of frames of the smallest pages.
  constexpr int kMostReads = 2 + 8192 + 8 * 16 + 2 * 8192;
  fuzz::claim(wal.reads() <= kMostReads);
  return 0;
}

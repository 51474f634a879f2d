/// Any bytes as a -shm file, with and without the right checksum.
#include "collectors/sqlite/wal_index.h"

#include "collectors/sqlite/page_size.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

void read(fuzz::Buffer content) {
  constexpr int kAttempts = 3;
  const test::MemoryReader shm(std::move(content));
  const auto index = read_wal_index(shm, kAttempts);
  fuzz::claim(shm.reads() <= 2 * kAttempts);
  if (!index) {
    fuzz::claim(!index.error().message.empty());
    return;
  }
  fuzz::claim(index->n_backfill <= index->mx_frame);
  fuzz::claim(is_page_size(index->page_size) || (index->page_size == 0 && index->mx_frame == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Buffer content = fuzz::buffer_of(fuzz::bytes_of(data, size));
  read(content);
  fuzz::believe_wal_index(content);
  read(std::move(content));
  return 0;
}

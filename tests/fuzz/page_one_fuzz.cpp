/// Any three files as a database in WAL mode: the search of page 1 stays within its bounds.
#include "collectors/sqlite/page_one.h"

#include "collectors/sqlite/page_size.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

constexpr std::uint32_t kPage = 1;

/// Where the page number of a frame is stored, by the file format alone.
std::uint64_t page_number_offset(std::uint32_t frame) {
  if (frame <= 4062) return 136 + 4 * (std::uint64_t{frame} - 1);
  const std::uint64_t behind = std::uint64_t{frame} - 4063;
  return (1 + behind / 4096) * 32768 + 4 * (behind % 4096);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ThreeFiles files = fuzz::ThreeFiles::unpack(fuzz::bytes_of(data, size));
  fuzz::believe_wal_index(files.shm);
  const std::size_t blocks = files.shm.size() / 32768 + 1;
  const test::MemoryReader shm(files.shm);
  const auto index = read_wal_index(shm, 1);
  if (!index) return 0;

  const int before = shm.reads();
  const auto frame = newest_frame_of_page(shm, *index, kPage);
  fuzz::claim(static_cast<std::size_t>(shm.reads() - before) <= 3 * blocks);
  if (frame) {
    fuzz::claim(*frame <= index->mx_frame);
    if (*frame != 0) {
      const auto offset = static_cast<std::size_t>(page_number_offset(*frame));
      fuzz::claim(host32(Bytes(files.shm).subspan(offset).first<4>()) == kPage);
    }
  }

  const auto header = read_newest_page_one(test::MemoryReader(files.database),
                                           test::MemoryReader(files.wal), shm, *index);
  fuzz::claim(frame || !header);
  fuzz::claim(!header || is_page_size(header->page_size));
  return 0;
}

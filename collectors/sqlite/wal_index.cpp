/// Tells a wal-index at rest from one that a writer is changing under the read.
#include "collectors/sqlite/wal_index.h"

#include <algorithm>
#include <bit>
#include <string>

#include "collectors/sqlite/page_size.h"
#include "collectors/sqlite/wal_checksum.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kHeaderCopySize = 48;
constexpr std::size_t kBothCopiesSize = 2 * kHeaderCopySize;

using Head = std::array<std::byte, kWalIndexHeadSize>;

Result<Head> read_head(const Reader& shm) {
  Head head{};
  const auto count = shm.read_at(0, head);
  if (!count) return fail(count.error());
  if (*count < head.size()) return fail(Errc::no_data, "the wal-index is shorter than its head");
  return head;
}

bool same_header(const Head& one, const Head& other) {
  return std::ranges::equal(Bytes(one).first<kBothCopiesSize>(),
                            Bytes(other).first<kBothCopiesSize>());
}

}  // namespace

Result<WalIndex> parse_wal_index(FixedBytes<kWalIndexHeadSize> bytes) {
  const auto header = bytes.first<kHeaderCopySize>();
  if (!std::ranges::equal(header, bytes.subspan<kHeaderCopySize, kHeaderCopySize>())) {
    return fail(Errc::busy, "the two copies of the wal-index header differ");
  }
  if (u8(header.subspan<12, 1>()) == 0) {
    return fail(Errc::no_data, "the wal-index is not initialised");
  }
  const WalChecksum stored{host32(header.subspan<40, 4>()), host32(header.subspan<44, 4>())};
  if (wal_checksum(header.first<40>(), std::endian::native) != stored) {
    return fail(Errc::busy, "the checksum of the wal-index header is wrong");
  }
  const std::uint32_t version = host32(header.subspan<0, 4>());
  if (version != kWalFormatVersion) {
    return fail(Errc::unsupported, "unknown wal-index version " + std::to_string(version));
  }

  const std::uint32_t page_size = host16(header.subspan<14, 2>());
  WalIndex index;
  index.i_change = host32(header.subspan<8, 4>());
  index.page_size = (page_size & 0xfe00U) + ((page_size & 1U) << 16U);
  index.mx_frame = host32(header.subspan<16, 4>());
  index.n_page = host32(header.subspan<20, 4>());
  index.salts = {be32(header.subspan<32, 4>()), be32(header.subspan<36, 4>())};
  index.n_backfill = host32(bytes.subspan<96, 4>());
  for (std::size_t i = 0; i < index.read_mark.size(); ++i) {
    index.read_mark[i] = host32(Bytes(bytes).subspan(100 + 4 * i).first<4>());
  }
  index.n_backfill_attempted = host32(bytes.subspan<128, 4>());

  // A WAL without a frame has no page size yet: SQLite leaves it 0 then.
  const bool without_page_size = index.mx_frame == 0 && index.page_size == 0;
  if (!without_page_size && !is_page_size(index.page_size)) {
    return fail(Errc::corrupt, "no page size in the wal-index: " + std::to_string(index.page_size));
  }
  // A reset writes the new header first and clears nBackfill afterwards.
  if (index.n_backfill > index.mx_frame) {
    return fail(Errc::busy, "nBackfill lies above mxFrame: the WAL is being reset");
  }
  return index;
}

Result<WalIndex> read_wal_index(const Reader& shm, int attempts) {
  WalIndexCache nothing;
  return read_wal_index(shm, nothing, attempts);
}

Result<WalIndex> read_wal_index(const Reader& shm, WalIndexCache& cache, int attempts) {
  Error last{Errc::busy, "the wal-index was not read"};
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto before = read_head(shm);
    if (!before) return fail(before.error());
    if (cache.index && *before == cache.bytes) return *cache.index;
    const auto after = read_head(shm);
    if (!after) return fail(after.error());
    if (!same_header(*before, *after)) {
      last.message = "the wal-index changed between two reads";
      continue;
    }
    const auto index = parse_wal_index(*before);
    if (index) cache = {*before, *index};
    if (index || index.error().code != Errc::busy) return index;
    last = index.error();
  }
  return fail(std::move(last));
}

}  // namespace sqlite_exporter

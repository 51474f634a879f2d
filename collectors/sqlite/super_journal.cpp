/// Believes a name only if its length, its sum and the magic behind it fit.
#include "collectors/sqlite/super_journal.h"

#include <array>
#include <cstddef>
#include <span>

#include "collectors/base/bytes.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kEnd = 16;
constexpr std::size_t kMostName = 4096;  // PATH_MAX
constexpr std::uint32_t kMagicHigh = 0xd9d505f9;
constexpr std::uint32_t kMagicLow = 0x20a163d7;

std::uint32_t sum_of(const std::string& name) {
  std::uint32_t sum = 0;
  for (const char c : name) sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
  return sum;
}

}  // namespace

Result<std::optional<std::string>> super_journal_of(const Reader& journal, std::uint64_t size) {
  if (size < kEnd) return std::nullopt;
  std::array<std::byte, kEnd> end{};
  const Result<std::size_t> read = journal.read_at(size - kEnd, end);
  if (!read) return fail(read.error());
  const FixedBytes<kEnd> bytes(end);
  const std::uint32_t length = be32(bytes.subspan<0, 4>());
  if (*read < kEnd || be32(bytes.subspan<8, 4>()) != kMagicHigh ||
      be32(bytes.subspan<12, 4>()) != kMagicLow || length == 0 || length > kMostName ||
      length > size - kEnd)
    return std::nullopt;
  std::string name(length, '\0');
  const Result<std::size_t> got =
      journal.read_at(size - kEnd - length, std::as_writable_bytes(std::span(name)));
  if (!got) return fail(got.error());
  if (*got < length || sum_of(name) != be32(bytes.subspan<4, 4>())) return std::nullopt;
  return name;
}

}  // namespace sqlite_exporter

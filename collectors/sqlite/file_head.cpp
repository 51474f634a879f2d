/// Asks of a header what it cannot be before it is believed.
#include "collectors/sqlite/file_head.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "collectors/sqlite/encrypted.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kTursoMagic{"Turso\0", 6};

/// A header that nothing more than itself is needed for; most of them.
bool is_beyond_doubt(const Result<DatabaseHeader>& header) {
  return header && header->odd_fields == 0;
}

FileHead plain(const DatabaseHeader& header) {
  return {FileKind::database, header, 0, header.by_turso};
}

/// The magic is there. One odd field makes no ciphertext, nor do bytes like noise alone.
FileHead with_magic(Bytes bytes, const Result<DatabaseHeader>& header) {
  if (header) {
    const bool too_odd = header->odd_fields >= kTooOdd;
    if (has_noise_behind_header(bytes, header->page_size, too_odd))
      return {FileKind::encrypted, parse_plain_start(bytes, kPlainCounts)};
    if (!too_odd) return plain(*header);
    // Neither: what was written over it is not for us to say, and nothing of it is believed.
    return {FileKind::database, parse_plain_start(bytes, kPlainCounts)};
  }
  if (header.error().code == Errc::unsupported)
    return {FileKind::newer_format, std::nullopt, newer_format_version(bytes), true};
  const bool noise = has_noise_behind_header(bytes, 0, false);
  return {noise ? FileKind::encrypted : FileKind::corrupt_header, std::nullopt};
}

}  // namespace

bool has_turso_magic(Bytes bytes) {
  return bytes.size() >= kTursoMagic.size() &&
         std::ranges::equal(bytes.first(kTursoMagic.size()), std::as_bytes(std::span(kTursoMagic)));
}

FileHead parse_file_head(Bytes first_bytes, std::uint64_t file_size) {
  if (first_bytes.empty()) return {FileKind::empty, std::nullopt};
  if (has_database_magic(first_bytes)) {
    if (first_bytes.size() < kDatabaseHeaderSize) return {FileKind::cut_off, std::nullopt};
    const Result<DatabaseHeader> header = parse_database_header(first_bytes);
    return is_beyond_doubt(header) ? plain(*header) : with_magic(first_bytes, header);
  }
  if (has_turso_magic(first_bytes))
    return {FileKind::encrypted, parse_plain_start(first_bytes, kPlainCounts), 0, true};
  if (looks_encrypted(first_bytes, file_size))
    return {FileKind::encrypted, parse_plain_start(first_bytes, kPlainPageSize)};
  return {};
}

Result<FileHead> read_file_head(const Reader& file, std::uint64_t file_size) {
  std::array<std::byte, kDatabaseHeaderSize> start{};
  const Result<std::size_t> size = file.read_at(0, start);
  if (!size) return fail(size.error());
  const Bytes first = Bytes(start).first(*size);
  if (first.size() < start.size()) return parse_file_head(first, file_size);
  if (const auto header = parse_database_header(first); is_beyond_doubt(header))
    return plain(*header);
  std::array<std::byte, kEncryptedSampleSize> more{};
  const Result<std::size_t> count = file.read_at(0, more);
  if (!count) return fail(count.error());
  return parse_file_head(Bytes(more).first(*count), file_size);
}

}  // namespace sqlite_exporter

/// Asks of the first page whether its bytes are evenly spread, as only ciphertext and noise are.
#include "collectors/sqlite/encrypted.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kFirstCipherByte = 24;  ///< in every format; also skips the magic of others

/// Bounds of the chi-square statistic of byte values, 255 +- 23 for noise. Of 400,000 blocks of
/// noise of each of 488, 1,000 and 4,072 bytes one lay outside. Narrower bounds would keep out more
/// of what is compressed, but lose a live database for a moment now and then as page 1 is
/// rewritten. With the two rules below, and the file size taken for a whole number of blocks, 27 of
/// 94,000 files of /usr and /etc (binary keys, brotli) pass at 512 bytes and 7 of 45,000 at 4,096;
/// with their own sizes one does (a key). Compressed data whose header was cut off is the limit: at
/// 4,096 bytes 20 % of raw deflate and all of raw LZMA pass.
constexpr std::uint64_t kMinChiSquare = 150;
constexpr std::uint64_t kMaxChiSquare = 400;
/// Beyond these lies no ciphertext at all, nor within them any text: of 480 bytes, such as base64
/// has, 64 values give 1,440.
constexpr std::uint64_t kLeastChiSquare = 100;
constexpr std::uint64_t kMostChiSquare = 700;

/// Compressed data is nearly noise, and told from ciphertext by how it begins.
constexpr auto kMagics = std::to_array<std::string_view>({
    "\x1f\x8b",           // gzip
    "x\x01",              // zlib, with one of four levels
    "x\x5e",              //
    "x\x9c",              //
    "x\xda",              //
    "BZh",                // bzip2
    "\xfd\x37zXZ",        // xz
    {"\x5d\x00\x00", 3},  // lzma
    "\x28\xb5\x2f\xfd",   // zstd
    "\x04\x22\x4d\x18",   // lz4
    "PK",                 // zip
    "7z\xbc\xaf",         // 7z
    "Rar!",               // rar
    "\x89PNG",            // png
    "\xff\xd8\xff",       // jpeg
    "\x8c\x0d\x04",       // a file that gpg encrypted with a passphrase
    "LUKS\xba\xbe",       // a disk image that is encrypted
});

bool begins_with(Bytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::ranges::equal(bytes.first(magic.size()), std::as_bytes(std::span(magic)));
}

/// Of 200,000 random salts 1 in 370 does, nearly all of them by six printable characters, and those
/// databases are missed. A plain page size saves its database from this test.
bool begins_like_another_format(Bytes bytes) {
  constexpr std::size_t kWord = 6;      // "RIFF", "OggS" and the like have zeros instead
  constexpr std::ptrdiff_t kZeros = 3;  // sizes and versions in a header
  const auto is_printable = [](std::byte byte) {
    return byte >= std::byte{' '} && byte <= std::byte{'~'};
  };
  return std::ranges::any_of(kMagics, [&](auto magic) { return begins_with(bytes, magic); }) ||
         std::ranges::all_of(bytes.first<kWord>(), is_printable) ||
         std::ranges::count(bytes.first<kDatabaseMagicSize>(), std::byte{0}) >= kZeros;
}

/// The page size if bytes 16..23 are those of a plain header, else 0.
std::uint32_t plain_page_size(Bytes bytes) {
  const auto start = parse_plain_start(bytes, kPlainPageSize);
  return start ? start->page_size : 0;
}

std::uint64_t chi_square_of(Bytes bytes) {
  std::array<std::uint64_t, 256> counts{};
  for (const std::byte byte : bytes) ++counts[std::to_integer<std::size_t>(byte)];
  std::uint64_t squares = 0;
  for (const std::uint64_t count : counts) squares += count * count;
  return squares * counts.size() / bytes.size() - bytes.size();
}

bool is_noise(Bytes bytes) {
  const std::uint64_t chi_square = chi_square_of(bytes);
  return chi_square >= kMinChiSquare && chi_square <= kMaxChiSquare;
}

}  // namespace

bool has_noise_behind_header(Bytes first_bytes, std::uint32_t page_size, bool header_is_odd) {
  if (first_bytes.size() < kMinPageSize) return false;
  const std::size_t known = page_size == 0 ? kEncryptedSampleSize : page_size;
  const std::size_t sample = std::min({first_bytes.size(), known, kEncryptedSampleSize});
  const Bytes behind = first_bytes.first(sample).subspan(kDatabaseHeaderSize);
  if (!header_is_odd) return is_noise(behind);
  const std::uint64_t chi_square = chi_square_of(behind);
  return chi_square >= kLeastChiSquare && chi_square <= kMostChiSquare;
}

bool looks_encrypted(Bytes first_bytes, std::uint64_t file_size) {
  if (first_bytes.size() < kMinPageSize || file_size == 0 || file_size % kMinPageSize != 0 ||
      has_database_magic(first_bytes)) {
    return false;
  }
  const std::uint32_t page_size = plain_page_size(first_bytes);
  if (page_size == 0 && begins_like_another_format(first_bytes)) return false;

  // Behind a valid header a plain page has zeros: a database whose magic was overwritten is no
  // noise. Some ciphers repeat themselves with each page, so no more than one if its size is known.
  const std::size_t known = page_size == 0 ? kEncryptedSampleSize : page_size;
  const std::size_t sample = std::min({first_bytes.size(), known, kEncryptedSampleSize});
  return is_noise(first_bytes.first(sample).subspan(kFirstCipherByte));
}

}  // namespace sqlite_exporter

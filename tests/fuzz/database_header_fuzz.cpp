/// Any bytes as a database header.
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/page_size.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::bytes_of(data, size);
  const auto header = parse_database_header(input);
  if (!header) {
    const bool newer = header.error().code == Errc::unsupported && newer_format_version(input) > 2;
    fuzz::claim(newer || header.error().code == Errc::corrupt);
    fuzz::claim(!header.error().message.empty());
    return 0;
  }
  fuzz::claim(size >= kDatabaseHeaderSize && has_database_magic(input));
  fuzz::claim(is_page_size(header->page_size));
  fuzz::claim(!header->page_count_valid || header->page_count != 0);
  fuzz::claim(header->odd_fields <= 5 && header->plain_size == kDatabaseHeaderSize);
  fuzz::claim(!to_string(header->auto_vacuum).empty());
  fuzz::claim(to_string(header->encoding).empty() == (header->encoding == TextEncoding::unset));
  return 0;
}

/// Any bytes as the first page of a file: what is believed of it has its rules.
#include "collectors/sqlite/file_head.h"

#include "collectors/sqlite/encrypted.h"
#include "collectors/sqlite/page_size.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::bytes_of(data, size);
  const std::uint64_t file_size = fuzz::take32(input);
  if (input.size() > kEncryptedSampleSize) input = input.first(kEncryptedSampleSize);
  const FileHead head = parse_file_head(input, file_size);
  fuzz::claim((head.kind == FileKind::empty) == input.empty());
  fuzz::claim((head.kind == FileKind::newer_format) == (head.format_version > 2));
  fuzz::claim(!head.header || is_page_size(head.header->page_size));
  if (head.kind == FileKind::database) {
    fuzz::claim(head.header && has_database_magic(input));
    const std::uint32_t version = head.header->sqlite_version_number;
    fuzz::claim(version == 0 || version / 1'000'000 == 3);
  } else {
    fuzz::claim(!head.header || head.kind == FileKind::encrypted);
  }
  if (head.header && head.header->plain_size < kDatabaseHeaderSize)
    fuzz::claim(head.header->sqlite_version_number == 0 && head.header->freelist_count == 0);

  const test::MemoryReader file(fuzz::buffer_of(input));
  const auto read = read_file_head(file, file_size);
  fuzz::claim(read && read->kind == head.kind && file.reads() <= 2);
  fuzz::claim(read->header.has_value() == head.header.has_value());
  return 0;
}

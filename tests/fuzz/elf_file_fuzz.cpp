/// Any bytes as an ELF file: each question has an end, and no text is longer than it may be.
#include "collectors/linux/elf_file.h"

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test::MemoryReader file(fuzz::buffer_of(fuzz::bytes_of(data, size)));
  const auto elf = ElfFile::read(file);
  if (!elf) return 0;
  const auto text = elf->text_of("sqlite3_version");
  if (text && *text) {
    fuzz::claim((*text)->size() <= ElfFile::kLongestText);
    fuzz::claim((*text)->find('\0') == std::string::npos);
  }
  static_cast<void>(elf->holds("SQLite format 3"));
  return 0;
}

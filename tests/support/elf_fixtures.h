/// Small ELF files as code: one symbol with a text, in either width.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/memory_reader.h"

namespace sqlite_exporter::test {

/// What a file has; a test changes one thing and is named by it.
struct ElfFixture {
  bool wide = true;
  std::uint32_t table = SHT_DYNSYM;
  std::string symbol = "sqlite3_version";
  std::string text = std::string("3.40.1\0", 7);
  std::size_t symbols_before = 5000;  ///< so that tables are longer than a piece that is read
  unsigned type = STT_OBJECT;
  std::uint16_t section = 3;  ///< of the symbol; 3 holds the constants
  std::uint32_t constants = SHT_PROGBITS;
  std::uint64_t beyond = 0;  ///< the symbol's value lies so far behind its text
  std::uint32_t link = 2;    ///< of the table: 2 holds the names
  std::string more;          ///< constants behind the text
  unsigned sections = 4;
};

template <class T>
void put(Buffer& into, const T& value) {
  const std::size_t at = into.size();
  into.resize(at + sizeof value);
  std::memcpy(into.data() + at, &value, sizeof value);
}

inline void put_text(Buffer& into, std::string_view text) {
  for (const char character : text) into.push_back(static_cast<std::byte>(character));
}

/// Sections: none, the table of symbols, its names, the constants. Of a little-endian machine.
template <class Header, class Section, class Symbol>
Buffer elf_of(const ElfFixture& fixture) {
  constexpr std::uint64_t kAddress = 0x4000;
  const std::string names = std::string("\0other_", 7) + fixture.symbol + std::string(1, '\0');
  Buffer constants;
  put_text(constants, "before");
  put_text(constants, fixture.text + fixture.more);
  Buffer symbols;
  for (std::size_t i = 0; i < fixture.symbols_before; ++i) {
    Symbol symbol{};
    symbol.st_name = static_cast<decltype(symbol.st_name)>(1);
    symbol.st_info = STT_OBJECT;
    symbol.st_shndx = 3;
    symbol.st_value = static_cast<decltype(symbol.st_value)>(kAddress);
    symbol.st_size = 6;
    put(symbols, symbol);
  }
  Symbol symbol{};
  symbol.st_name = static_cast<decltype(symbol.st_name)>(7);
  symbol.st_info = static_cast<unsigned char>(fixture.type);
  symbol.st_shndx = fixture.section;
  symbol.st_value = static_cast<decltype(symbol.st_value)>(kAddress + 6 + fixture.beyond);
  symbol.st_size = static_cast<decltype(symbol.st_size)>(fixture.text.size());
  put(symbols, symbol);

  const std::size_t at_symbols = sizeof(Header) + 4 * sizeof(Section);
  const std::size_t at_names = at_symbols + symbols.size();
  const std::size_t at_constants = at_names + names.size();
  Header header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = fixture.wide ? ELFCLASS64 : ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shoff = sizeof(Header);
  header.e_shentsize = sizeof(Section);
  header.e_shnum = static_cast<decltype(header.e_shnum)>(fixture.sections);
  Buffer file;
  put(file, header);
  put(file, Section{});
  const auto add = [&](std::uint32_t type, std::uint64_t flags, std::uint64_t address,
                       std::size_t offset, std::size_t size, std::uint32_t link) {
    Section section{};
    section.sh_type = type;
    section.sh_flags = static_cast<decltype(section.sh_flags)>(flags);
    section.sh_addr = static_cast<decltype(section.sh_addr)>(address);
    section.sh_offset = static_cast<decltype(section.sh_offset)>(offset);
    section.sh_size = static_cast<decltype(section.sh_size)>(size);
    section.sh_link = link;
    put(file, section);
  };
  add(fixture.table, 0, 0, at_symbols, symbols.size(), fixture.link);
  add(SHT_STRTAB, 0, 0, at_names, names.size(), 0);
  add(fixture.constants, SHF_ALLOC, kAddress, at_constants, constants.size(), 0);
  for (const Buffer* part : {&symbols}) file.insert(file.end(), part->begin(), part->end());
  put_text(file, names);
  file.insert(file.end(), constants.begin(), constants.end());
  return file;
}

inline Buffer elf_file(const ElfFixture& fixture = {}) {
  return fixture.wide ? elf_of<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(fixture)
                      : elf_of<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(fixture);
}

}  // namespace sqlite_exporter::test

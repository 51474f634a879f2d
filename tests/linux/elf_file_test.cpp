/// ELF files of either width, each with one thing that is wrong.
#include "collectors/linux/elf_file.h"

#include <fstream>
#include <iterator>
#include <string>

#include "collectors/linux/file.h"
#include "tests/support/catch.h"
#include "tests/support/elf_fixtures.h"

namespace sqlite_exporter::test {
namespace {

constexpr std::string_view kSymbol = "sqlite3_version";

/// Of a file that must be one of ELF.
Result<std::optional<std::string>> text_in(const Buffer& content,
                                           std::string_view symbol = kSymbol) {
  const MemoryReader file(content);
  const Result<ElfFile> elf = ElfFile::read(file);
  REQUIRE(elf);
  return elf->text_of(symbol);
}

Errc code_of(const Buffer& content) {
  const MemoryReader file(content);
  const Result<ElfFile> elf = ElfFile::read(file);
  REQUIRE_FALSE(elf);
  return elf.error().code;
}

bool holds(const ElfFixture& fixture, std::string_view text) {
  const MemoryReader file(elf_file(fixture));
  const Result<ElfFile> elf = ElfFile::read(file);
  REQUIRE(elf);
  const Result<bool> found = elf->holds(text);
  REQUIRE(found);
  return *found;
}

using Change = void (*)(ElfFixture&);

TEST_CASE("the text of a symbol is found in both widths and both tables") {
  for (const bool wide : {true, false})
    for (const unsigned table : {unsigned{SHT_DYNSYM}, unsigned{SHT_SYMTAB}})
      for (const std::size_t before : {0, 1, 2729, 2730, 2731, 4095, 4096, 20000}) {
        CAPTURE(wide, table, before);
        ElfFixture fixture;
        fixture.wide = wide;
        fixture.table = table;
        fixture.symbols_before = before;
        const auto text = text_in(elf_file(fixture));
        REQUIRE(text);
        CHECK(*text == "3.40.1");
      }
}

TEST_CASE("a symbol that is not there, is another's, or is no data has no text") {
  const auto [name, change] = GENERATE(table<const char*, Change>(
      {{"another name", [](ElfFixture& fixture) { fixture.symbol = "sqlite3_versions"; }},
       {"the end of another name",
        [](ElfFixture& fixture) { fixture.symbol = "my_sqlite3_version"; }},
       {"undefined", [](ElfFixture& fixture) { fixture.section = SHN_UNDEF; }},
       {"an absolute value", [](ElfFixture& fixture) { fixture.section = SHN_ABS; }},
       {"a section that is not there", [](ElfFixture& fixture) { fixture.section = 4; }},
       {"a copy of another library's in .bss",
        [](ElfFixture& fixture) { fixture.constants = SHT_NOBITS; }},
       {"a function", [](ElfFixture& fixture) { fixture.type = STT_FUNC; }},
       {"no table", [](ElfFixture& fixture) { fixture.table = SHT_PROGBITS; }}}));
  INFO(name);
  ElfFixture fixture;
  change(fixture);
  const auto text = text_in(elf_file(fixture));
  REQUIRE(text);
  CHECK_FALSE(*text);
}

TEST_CASE("a text ends at its NUL, at its size and at 64 bytes") {
  ElfFixture fixture;
  fixture.more = "and more";
  SECTION("NUL") {
    fixture.text = std::string("3.7\0x", 5);
    CHECK(**text_in(elf_file(fixture)) == "3.7");
  }
  SECTION("size") {
    fixture.text = "3.7";
    CHECK(**text_in(elf_file(fixture)) == "3.7");
  }
  SECTION("64 bytes") {
    fixture.text = std::string(100, '3');
    CHECK(**text_in(elf_file(fixture)) == std::string(64, '3'));
  }
  SECTION("the end of the file") {
    Buffer content = elf_file(fixture);
    content.resize(content.size() - fixture.more.size() - 4);
    CHECK(**text_in(content) == "3.4");
  }
}

TEST_CASE("tables and values that contradict themselves are corrupt") {
  const auto [name, change] = GENERATE(table<const char*, Change>(
      {{"a value beyond its section", [](ElfFixture& fixture) { fixture.beyond = 1; }},
       {"a value far beyond", [](ElfFixture& fixture) { fixture.beyond = 0xffffffff00000000; }},
       {"names in no section", [](ElfFixture& fixture) { fixture.link = 4; }},
       {"names in a section of something else", [](ElfFixture& fixture) { fixture.link = 3; }}}));
  INFO(name);
  ElfFixture fixture;
  change(fixture);
  const auto text = text_in(elf_file(fixture));
  REQUIRE_FALSE(text);
  CHECK(text.error().code == Errc::corrupt);
}

TEST_CASE("what is no ELF file, or one that is not understood") {
  Buffer content = elf_file();
  SECTION("empty") {
    CHECK(code_of({}) == Errc::no_data);
    return;
  }
  SECTION("another magic") {
    content[0] = std::byte{0};
    CHECK(code_of(content) == Errc::no_data);
  }
  SECTION("big-endian") {
    content[EI_DATA] = std::byte{ELFDATA2MSB};
    CHECK(code_of(content) == Errc::unsupported);
  }
  SECTION("another class") {
    content[EI_CLASS] = std::byte{3};
    CHECK(code_of(content) == Errc::unsupported);
  }
  SECTION("no section headers") {
    ElfFixture fixture;
    fixture.sections = 0;
    CHECK(code_of(elf_file(fixture)) == Errc::unsupported);
  }
  SECTION("section headers beyond the end") {
    content.resize(sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Shdr));
    CHECK(code_of(content) == Errc::corrupt);
  }
  SECTION("section headers of another size") {
    content[58] = std::byte{1};
    CHECK(code_of(content) == Errc::corrupt);
  }
  SECTION("very many sections") {
    ElfFixture fixture;
    fixture.sections = 1025;
    CHECK(code_of(elf_file(fixture)) == Errc::limit);
  }
}

TEST_CASE("tables that would take long to search are not searched") {
  Buffer content = elf_file();
  // The size of the names: section 2, at 32 of its header.
  const std::uint64_t size = ElfFile::kMostSearched + 1;
  std::memcpy(content.data() + sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Shdr) + 32, &size,
              sizeof size);
  const auto text = text_in(content);
  REQUIRE_FALSE(text);
  CHECK(text.error().code == Errc::limit);
}

TEST_CASE("an error of the file is passed on") {
  const MemoryReader file(elf_file(), [](int read, Buffer&) -> Result<void> {
    if (read > 2) return fail(Errc::io, "gone");
    return {};
  });
  const Result<ElfFile> elf = ElfFile::read(file);
  REQUIRE(elf);
  const auto text = elf->text_of(kSymbol);
  REQUIRE_FALSE(text);
  CHECK(text.error().code == Errc::io);
}

TEST_CASE("a text is found in constants, also across pieces, and not in code or debug data") {
  ElfFixture fixture;
  for (const std::size_t filler : {0, 65509, 65515, 65536, 200000}) {
    CAPTURE(filler);
    fixture.more = std::string(filler, 'x') + "SQLite format 3";
    CHECK(holds(fixture, "SQLite format 3"));
    CHECK_FALSE(holds(fixture, "SQLite format 4"));
  }
  fixture.constants = SHT_NOBITS;
  CHECK_FALSE(holds(fixture, "SQLite format 3"));
  fixture.constants = SHT_NOTE;
  CHECK_FALSE(holds(fixture, "SQLite format 3"));
}

TEST_CASE("this program is an ELF file without a SQLite of its own") {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(self), {}};
  Buffer content;
  put_text(content, bytes);
  const auto text = text_in(content);
  REQUIRE(text);
  CHECK_FALSE(*text);
}

}  // namespace
}  // namespace sqlite_exporter::test

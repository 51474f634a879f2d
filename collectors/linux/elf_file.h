/// Two questions to a program or library in the ELF format: which text a symbol of it names, and
/// whether a text stands in its constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Little-endian, of 32 or 64 bits, with section headers: as elf(5) describes them. Every offset
/// and size of it is hostile.
class ElfFile {
 public:
  /// No text asked for is as long as this, and no text of a symbol is longer.
  static constexpr std::size_t kLongestText = 64;
  /// No table is searched that is longer, and no more bytes of constants are; a library of 100 MB
  /// has symbols of 2 MB.
  static constexpr std::uint64_t kMostSearched = std::uint64_t{32} << 20U;

  /// `file` is read from later, too. Errors: no_data (no ELF file), unsupported (big-endian, or
  /// without section headers), limit (over 1,024 of them), corrupt, those of `file`.
  static Result<ElfFile> read(const Reader& file);

  /// The constant that a data symbol of this name has, up to its first NUL: of .dynsym, or of
  /// .symtab, where what is hidden stands if the file is not stripped. Not set if neither has such
  /// a symbol with a value in this file. Errors: limit (over `kMostSearched`), corrupt (it lies
  /// outside of its section), those of the file.
  Result<std::optional<std::string>> text_of(std::string_view symbol) const;

  /// Whether these bytes stand in a section of constants or data. Errors: limit, those of the file.
  Result<bool> holds(std::string_view text) const;

 private:
  struct Section {
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t link = 0;
  };
  /// Where a symbol's value lies: its section, address and size.
  struct Symbol {
    std::uint16_t section = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };

  ElfFile(const Reader& file, bool wide) : file_(&file), wide_(wide) {}
  Result<void> read_sections(std::uint64_t offset, std::size_t count);
  Result<std::optional<Symbol>> find_symbol(const Section& table, std::string_view name) const;
  Result<std::string> text_at(const Symbol& symbol) const;

  const Reader* file_;
  bool wide_;  ///< 64 bits
  std::vector<Section> sections_;
};

}  // namespace sqlite_exporter

/// Reads the section headers once, and then goes through a table at a time in pieces.
///
/// Layout (elf(5)), offsets for 32/64 bits:
///   header   0 magic, 4 class, 5 byte order, 32/40 section headers at, 46/58 size of one,
///            48/60 how many
///   section  4 type, 8 flags, 12/16 address, 16/24 offset, 20/32 size, 24/40 link
///   symbol   0 name, 4/8 value, 8/16 size, 12/4 type, 14/6 section
#include "collectors/linux/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include "collectors/base/bytes.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostSections = 1024;
constexpr std::size_t kPiece = std::size_t{64} << 10U;
/// A name may stand in a table of strings more than once.
constexpr std::size_t kMostNames = 8;

/// Little-endian, of as many bytes as there are.
std::uint64_t number(Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[i - 1]);
  return value;
}

std::uint16_t number16(Bytes bytes) { return static_cast<std::uint16_t>(number(bytes.first<2>())); }
std::uint32_t number32(Bytes bytes) { return static_cast<std::uint32_t>(number(bytes.first<4>())); }

std::string_view text_in(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The pieces of a range of a file, each beginning with the last `overlap` bytes of the one before.
/// `see` gets where in the range it begins, and returns false to end. A file that is shorter than
/// it says ends the range.
Result<void> for_each_piece(const Reader& file, std::uint64_t offset, std::uint64_t size,
                            std::size_t overlap,
                            const std::function<bool(std::uint64_t, Bytes)>& see) {
  if (offset + size < offset) return fail(Errc::corrupt, "an ELF section beyond the end of all");
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size)));
  std::uint64_t begin = 0;
  std::size_t kept = 0;
  while (begin + kept < size) {
    const std::size_t wanted = static_cast<std::size_t>(
        std::min<std::uint64_t>(buffer.size() - kept, size - begin - kept));
    const auto count = file.read_at(offset + begin + kept, std::span(buffer).subspan(kept, wanted));
    if (!count) return fail(count.error());
    const Bytes piece = std::span(buffer).first(kept + *count);
    if (!see(begin, piece) || *count < wanted) return {};
    const std::size_t keep = std::min(overlap, piece.size());
    begin += piece.size() - keep;
    std::copy(piece.end() - static_cast<std::ptrdiff_t>(keep), piece.end(), buffer.begin());
    kept = keep;
  }
  return {};
}

/// Where `text` begins in the range.
Result<std::vector<std::uint64_t>> places_of(std::string_view text, const Reader& file,
                                             std::uint64_t offset, std::uint64_t size,
                                             std::size_t most) {
  std::vector<std::uint64_t> places;
  const auto searched =
      for_each_piece(file, offset, size, text.size() - 1, [&](std::uint64_t begin, Bytes piece) {
        const std::string_view all = text_in(piece);
        for (std::size_t at = all.find(text); at != all.npos && places.size() < most;
             at = all.find(text, at + 1))
          places.push_back(begin + at);
        return places.size() < most;
      });
  if (!searched) return fail(searched.error());
  return places;
}

}  // namespace

Result<ElfFile> ElfFile::read(const Reader& file) {
  std::array<std::byte, sizeof(Elf64_Ehdr)> header{};
  const auto count = file.read_at(0, header);
  if (!count) return fail(count.error());
  if (*count < sizeof(Elf32_Ehdr) || !text_in(header).starts_with(ELFMAG))
    return fail(Errc::no_data, "no ELF file");
  const auto kind = u8(std::span(header).subspan<EI_CLASS, 1>());
  const auto order = u8(std::span(header).subspan<EI_DATA, 1>());
  if ((kind != ELFCLASS32 && kind != ELFCLASS64) || order != ELFDATA2LSB)
    return fail(Errc::unsupported, "an ELF file of another class or byte order");
  const bool wide = kind == ELFCLASS64;
  if (wide && *count < sizeof(Elf64_Ehdr)) return fail(Errc::corrupt, "half of an ELF header");
  const Bytes all(header);
  const std::uint64_t at = wide ? number(all.subspan<40, 8>()) : number32(all.subspan<32, 4>());
  const std::size_t size = number16(wide ? all.subspan<58, 2>() : all.subspan<46, 2>());
  const std::size_t sections = number16(wide ? all.subspan<60, 2>() : all.subspan<48, 2>());
  if (at == 0 || sections == 0)
    return fail(Errc::unsupported, "an ELF file without section headers");
  if (size != (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
    return fail(Errc::corrupt, "ELF section headers of another size");
  if (sections > kMostSections) return fail(Errc::limit, "an ELF file of very many sections");
  ElfFile elf(file, wide);
  if (Result<void> read = elf.read_sections(at, sections); !read) return fail(read.error());
  return elf;
}

Result<void> ElfFile::read_sections(std::uint64_t offset, std::size_t count) {
  const std::size_t size = wide_ ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
  std::vector<std::byte> bytes(count * size);
  const auto got = file_->read_at(offset, bytes);
  if (!got) return fail(got.error());
  if (*got < bytes.size()) return fail(Errc::corrupt, "ELF section headers beyond the end");
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes all = std::span(bytes).subspan(i * size, size);
    Section section;
    section.type = number32(all.subspan(4, 4));
    section.flags = number(wide_ ? all.subspan(8, 8) : all.subspan(8, 4));
    section.address = number(wide_ ? all.subspan(16, 8) : all.subspan(12, 4));
    section.offset = number(wide_ ? all.subspan(24, 8) : all.subspan(16, 4));
    section.size = number(wide_ ? all.subspan(32, 8) : all.subspan(20, 4));
    section.link = number32(wide_ ? all.subspan(40, 4) : all.subspan(24, 4));
    sections_.push_back(section);
  }
  return {};
}

Result<std::optional<std::string>> ElfFile::text_of(std::string_view symbol) const {
  for (const unsigned type : {unsigned{SHT_DYNSYM}, unsigned{SHT_SYMTAB}}) {
    const auto table = std::ranges::find(sections_, type, &Section::type);
    if (table == sections_.end()) continue;
    const auto found = find_symbol(*table, symbol);
    if (!found) return fail(found.error());
    if (!*found) continue;
    Result<std::string> text = text_at(**found);
    if (!text) return fail(text.error());
    return std::optional(std::move(*text));
  }
  return std::nullopt;
}

Result<std::optional<ElfFile::Symbol>> ElfFile::find_symbol(const Section& table,
                                                            std::string_view name) const {
  if (table.link >= sections_.size() || sections_[table.link].type != SHT_STRTAB)
    return fail(Errc::corrupt, "ELF symbols without names");
  const Section& strings = sections_[table.link];
  if (table.size > kMostSearched || strings.size > kMostSearched)
    return fail(Errc::limit, "an ELF file of very many symbols");
  // The names are searched first, since hardly any file has this one.
  const std::string with_end = std::string(name).append(1, '\0');
  const auto names = places_of(with_end, *file_, strings.offset, strings.size, kMostNames);
  if (!names) return fail(names.error());
  if (names->empty()) return std::nullopt;

  const std::size_t size = wide_ ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
  std::optional<Symbol> found;
  const auto is_it = [&](Bytes entry) {
    if (std::ranges::find(*names, number32(entry)) == names->end()) return false;
    const auto type = std::to_integer<unsigned>(entry[wide_ ? 4 : 12]);
    const std::uint16_t section = number16(entry.subspan(wide_ ? 6 : 14));
    // Without a value here it belongs to another file, and in .bss it is a copy of another's.
    if (ELF64_ST_TYPE(type) != STT_OBJECT || section >= sections_.size() ||
        sections_[section].type != SHT_PROGBITS)
      return false;
    found = Symbol{section, number(wide_ ? entry.subspan(8, 8) : entry.subspan(4, 4)),
                   number(wide_ ? entry.subspan(16, 8) : entry.subspan(8, 4))};
    return true;
  };
  const auto searched = for_each_piece(
      *file_, table.offset, table.size, size - 1, [&](std::uint64_t begin, Bytes piece) {
        for (std::size_t at = (size - begin % size) % size; at + size <= piece.size(); at += size)
          if (is_it(piece.subspan(at, size))) return false;
        return true;
      });
  if (!searched) return fail(searched.error());
  return found;
}

Result<std::string> ElfFile::text_at(const Symbol& symbol) const {
  const Section& section = sections_[symbol.section];
  const std::uint64_t within = symbol.address - section.address;
  if (symbol.address < section.address || within >= section.size ||
      symbol.size > section.size - within || section.offset + within < section.offset)
    return fail(Errc::corrupt, "an ELF symbol outside of its section");
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(symbol.size, kLongestText)),
                   '\0');
  const auto count =
      file_->read_at(section.offset + within, std::as_writable_bytes(std::span(text)));
  if (!count) return fail(count.error());
  text.resize(std::min(*count, text.find('\0')));
  return text;
}

Result<bool> ElfFile::holds(std::string_view text) const {
  std::uint64_t searched = 0;
  for (const Section& section : sections_) {
    const bool constants = section.type == SHT_PROGBITS && (section.flags & SHF_ALLOC) != 0 &&
                           (section.flags & SHF_EXECINSTR) == 0;
    if (!constants || section.size < text.size()) continue;
    if (section.size > kMostSearched - searched)
      return fail(Errc::limit, "an ELF file of very many constants");
    searched += section.size;
    const auto places = places_of(text, *file_, section.offset, section.size, 1);
    if (!places) return fail(places.error());
    if (!places->empty()) return true;
  }
  return false;
}

}  // namespace sqlite_exporter

/// The magic of a rollback journal (https://www.sqlite.org/fileformat2.html, section 3).
///
/// It is written once the pages behind it are on disk: an idle journal of journal_mode=PERSIST has
/// zeros in its place, and one that a VFS encrypts has noise.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "collectors/base/bytes.h"

namespace sqlite_exporter {

inline constexpr std::array kJournalMagic = {std::byte{0xd9}, std::byte{0xd5}, std::byte{0x05},
                                             std::byte{0xf9}, std::byte{0x20}, std::byte{0xa1},
                                             std::byte{0x63}, std::byte{0xd7}};

inline bool has_journal_magic(Bytes bytes) {
  return bytes.size() >= kJournalMagic.size() &&
         std::ranges::equal(bytes.first<kJournalMagic.size()>(), kJournalMagic);
}

}  // namespace sqlite_exporter

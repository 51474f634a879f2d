/// How many pages a database has and how many of them are free, as far as its files bear that out.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/look.h"

namespace sqlite_exporter {

/// What the file contradicts is not set: a header says what was written into it, by whomever.
struct PageCounts {
  std::optional<std::uint64_t> pages;     ///< after the last commit, as PRAGMA page_count
  std::optional<std::uint64_t> freelist;  ///< fewer than `pages`: page 1 is never free
};

/// Of a look at a database that is not encrypted. A WAL may hold pages that the file has not got
/// yet, one in each frame at most.
PageCounts page_counts_of(const Look& look);

/// The look asked for the size of the file before it read what the file holds: where the two do not
/// agree it is asked once more. Then what an encrypted database cannot hold is left out as well.
Result<void> settle_page_counts(Look& look, const File& database);

}  // namespace sqlite_exporter

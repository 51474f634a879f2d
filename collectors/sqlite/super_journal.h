/// The end of a rollback journal: the name of the super-journal of a transaction over several
/// databases.
///
/// The last bytes, big-endian, behind the name itself:
///
///     -16  4  length of the name in bytes
///     -12  4  sum of its characters, as signed ones
///      -8  8  magic d9d505f920a163d7
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Nothing where the journal does not end with one. The name is a path as its application knows it,
/// and any bytes: ask for it only where asking cannot hang. Errors: the reader's own.
Result<std::optional<std::string>> super_journal_of(const Reader& journal, std::uint64_t size);

}  // namespace sqlite_exporter

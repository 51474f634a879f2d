/// What follows from a look in one step, for text and JSON alike.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/look.h"

namespace sqlite_exporter {

/// After the last commit, as PRAGMA page_count; as the collector `database` tells it.
std::optional<std::uint64_t> pages_of(const Look& look);

/// In bytes.
std::optional<std::uint32_t> page_size_of(const Look& look);

}  // namespace sqlite_exporter

/// What keeps a checkpoint from copying the rest of the WAL, or the WAL from starting over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/look.h"

namespace sqlite_exporter {

/// The label value `cause`.
enum class BlockedCause : std::uint8_t {
  reader,                ///< an old reader holds a mark below mxFrame
  old_reader_on_slot_0,  ///< an old reader sees the database file alone: nothing may be copied
  writer,                ///< one write transaction has been open for longer than anybody waits
  replicator,            ///< the old reader is Litestream, which keeps one by design
  no_checkpointer,       ///< nothing is in the way, and nobody does it
  readers_in_turn,       ///< readers follow each other, and never leave the WAL to start over
};

inline constexpr std::array<std::string_view, 6> kBlockedCauseNames = {
    "reader", "old_reader_on_slot_0", "writer", "replicator", "no_checkpointer", "readers_in_turn"};

using BlockedCauses = std::array<bool, kBlockedCauseNames.size()>;

/// Causes that the look and two samples before it agree on.
BlockedCauses blocked_causes(const Look& look);

/// A checkpoint (FULL, RESTART, TRUNCATE) holds the write lock while it waits for a reader: it is
/// no write transaction, though other writers wait for it.
bool checkpointer_waits(const Look& look);

/// The reader behind a read mark as look and samples agree on it; null if they do not, or if it
/// holds nothing back.
const OldReader* old_reader(const Look& look, std::size_t mark);

/// Our own SQL worker holds the mark, and nobody else that is known. It reads within a deadline: it
/// is no reader worth a word.
bool is_own_mark(const Look& look, std::size_t mark);

/// The processes known to hold a read mark. Who was listed before the reader became old may have
/// let go of the mark since, and does not count.
std::vector<const HolderProcess*> holders_of_mark(const Look& look, std::size_t mark);

}  // namespace sqlite_exporter

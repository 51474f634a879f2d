/// Readers that belong to replication, which keeps one open by design.
#pragma once

#include <cstddef>

#include "collectors/look.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

/// Litestream keeps a read transaction open, and checkpoints around it itself.
bool is_replicator(const Owner& owner);

/// Litestream (0.5) has copied what is in the WAL, or was at it within five minutes of the last
/// write: its folder `.<database>-litestream/ltx/0` says so. Asks only where a reader is old, and
/// no other filesystem than the database's. Litestream is a library, too: its reader is then one of
/// the application's own process.
bool replicates_beside(const Look& look, const MountTable& mounts);

/// The old reader behind this mark is a replicator's and nobody else's, or one of the only process
/// that has a database open beside which a replicator is at work. And it does what it should: it is
/// not stopped or frozen, and lets go of its mark in time. Litestream does so at each of its
/// checkpoints, after 1,000 frames or a minute: five minutes and 4,000 frames are a replicator that
/// hangs.
bool is_held_by_design(const Look& look, std::size_t mark);

}  // namespace sqlite_exporter

/// What a look may say of a file that is encrypted, or no database that SQLite can read.
#pragma once

#include <optional>

#include "collectors/database_state.h"
#include "collectors/look.h"
#include "collectors/sqlite/file_head.h"

namespace sqlite_exporter {

/// Why there is no header to be had, or only a part of one.
std::optional<DatabaseState> state_of(FileKind kind);

/// Puts what is plain in the place of a header that is ciphertext for the most part. The last step
/// of a look: until then `header` is that part, for whoever compares.
void leave_out_ciphertext(Look& look);

}  // namespace sqlite_exporter

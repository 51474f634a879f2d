#include "collectors/ciphertext.h"

namespace sqlite_exporter {

std::optional<DatabaseState> state_of(FileKind kind) {
  switch (kind) {
    case FileKind::empty: return DatabaseState::empty;
    case FileKind::database: return std::nullopt;
    case FileKind::encrypted: return DatabaseState::encrypted;
    case FileKind::newer_format: return DatabaseState::newer_format;
    case FileKind::corrupt_header: return DatabaseState::corrupt_header;
    case FileKind::cut_off: return DatabaseState::truncated;
    case FileKind::other: return DatabaseState::not_a_database;
  }
  return std::nullopt;
}

void leave_out_ciphertext(Look& look) {
  const bool partly = look.main_header && look.main_header->plain_size < kDatabaseHeaderSize;
  if (!partly && !look.states.contains(DatabaseState::encrypted)) return;
  if (!look.plain)
    look.plain = plain_facts(look.main_header, look.header, look.index, std::nullopt);
  look.header.reset();
}

}  // namespace sqlite_exporter

/// When a database was last written to, as far as the clocks can be believed.
#pragma once

#include <optional>

#include "collectors/look.h"

namespace sqlite_exporter {

/// Unix seconds: the latest of the mtimes of the file and its WAL and of the last commit that a
/// sample saw. A time later than the look by more than a second is unknown and left out: it is that
/// of a board that had no clock yet, or of another machine. Nothing if there is none but such.
std::optional<double> last_write_of(const Look& look);

}  // namespace sqlite_exporter

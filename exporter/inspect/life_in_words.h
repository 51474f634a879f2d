/// Who was seen to use a database without SQLite's locks, and who could not be asked.
#pragma once

#include <string>

#include "collectors/look.h"

namespace sqlite_exporter {

/// What to add to the meaning of a state; a sentence with a blank before it, or nothing.
std::string life_in_words(const Look& look, DatabaseState state);

}  // namespace sqlite_exporter

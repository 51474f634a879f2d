/// Who was seen to use a database without SQLite's locks, and who could not be asked.
#pragma once

#include <string>

#include "collectors/look.h"

namespace sqlite_exporter {

/// What to add to the meaning of a state; a sentence with a blank before it, or nothing.
std::string life_in_words(const Look& look, DatabaseState state);

/// Of a database that nobody seems to have open, or of which nothing is said: who was not asked. ""
/// if all were.
std::string unasked_in_words(const Look& look);

}  // namespace sqlite_exporter

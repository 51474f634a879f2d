/// What the words of a statement say of it, where SQLite says no more than that a table is not
/// there.
#pragma once

#include <string_view>

namespace sqlite_exporter {

/// By the word that it begins with, behind its WITH if it has one. False also of what is no SQL.
bool begins_a_write(std::string_view sql);

/// Behind a semicolon is more than space, comments and semicolons.
bool has_another_statement(std::string_view sql);

}  // namespace sqlite_exporter

/// What the observer reads of a database against what SQL says of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/look.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// As text, by the pragma that gives it.
using ComparedValues = std::map<std::string_view, std::string>;

/// As the collectors would serve them; what a look does not tell is not among them.
ComparedValues values_of(const Look& look);

/// Asks for all of them in one SELECT.
StatementRequest comparison_request(std::string path);
/// `rows` answer that. Empty if they are not one row.
ComparedValues values_of(const std::vector<ResultRow>& rows);

/// One line for each value that SQL gives otherwise, or not at all, such as
/// `sqlite_database_pages is 3, and PRAGMA page_count says 4`.
std::vector<std::string> differences(const ComparedValues& observed, const ComparedValues& sql);

}  // namespace sqlite_exporter

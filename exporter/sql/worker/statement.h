/// A prepared statement, and what is read from its columns.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Of all labels and values of a result: what the daemon takes, with room for how JSON writes it.
inline constexpr std::size_t kMaxResultSize = std::size_t{1} << 20U;
/// What a label or a value counts beside its text.
inline constexpr std::size_t kSizeOfOne = 8;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct Prepared {
  Statement statement;    ///< null if there is nothing but space and comments
  std::string_view rest;  ///< behind it
};

/// The first statement of `sql`. Errors as `error_of`.
Result<Prepared> prepare(sqlite3* connection, std::string_view sql);

/// True at a row, false at the end. Errors as `error_of`.
Result<bool> step(sqlite3* connection, const Statement& statement);

/// `text` is not copied.
void bind_text(const Statement& statement, int parameter, std::string_view text);

/// `name` as an identifier, whatever characters it holds.
std::string quoted_identifier(std::string_view name);

/// `column "x" of row 3`, with `row` from 1.
std::string column_of(sqlite3_stmt* statement, int column, std::size_t row);

/// The text of a column as a label: UTF-8, "" for NULL. Errors: config for a blob, limit if it is
/// longer than 1024 bytes.
Result<std::string> label_of(sqlite3_stmt* statement, int column, std::size_t row);

}  // namespace sqlite_exporter

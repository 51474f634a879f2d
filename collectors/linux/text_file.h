/// Whole text files and names of directories: procfs gives neither a size before the end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// All of a file. Errors: those of `File::open_of_kernel`, limit if it is longer than `most` bytes.
Result<std::string> read_text(const std::string& path, std::size_t most);

/// The first `most` bytes of a file, or all it has.
Result<std::string> read_beginning(const std::string& path, std::size_t most);

/// The names in a directory, unsorted and without "." and "..", `most` of them at most. Looks at no
/// entry: a name may belong to anything, or to nothing any more.
Result<std::vector<std::string>> names_in(const std::string& directory, std::size_t most);

}  // namespace sqlite_exporter

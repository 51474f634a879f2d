/// mkdtemp, and the removal of everything below.
#include "tests/support/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace sqlite_exporter::test {

TemporaryDirectory::TemporaryDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "sqlite_exporter.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  }
  // Without symbolic links, as a watched path is after real_path().
  path_ = std::filesystem::canonical(pattern);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sqlite_exporter::test

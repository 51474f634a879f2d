/// mkdtemp, and its undoing.
#include "exporter/demo/folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sqlite_exporter {

Result<TemporaryFolder> TemporaryFolder::create() {
  const char* const configured = std::getenv("TMPDIR");
  const std::string parent = configured != nullptr && *configured != '\0' ? configured : "/tmp";
  std::string path = parent + "/sqlite_exporter.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    const int number = errno;
    return fail(number == EACCES || number == EPERM ? Errc::denied : Errc::io,
                "cannot create a temporary folder in " + parent + ": " + std::strerror(number));
  }
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return TemporaryFolder(error ? path : real.string());
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TemporaryFolder::~TemporaryFolder() { remove(); }

void TemporaryFolder::remove() noexcept {
  if (path_.empty()) return;
  // Nobody is left to tell: what cannot be removed stays in the temporary folder of the machine.
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sqlite_exporter

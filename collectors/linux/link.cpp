#include "collectors/linux/link.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

Result<std::string> read_link(const std::string& link) {
  std::array<char, PATH_MAX + 1> target;
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  if (size < 0) return fail(error_from_errno(errno, "read the link", link));
  return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace sqlite_exporter

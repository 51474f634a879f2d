#include "collectors/side_files.h"

#include <cstddef>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

SideFiles side_files_of(const std::string& database) {
  SideFiles sizes;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto status = status_of(std::string(database).append("-").append(kSideFileNames[i]));
    if (status) sizes[i] = status->size;
  }
  return sizes;
}

}  // namespace sqlite_exporter

/// Reads a link and follows it nowhere.
#include "collectors/linux/block_device.h"

#include <filesystem>
#include <system_error>

namespace sqlite_exporter {

std::string block_device_name(const std::string& sysfs, BlockDevice device) {
  std::string number = std::to_string(device.major);
  number.append(":").append(std::to_string(device.minor));
  std::error_code error;
  const auto link = std::filesystem::read_symlink(sysfs + "/dev/block/" + number, error);
  const std::string name = error ? std::string() : link.filename().string();
  if (!name.empty() && name != "..") number = name;
  return number;
}

}  // namespace sqlite_exporter

/// What the kernel calls a block device.
#pragma once

#include <string>

#include "collectors/linux/cgroup_files.h"

namespace sqlite_exporter {

/// "sda", as the link `<sysfs>/dev/block/8:0` ends; "8:0" where it cannot be read.
std::string block_device_name(const std::string& sysfs, BlockDevice device);

}  // namespace sqlite_exporter

/// Names of block devices, of a sysfs written by hand.
#include "tests/support/catch.h"

#include "collectors/linux/block_device.h"
#include "tests/support/file_tree.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a block device is called what its link ends with, else by its numbers") {
  const test::FileTree sysfs;
  sysfs.link("dev/block/8:0", "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda");
  sysfs.link("dev/block/8:1", "..");
  sysfs.link("dev/block/8:2", "a/");
  sysfs.write("dev/block/8:3", "sdd");
  CHECK(block_device_name(sysfs.path(), {8, 0}) == "vda");
  CHECK(block_device_name(sysfs.path(), {8, 1}) == "8:1");
  CHECK(block_device_name(sysfs.path(), {8, 2}) == "8:2");
  CHECK(block_device_name(sysfs.path(), {8, 3}) == "8:3");
  CHECK(block_device_name(sysfs.path(), {4294967295, 0}) == "4294967295:0");
}

}  // namespace
}  // namespace sqlite_exporter

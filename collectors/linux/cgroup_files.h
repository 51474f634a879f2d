/// What stands in the files of a cgroup: numbers under names, limits, pressure, bytes by device.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace sqlite_exporter {

/// The number behind `name` in lines of "name number"; of equal names the first one counts.
std::optional<std::uint64_t> cgroup_value(std::string_view text, std::string_view name);

/// A file that is one number. None for "max" and -1, which mean that there is no limit.
std::optional<std::uint64_t> parse_cgroup_number(std::string_view text);

/// v2's cpu.max, "quota period" in microseconds: how many CPUs' time the quota is. None for "max".
std::optional<double> parse_cpu_max(std::string_view text);

/// v2's cgroup.events: whether all processes of the cgroup, and of those below it, stand still,
/// because it or one above it was frozen. None if it does not say (the root, kernels before 5.2).
std::optional<bool> parse_cgroup_frozen(std::string_view text);

/// v1's freezer.state, of the cgroup and those above it: FROZEN is true, THAWED false. None for
/// FREEZING, where some of its processes may still run.
std::optional<bool> parse_freezer_state(std::string_view text);

/// In seconds since the cgroup was made.
struct CgroupPressure {
  std::optional<double> waiting;  ///< "some": at least one task waited
  std::optional<double> stalled;  ///< "full": all of them did, so nothing was done
  friend bool operator==(const CgroupPressure&, const CgroupPressure&) = default;
};
CgroupPressure parse_pressure(std::string_view text);

struct BlockDevice {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend auto operator<=>(const BlockDevice&, const BlockDevice&) = default;
};
/// "8:0".
std::optional<BlockDevice> parse_block_device(std::string_view text);

struct DeviceBytes {
  std::optional<std::uint64_t> read;
  std::optional<std::uint64_t> written;
  friend bool operator==(const DeviceBytes&, const DeviceBytes&) = default;
};

/// More devices than that are those of no edge node: the rest is left out.
inline constexpr std::size_t kMostDevices = 64;
using BytesByDevice = std::map<BlockDevice, DeviceBytes>;

/// v2's io.stat, "8:0 rbytes=1 wbytes=2 rios=3 ...".
BytesByDevice parse_io_stat(std::string_view text);

/// v1's blkio.throttle.io_service_bytes, a line for each operation: "8:0 Read 1".
BytesByDevice parse_service_bytes(std::string_view text);

}  // namespace sqlite_exporter

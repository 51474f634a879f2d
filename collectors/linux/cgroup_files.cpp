/// Text of the kernel that a cgroup namespace or a bind mount may have replaced: each line is
/// believed as a whole or not at all.
#include "collectors/linux/cgroup_files.h"

#include <utility>

#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

constexpr double kMicrosecondOfPressure = 1e-6;

std::string_view first_line(std::string_view text) { return take_until(text, '\n'); }

/// None if the device is new and there are too many.
DeviceBytes* entry_of(BytesByDevice& bytes, BlockDevice device) {
  const auto found = bytes.find(device);
  if (found != bytes.end()) return &found->second;
  return bytes.size() < kMostDevices ? &bytes[device] : nullptr;
}

void assign_first(std::string_view field, std::optional<std::uint64_t>& value) {
  std::uint64_t number = 0;
  if (!value && assign_number(field, number)) value = number;
}

/// "avg10=0.00 avg60=0.00 avg300=0.00 total=12": the averages have lost what the total keeps.
std::optional<double> total_seconds(std::string_view fields) {
  while (!fields.empty()) {
    std::string_view value = take_field(fields);
    std::uint64_t microseconds = 0;
    if (take_until(value, '=') != "total" || !assign_number(value, microseconds)) continue;
    return static_cast<double>(microseconds) * kMicrosecondOfPressure;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> cgroup_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (take_field(line) == name) return parse_cgroup_number(line);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_cgroup_number(std::string_view text) {
  std::uint64_t number = 0;
  if (!assign_number(first_line(text), number)) return std::nullopt;
  return number;
}

std::optional<double> parse_cpu_max(std::string_view text) {
  std::string_view period = first_line(text);
  const auto quota = parse_cgroup_number(take_field(period));
  const auto microseconds = parse_cgroup_number(period);
  if (!quota || !microseconds || *microseconds == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*microseconds);
}

std::optional<bool> parse_cgroup_frozen(std::string_view text) {
  const auto frozen = cgroup_value(text, "frozen");
  if (!frozen || *frozen > 1) return std::nullopt;
  return *frozen == 1;
}

std::optional<bool> parse_freezer_state(std::string_view text) {
  const std::string_view state = first_line(text);
  if (state == "FROZEN") return true;
  if (state == "THAWED") return false;
  return std::nullopt;
}

CgroupPressure parse_pressure(std::string_view text) {
  CgroupPressure pressure;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view kind = take_field(line);
    if (kind == "some") pressure.waiting = total_seconds(line);
    if (kind == "full") pressure.stalled = total_seconds(line);
  }
  return pressure;
}

std::optional<BlockDevice> parse_block_device(std::string_view text) {
  BlockDevice device;
  const std::string_view major = take_until(text, ':');
  if (!assign_number(major, device.major) || !assign_number(text, device.minor)) {
    return std::nullopt;
  }
  return device;
}

BytesByDevice parse_io_stat(std::string_view text) {
  BytesByDevice bytes;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    // Some kernels write a device without numbers and no line end behind it: the last one counts.
    std::optional<BlockDevice> device;
    while (!line.empty()) {
      std::string_view field = take_field(line);
      const std::string_view name = take_until(field, '=');
      if (const auto next = parse_block_device(name)) device = next;
      if (!device || (name != "rbytes" && name != "wbytes")) continue;
      DeviceBytes* const entry = entry_of(bytes, *device);
      if (entry == nullptr) break;
      assign_first(field, name == "rbytes" ? entry->read : entry->written);
    }
  }
  return bytes;
}

BytesByDevice parse_service_bytes(std::string_view text) {
  BytesByDevice bytes;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const auto device = parse_block_device(take_field(line));
    const std::string_view operation = take_field(line);
    if (!device || (operation != "Read" && operation != "Write")) continue;
    if (DeviceBytes* const entry = entry_of(bytes, *device)) {
      assign_first(line, operation == "Read" ? entry->read : entry->written);
    }
  }
  return bytes;
}

}  // namespace sqlite_exporter

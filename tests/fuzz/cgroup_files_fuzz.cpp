/// Any text as a file of a cgroup: no time is negative, no limit is no number, devices are bounded.
#include "collectors/linux/cgroup_files.h"

#include <cmath>
#include <optional>
#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

bool is_time(const std::optional<double>& seconds) {
  return !seconds || (*seconds >= 0 && std::isfinite(*seconds));
}

void check(const BytesByDevice& bytes) {
  fuzz::claim(bytes.size() <= kMostDevices);
  for (const auto& [device, of_device] : bytes) {
    const std::string text = std::to_string(device.major) + ":" + std::to_string(device.minor);
    fuzz::claim(parse_block_device(text) == device);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const CgroupPressure pressure = parse_pressure(text);
  fuzz::claim(is_time(pressure.waiting) && is_time(pressure.stalled));
  fuzz::claim(is_time(parse_cpu_max(text)));
  check(parse_io_stat(text));
  check(parse_service_bytes(text));
  if (const auto number = parse_cgroup_number(text)) {
    fuzz::claim(cgroup_value("name " + text, "name") == number);
  }
  const bool says_frozen = text.find("frozen") != std::string::npos;
  fuzz::claim(!parse_cgroup_frozen(text) || says_frozen);
  fuzz::claim(!parse_freezer_state(text) ||
              parse_freezer_state(text) == text.starts_with("FROZEN"));
  const auto throttled = cgroup_value(text, "nr_throttled");
  fuzz::claim(!throttled || text.find("nr_throttled") != std::string::npos);
  return 0;
}

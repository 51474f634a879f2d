/// Any text as /proc/<pid>/task/<tid>/schedstat.
#include "collectors/linux/thread_activity.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto schedule = parse_schedstat(text);
  if (!schedule) {
    fuzz::claim(schedule.error().code == Errc::corrupt);
    return 0;
  }
  // What is told is what stands there.
  const std::string told = std::to_string(schedule->ran_ns) + ' ' +
                           std::to_string(schedule->waited_ns) + ' ' +
                           std::to_string(schedule->turns);
  fuzz::claim(parse_schedstat(told) == *schedule);
  fuzz::claim(schedule->known() == (schedule->turns > 0));
  return 0;
}

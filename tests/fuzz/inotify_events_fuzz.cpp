/// Any bytes as a buffer of inotify: names lie within it, and an event in front hides no other.
#include "collectors/linux/inotify_events.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto events = parse_inotify_events(fuzz::bytes_of(data, size));
  std::string longer(16, '\0');
  longer[12] = 1;
  longer += 'a';
  longer += bytes;
  const auto more = parse_inotify_events(std::as_bytes(std::span(longer)));
  fuzz::claim(more.has_value() == events.has_value());
  if (!events) return 0;
  fuzz::claim(more->size() == events->size() + 1 && more->front().name == "a");
  std::size_t least = 0;
  for (std::size_t i = 0; i < events->size(); ++i) {
    const InotifyEvent& event = (*events)[i];
    fuzz::claim((*more)[i + 1].name == event.name && (*more)[i + 1].mask == event.mask);
    fuzz::claim(event.name.find('\0') == event.name.npos);
    least += 16 + event.name.size();
  }
  fuzz::claim(least <= size);
  return 0;
}

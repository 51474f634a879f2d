/// Event in 16 bytes, host byte order: watch at 0, mask at 4, cookie at 8, length of the name at
/// 12; then the name, filled up with zeros.
#include "collectors/linux/inotify_events.h"

#include <unistd.h>

#include <cerrno>

namespace sqlite_exporter {
namespace {

constexpr std::size_t kHeadSize = 16;
constexpr int kMostEventReads = 8;

}  // namespace

Result<std::vector<InotifyEvent>> parse_inotify_events(Bytes buffer) {
  std::vector<InotifyEvent> events;
  while (!buffer.empty()) {
    if (buffer.size() < kHeadSize) return fail(Errc::corrupt, "half an inotify event");
    const auto head = buffer.first<kHeadSize>();
    const std::size_t length = host32(head.subspan<12, 4>());
    buffer = buffer.subspan(kHeadSize);
    if (buffer.size() < length) return fail(Errc::corrupt, "an inotify event with half a name");
    const std::string_view padded(reinterpret_cast<const char*>(buffer.data()), length);
    events.push_back({static_cast<int>(host32(head.subspan<0, 4>())), host32(head.subspan<4, 4>()),
                      padded.substr(0, padded.find('\0'))});
    buffer = buffer.subspan(length);
  }
  return events;
}

bool read_inotify_events(int descriptor, std::span<std::byte> buffer,
                         const std::function<void(const std::vector<InotifyEvent>&)>& see) {
  bool understood = true;
  for (int i = 0; i < kMostEventReads; ++i) {
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;  // EAGAIN: that was all
    const auto events = parse_inotify_events(Bytes(buffer).first(static_cast<std::size_t>(size)));
    understood = understood && events;
    if (events) see(*events);
  }
  return understood;
}

}  // namespace sqlite_exporter

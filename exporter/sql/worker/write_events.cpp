#include "exporter/sql/worker/write_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sqlite_exporter {

namespace {

/// Events that are alike are one while they wait to be read: more than this is no answer any more.
constexpr int kMostReads = 16;

}  // namespace

WriteEvents::~WriteEvents() {
  if (events_ >= 0) ::close(events_);
}

bool WriteEvents::any() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  for (int reads = 0; reads < kMostReads; ++reads) {
    const ssize_t size = ::read(events_, events.data(), events.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return reads > 0 || errno != EAGAIN;
  }
  return true;
}

}  // namespace sqlite_exporter

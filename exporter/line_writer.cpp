#include "exporter/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>

namespace sqlite_exporter {
namespace {

constexpr int kPatience = 100;  // milliseconds

}  // namespace

void LineWriter::write(std::string_view line) {
  if (broken_ && !write_all("\n")) {
    ++lost_;
    return;
  }
  broken_ = false;
  if (!write_all(line)) ++lost_;
}

/// A pipe that is writable takes PIPE_BUF bytes without a wait, and a socket does, too.
bool LineWriter::write_all(std::string_view line) {
  bool begun = false;
  while (!line.empty()) {
    stuck_ = !is_writable();
    if (stuck_) break;
    const std::size_t most = line.size() < PIPE_BUF ? line.size() : PIPE_BUF;
    const ssize_t size = ::write(descriptor_, line.data(), most);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) break;
    begun = true;
    line.remove_prefix(static_cast<std::size_t>(size));
  }
  broken_ = begun && !line.empty();
  return line.empty();
}

bool LineWriter::is_writable() const {
  pollfd descriptor{descriptor_, POLLOUT, 0};
  int ready = 0;
  do {
    ready = ::poll(&descriptor, 1, stuck_ ? 0 : kPatience);
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

}  // namespace sqlite_exporter

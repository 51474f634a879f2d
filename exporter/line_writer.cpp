#include "exporter/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>

namespace sqlite_exporter {
namespace {

using Clock = std::chrono::steady_clock;

/// A reader that is slow is waited for at most a tenth of the time.
constexpr std::chrono::milliseconds kPatience(100);
constexpr std::chrono::seconds kPatienceReturns(1);

bool is_ready(int number, std::chrono::milliseconds patience) {
  pollfd descriptor{number, POLLOUT, 0};
  int ready = 0;
  do {
    ready = ::poll(&descriptor, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

}  // namespace

void LineWriter::write(std::string_view line) {
  if (broken_) broken_ = write_all("\n") != Written::all;
  const Written written = broken_ ? Written::nothing : write_all(line);
  if (written == Written::a_part) broken_ = true;
  if (written != Written::all) ++lost_;
}

/// A pipe that is writable takes PIPE_BUF bytes without a wait, and a socket does, too.
LineWriter::Written LineWriter::write_all(std::string_view line) {
  Written written = Written::nothing;
  while (!line.empty()) {
    if (!is_writable()) return written;
    const std::size_t most = line.size() < PIPE_BUF ? line.size() : PIPE_BUF;
    const ssize_t size = ::write(descriptor_, line.data(), most);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return written;
    written = Written::a_part;
    line.remove_prefix(static_cast<std::size_t>(size));
  }
  return Written::all;
}

bool LineWriter::is_writable() {
  if (is_ready(descriptor_, {})) {
    stuck_ = false;
    return true;
  }
  const Clock::time_point begun = Clock::now();
  if (begun - last_patience_ >= kPatienceReturns) {
    last_patience_ = begun;
    patience_ = kPatience;
  }
  if (stuck_ || patience_ <= Clock::duration::zero()) return false;
  stuck_ = !is_ready(descriptor_, std::chrono::ceil<std::chrono::milliseconds>(patience_));
  patience_ -= Clock::now() - begun;
  return !stuck_;
}

}  // namespace sqlite_exporter

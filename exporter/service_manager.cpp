#include "exporter/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace sqlite_exporter {

namespace {

/// Of a service manager that reads nothing any more.
constexpr std::size_t kMostUnsent = 64;

std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// One datagram; true unless it could be sent later. sd_notify(3) would wait for a service manager
/// whose queue is full, and the loop with it.
bool send_now(std::string_view path, const std::string& message) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) return true;
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  if (path.front() == '@') address.sun_path[0] = '\0';  // an abstract one
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return true;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const ssize_t sent = ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), size);
  const bool again = sent < 0 && (errno == EAGAIN || errno == EINTR);
  ::close(descriptor);
  return !again;
}

/// Some thirty years, which other units of time can hold as well.
constexpr std::uint64_t kLongestWatchdog = 1ULL << 50U;

std::string status_line(const std::string& status) { return "STATUS=" + status; }

}  // namespace

ServiceManager::ServiceManager() : socket_(environment("NOTIFY_SOCKET")) {
  const std::uint64_t microseconds = number(environment("WATCHDOG_USEC"));
  const std::string_view pid = environment("WATCHDOG_PID");
  const bool ours = pid.empty() || number(pid) == static_cast<std::uint64_t>(::getpid());
  if (!socket_.empty() && microseconds > 0 && ours)
    watchdog_.emplace(static_cast<std::int64_t>(std::min(microseconds, kLongestWatchdog)));
}

void ServiceManager::tell(std::string message) {
  if (socket_.empty()) return;
  if (unsent_.size() < kMostUnsent) unsent_.push_back(std::move(message));
  while (!unsent_.empty() && send_now(socket_, unsent_.front())) unsent_.pop_front();
}

void ServiceManager::alive() { tell("WATCHDOG=1"); }

void ServiceManager::watching(std::size_t databases) {
  databases_ = databases;
  if (ready_) return tell_status();
  ready_ = true;
  tell_ready();
}

void ServiceManager::reloading() {
  if (!ready_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void ServiceManager::reloaded(const std::optional<std::string>& error) {
  reload_error_ = error;
  if (ready_) tell_ready();
}

void ServiceManager::stopping() { tell("STOPPING=1"); }

void ServiceManager::tell_ready() {
  told_ = status();
  tell("READY=1\n" + status_line(told_));
}

void ServiceManager::tell_status() {
  std::string now = status();
  if (now == told_) return;
  told_ = std::move(now);
  tell(status_line(told_));
}

std::string ServiceManager::status() const {
  std::string text = "Watching " + std::to_string(databases_);
  text += databases_ == 1 ? " database" : " databases";
  if (reload_error_) text.append("; the last reload failed: ").append(*reload_error_);
  // A line feed would begin another message.
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace sqlite_exporter

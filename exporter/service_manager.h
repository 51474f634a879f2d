/// What systemd is told of this process, if it was started with Type=notify; else nobody is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace sqlite_exporter {

/// Loop thread only, and never waits: what cannot be sent now goes before the next message.
/// Descriptions of the messages, and of the protocol: sd_notify(3).
class ServiceManager {
 public:
  /// Reads NOTIFY_SOCKET and WATCHDOG_USEC of the environment.
  ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// After so long without `alive` the process is killed. Nothing: no watchdog is set up.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }
  void alive();

  /// The first time, that start-up is over; then `systemctl status` shows the new number.
  void watching(std::size_t databases);
  /// A reload has begun. Before start-up is over nothing is told: its end would be taken for that.
  void reloading();
  /// It has ended; `error` is that of one that failed, until another one does not.
  void reloaded(const std::optional<std::string>& error);
  void stopping();

 private:
  void tell(std::string message);
  void tell_ready();
  void tell_status();
  std::string status() const;

  std::string socket_;
  std::deque<std::string> unsent_;
  std::optional<std::chrono::microseconds> watchdog_;
  bool ready_ = false;
  std::size_t databases_ = 0;
  std::optional<std::string> reload_error_;
  std::string told_;
};

}  // namespace sqlite_exporter

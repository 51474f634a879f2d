#include "exporter/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace sqlite_exporter {

namespace {

/// One that cannot be told stays untold: it is no reason to stop watching.
void tell(const std::string& message) { ::sd_notify(0, message.c_str()); }

std::string status_line(const std::string& status) { return "STATUS=" + status; }

}  // namespace

ServiceManager::ServiceManager() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) > 0) watchdog_.emplace(microseconds);
}

void ServiceManager::alive() const { tell("WATCHDOG=1"); }

void ServiceManager::watching(std::size_t databases) {
  databases_ = databases;
  if (ready_) return tell_status();
  ready_ = true;
  told_ = status();
  tell("READY=1\n" + status_line(told_));
}

void ServiceManager::reloading() {
  if (!ready_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void ServiceManager::reloaded(const std::optional<std::string>& error) {
  reload_error_ = error;
  if (!ready_) return;
  told_ = status();
  tell("READY=1\n" + status_line(told_));
}

void ServiceManager::stopping() const { tell("STOPPING=1"); }

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

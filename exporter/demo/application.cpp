/// The only source that calls SQLite, and only ever in a process that observes nothing.
#include "exporter/demo/application.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/demo/application_kinds.h"

namespace sqlite_exporter {
namespace {

constexpr std::chrono::milliseconds kBeat{300};
constexpr int kBusyTimeoutMilliseconds = 5000;
// Where the lock may be held for ever: so short that SIGTERM is not kept waiting.
constexpr int kPassOverMilliseconds = 100;
// A demo that is left running must not fill the disk, although its pinned WAL never shrinks.
constexpr off_t kMaxWalBytes = 64 << 20;

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

int failed(std::string_view what, const std::string& path, const char* reason) {
  std::fprintf(stderr, "demo application: %.*s %s: %s\n", static_cast<int>(what.size()),
               what.data(), path.c_str(), reason);
  return 1;
}

int execute(const Connection& connection, const char* sql) {
  return sqlite3_exec(connection.get(), sql, nullptr, nullptr, nullptr);
}

bool wal_is_large(const std::string& path) {
  struct stat status{};
  return stat((path + "-wal").c_str(), &status) == 0 && status.st_size > kMaxWalBytes;
}

/// SIGTERM as a readable descriptor, -1 if there is none to be had.
int take_over_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGPIPE);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return -1;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

/// Waits one beat. False if the process is to end: what arrives on standard input is read and
/// ignored, its end counts.
bool wait_one_beat(int termination) {
  std::array<pollfd, 2> events = {{{STDIN_FILENO, POLLIN, 0}, {termination, POLLIN, 0}}};
  const int ready = poll(events.data(), events.size(), static_cast<int>(kBeat.count()));
  if (ready < 0) return errno == EINTR;
  if (events[1].revents != 0) return false;
  if (events[0].revents == 0) return true;
  std::array<char, 256> ignored{};
  return read(STDIN_FILENO, ignored.data(), ignored.size()) > 0;
}

}  // namespace

int run_demo_application(std::string_view kind, const std::string& path) {
  const ApplicationKind* const application = find_application_kind(kind);
  if (application == nullptr) {
    std::fprintf(stderr, "demo application: unknown kind %.*s\n", static_cast<int>(kind.size()),
                 kind.data());
    return 2;
  }
  // As /proc/<pid>/comm names it: each of the demo's applications is a program of its own.
  ::prctl(PR_SET_NAME, application->name.data());
  const int termination = take_over_signals();
  if (termination < 0) return failed("cannot take over signals for", path, "signalfd");

  sqlite3* handle = nullptr;
  const int opened = sqlite3_open(path.c_str(), &handle);
  const Connection connection(handle);
  if (opened != SQLITE_OK) return failed("cannot open", path, sqlite3_errstr(opened));
  sqlite3_busy_timeout(handle, kBusyTimeoutMilliseconds);
  if (execute(connection, application->begin) != SQLITE_OK)
    return failed("cannot set up", path, sqlite3_errmsg(handle));
  if (application->passes_over_busy) sqlite3_busy_timeout(handle, kPassOverMilliseconds);

  std::fputs("ready\n", stdout);
  std::fflush(stdout);
  while (wait_one_beat(termination)) {
    const int done =
        execute(connection, wal_is_large(path) ? application->at_limit : application->beat);
    if (done == SQLITE_BUSY && application->passes_over_busy) continue;
    if (done != SQLITE_OK) return failed("cannot write", path, sqlite3_errmsg(handle));
  }
  return 0;
}

}  // namespace sqlite_exporter

/// Starts `sqlite_app` (its path is a compile definition) and talks to it line by line.
#include "tests/support/sqlite_application.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace sqlite_exporter::test {
namespace {

constexpr const char* kProgram = SQLITE_APP;

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

pid_t spawn(int socket) {
  posix_spawn_file_actions_t actions;
  check(::posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
  std::string name(kProgram);
  std::array<char*, 2> arguments = {name.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, kProgram, &actions, nullptr, arguments.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  check(error, kProgram);
  return pid;
}

}  // namespace

SqliteApplication::SqliteApplication() {
  std::array<int, 2> pair{};
  // Close-on-exec: another application must not keep this one's stdin open.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    check(errno, "socketpair");
  }
  socket_ = pair[0];
  try {
    pid_ = spawn(pair[1]);
  } catch (...) {
    ::close(pair[0]);
    ::close(pair[1]);
    throw;
  }
  ::close(pair[1]);
}

SqliteApplication::~SqliteApplication() {
  ::close(socket_);  // the application sees the end of its stdin
  wait();
}

void SqliteApplication::open(const std::string& path) { ask("open " + path); }
void SqliteApplication::exec(const std::string& sql) { ask("exec " + sql); }
std::string SqliteApplication::query(const std::string& sql) { return ask("query " + sql); }
std::string SqliteApplication::step(const std::string& sql) { return ask("step " + sql); }
void SqliteApplication::finish() { ask("finish"); }
void SqliteApplication::close() { ask("close"); }

void SqliteApplication::config(const std::string& setting, bool value) {
  ask("config " + setting + (value ? " 1" : " 0"));
}

void SqliteApplication::read_file(const std::string& path) { ask("read " + path); }

void SqliteApplication::lock_byte(const std::string& path, std::uint64_t offset) {
  ask("lock " + std::to_string(offset) + ' ' + path);
}

void SqliteApplication::limit_file_size(std::int64_t bytes) {
  ask("limit " + std::to_string(bytes));
}

void SqliteApplication::start(const Load& load) {
  ask("load " + std::to_string(load.period.count()) + ' ' + std::to_string(load.hold.count()) +
      ' ' + load.begin + '|' + load.work + '|' + load.end);
}

Account SqliteApplication::stop() {
  std::istringstream answer(ask("stop"));
  Account account;
  char bar = 0;
  answer >> account.transactions >> bar >> account.resets >> bar >> account.frames >> bar >>
      account.held_seconds;
  if (!answer) throw std::runtime_error("no account: " + answer.str());
  return account;
}

void SqliteApplication::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  wait();
}

void SqliteApplication::wait() {
  while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::string SqliteApplication::ask(const std::string& command) {
  const std::string line = command + '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) check(errno, "send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }

  std::string answer;
  while (!answer.ends_with('\n')) {
    std::array<char, 4096> chunk{};
    const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) check(errno, "recv");
    if (count == 0) throw std::runtime_error("the application ended at: " + command);
    answer.append(chunk.data(), static_cast<std::size_t>(count));
  }
  answer.pop_back();
  if (answer == "ok") return {};
  if (answer.starts_with("ok ")) return answer.substr(3);
  throw std::runtime_error(answer + ", at: " + command);
}

}  // namespace sqlite_exporter::test

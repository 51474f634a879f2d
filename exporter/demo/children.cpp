/// posix_spawn with a pipe each way: a parent that dies, by whatever signal, ends its children too.
#include "exporter/demo/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace sqlite_exporter {
namespace {

using Clock = std::chrono::steady_clock;

void close_end(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  /// Close-on-exec: an end of this pipe in a later child would keep this one from its end of file.
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
};

/// Signals as a fresh program has them, whatever the parent blocks or ignores.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGINT);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

class SpawnActions {
 public:
  SpawnActions(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

enum class Outcome { line, end, timeout };

/// Reads until a line is complete, the other side has closed, or the time is up.
Outcome read_line(int descriptor, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd event{descriptor, POLLIN, 0};
    const int ready = poll(&event, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Outcome::timeout;
    std::array<char, 128> text{};
    const ssize_t count = read(descriptor, text.data(), text.size());
    if (count <= 0) return Outcome::end;
    if (std::memchr(text.data(), '\n', static_cast<std::size_t>(count)) != nullptr)
      return Outcome::line;
  }
}

}  // namespace

DemoChildren::DemoChildren(std::string program, Patience patience)
    : program_(std::move(program)), patience_(patience) {}

DemoChildren::~DemoChildren() { static_cast<void>(stop()); }

Result<DemoChildren::Child> DemoChildren::spawn(const std::string& kind,
                                                const std::string& path) const {
  const std::string name = "the demo application " + kind;
  Pipe input;
  Pipe output;
  if (!input.open() || !output.open())
    return fail(Errc::limit, "cannot start " + name + ": " + std::strerror(errno));

  // posix_spawn takes char*, and changes nothing.
  std::array<std::string, 4> words = {program_, "demo-application", kind, path};
  const std::array<char*, 5> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                          words[3].data(), nullptr};
  const SpawnActions actions(input.read_end, output.write_end);
  const SpawnAttributes attributes;
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program_.c_str(), actions.get(), attributes.get(),
                                arguments.data(), environ);
  if (error != 0) return fail(Errc::io, "cannot start " + name + ": " + std::strerror(error));
  return Child{pid, std::exchange(input.write_end, -1), std::exchange(output.read_end, -1), name};
}

Result<pid_t> DemoChildren::start(const std::string& kind, const std::string& path) {
  Result<Child> child = spawn(kind, path);
  if (!child) return fail(std::move(child.error()));
  const Outcome outcome = read_line(child->output, patience_.start);
  if (outcome == Outcome::line) {
    children_.push_back(std::move(*child));
    return children_.back().pid;
  }
  if (outcome == Outcome::timeout) kill(child->pid, SIGKILL);
  static_cast<void>(end(*child));
  return fail(outcome == Outcome::timeout ? Errc::timeout : Errc::internal,
              child->name + " did not get ready");
}

Result<void> DemoChildren::run(const std::string& kind, const std::string& path) {
  if (const Result<pid_t> pid = start(kind, path); !pid) return fail(pid.error());
  Result<void> ended = end(children_.back());
  children_.pop_back();
  return ended;
}

void DemoChildren::kill_last() {
  kill(children_.back().pid, SIGKILL);
  static_cast<void>(end(children_.back()));  // an error, as was wanted
  children_.pop_back();
}

Result<void> DemoChildren::stop() {
  Result<void> result;
  // In turn: of two connections that close at one moment neither is the last, and the WAL stays.
  for (Child& child : children_)
    if (Result<void> ended = end(child); !ended) result = std::move(ended);
  children_.clear();
  return result;
}

Result<void> DemoChildren::end(Child& child) const {
  close_end(child.input);
  // First the end of its output, because waitpid knows no bound.
  Outcome outcome = Outcome::line;
  const auto deadline = Clock::now() + patience_.stop;
  while (outcome == Outcome::line)
    outcome = read_line(child.output,
                        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
  if (outcome == Outcome::timeout) kill(child.pid, SIGKILL);
  close_end(child.output);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (outcome == Outcome::timeout) return fail(Errc::timeout, child.name + " had to be killed");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Errc::internal, child.name + " failed");
  return {};
}

}  // namespace sqlite_exporter

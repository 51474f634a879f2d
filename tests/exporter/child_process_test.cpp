/// Children that speak in lines: what they say, how they end, and what becomes of those that hang.
#include "exporter/child_process.h"

#include <signal.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "tests/support/await.h"
#include "tests/support/catch.h"

namespace sqlite_exporter::test {
namespace {

constexpr std::size_t kMaxLine = 1 << 20U;

/// A shell that runs `script`; what it says and when it ended.
struct Shell {
  explicit Shell(const std::string& script, std::size_t max_line = kMaxLine) {
    child = ChildProcess::start(loop, {"/bin/sh", "-c", script}, max_line,
                                {[this](std::string_view line) { lines.emplace_back(line); },
                                 [this] {
                                   ended = true;
                                   loop.stop();
                                 }})
                .value();
  }

  Loop loop;
  std::vector<std::string> lines;
  bool ended = false;
  std::unique_ptr<ChildProcess> child;
};

TEST_CASE("a child is spoken with, and its end is told after all it said") {
  Shell shell("while read -r line; do [ \"$line\" = end ] && exit; echo \"<$line>\"; done");
  shell.child->say("one");
  shell.child->say("");
  shell.child->say(std::string(100'000, 'x'));
  shell.child->say("end");
  CHECK(shell.loop.run());
  CHECK(shell.ended);
  CHECK(shell.lines ==
        std::vector<std::string>{"<one>", "<>", "<" + std::string(100'000, 'x') + ">"});
}

TEST_CASE("a child has no environment of ours") {
  REQUIRE(::getenv("PATH") != nullptr);
  Shell shell("read -r _ < /proc/self/environ; echo \"<$HOME$LANG>\"");
  CHECK(shell.loop.run());
  CHECK(shell.lines == std::vector<std::string>{"<>"});
}

TEST_CASE("a child that is killed ends") {
  Shell shell("while :; do read -r line || :; done");
  CHECK(::kill(shell.child->pid(), 0) == 0);
  shell.child->kill();
  CHECK(shell.loop.run());
  CHECK(shell.ended);
}

TEST_CASE("a child that says too long a line is killed") {
  Shell shell("echo short; while :; do printf 'without an end '; done", 1000);
  CHECK(shell.loop.run());
  CHECK(shell.lines == std::vector<std::string>{"short"});
}

TEST_CASE("a child that says no more is killed") {
  Shell shell("exec 1>&-; while read -r line; do :; done");
  CHECK(shell.loop.run());
  CHECK(shell.ended);
}

TEST_CASE("words to a child that has ended are lost") {
  Shell shell("exit 3");
  for (int i = 0; i < 100; ++i) shell.child->say(std::string(10'000, 'x'));
  CHECK(shell.loop.run());
  CHECK(shell.ended);
}

TEST_CASE("a child that is not there is an error") {
  Loop loop;
  const auto child = ChildProcess::start(loop, {"/nowhere/program"}, kMaxLine, {});
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::no_data);
  CHECK(child.error().message == "cannot run /nowhere/program: No such file or directory");
}

TEST_CASE("a child goes with its owner, even from its own event") {
  Shell shell("echo first; echo second; while :; do read -r line || :; done");
  const int pid = shell.child->pid();
  Loop& loop = shell.loop;
  loop.every(std::chrono::milliseconds(1), [&] {
    if (shell.lines.empty()) return;
    shell.child.reset();
    loop.stop();
  });
  CHECK(loop.run());
  CHECK_FALSE(shell.ended);
  CHECK(await([pid] {
    // Nobody reaps it before this process ends.
    siginfo_t status{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOHANG) != 0 ||
           status.si_pid == pid;
  }));
}

}  // namespace
}  // namespace sqlite_exporter::test

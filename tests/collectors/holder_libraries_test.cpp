/// Programs are asked once each, and nobody waits for one that hangs.
#include "collectors/holder_libraries.h"

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/await.h"
#include "tests/support/catch.h"

namespace sqlite_exporter::test {
namespace {

using Versions = std::vector<std::uint32_t>;
using Start = HolderLibraries::StartThread;

const Start kInline = [](HolderLibraries::Work work) {
  work();
  return true;
};

/// Answers with one version, and counts.
struct Asked {
  int count = 0;
  Result<Versions> answer = Versions{3040001};

  HolderLibraries::Ask function() {
    return [this](const std::string&, const ProgramId&, CodeCache&) {
      ++count;
      return answer;
    };
  }
};

TEST_CASE("a program is asked once, and again when it executes another") {
  Asked asked;
  HolderLibraries libraries(kInline, {}, asked.function());
  for (int time = 0; time < 3; ++time) {
    const auto answers = libraries.ask("/proc", {{1, 10, 100}, {2, 10, 100}});
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].versions == Versions{3040001});
    CHECK_FALSE(answers[1].pending);
  }
  CHECK(asked.count == 2);
  libraries.ask("/proc", {{1, 10, 101}});
  libraries.ask("/proc", {{1, 11, 100}});
  CHECK(asked.count == 4);
}

TEST_CASE("one of which nothing can be told is not asked at each look") {
  const bool may_be_asked = GENERATE(true, false);
  Asked asked;
  HolderLibraries libraries(kInline, {}, asked.function());
  asked.answer = Versions{};  // it hides its version
  if (!may_be_asked) asked.answer = fail(Errc::denied, "denied");
  for (int time = 0; time < 3; ++time) {
    const auto answers = libraries.ask("/proc", {{1, 10, 100}});
    CHECK(answers[0].versions.empty());
    CHECK_FALSE(answers[0].pending);
  }
  CHECK(asked.count == 1);
}

TEST_CASE("one that waits for a disk is asked a little later") {
  Asked asked;
  HolderLibraries libraries(kInline, {}, asked.function());
  asked.answer = fail(Errc::busy, "it waits");
  for (int time = 0; time < 3; ++time) CHECK(libraries.ask("/proc", {{1, 10, 100}})[0].pending);
  CHECK(asked.count == 1);
  asked.answer = Versions{3051003};
  REQUIRE(await(
      [&] { return libraries.ask("/proc", {{1, 10, 100}})[0].versions == Versions{3051003}; }));
  CHECK(asked.count == 2);
}

TEST_CASE("without a thread a program waits for one") {
  Asked asked;
  bool can_start = false;
  HolderLibraries libraries(
      [&](HolderLibraries::Work work) {
        if (can_start) work();
        return can_start;
      },
      {}, asked.function());
  CHECK(libraries.ask("/proc", {{1, 10, 100}})[0].pending);
  CHECK(asked.count == 0);
  can_start = true;
  CHECK_FALSE(libraries.ask("/proc", {{1, 10, 100}})[0].pending);
  CHECK(asked.count == 1);
}

TEST_CASE("nobody waits for a thread that hangs, and what it brings counts when it returns") {
  std::promise<void> release;
  std::promise<void> at_it;
  int threads = 0;
  std::vector<std::thread> started;
  const auto hang = [&](const std::string&, const ProgramId& program,
                        CodeCache&) -> Result<Versions> {
    if (program.pid == 1) {
      at_it.set_value();
      release.get_future().wait();
    }
    return Versions{3051003};
  };
  {
    HolderLibraries libraries(
        [&](HolderLibraries::Work work) {
          ++threads;
          started.emplace_back(std::move(work));
          return true;
        },
        {}, hang);
    CHECK(libraries.ask("/proc", {{1, 10, 100}})[0].pending);
    at_it.get_future().wait();
    // One that is asked a moment only does not hang yet: no other thread is started.
    const auto answers = libraries.ask("/proc", {{1, 10, 100}, {2, 10, 100}});
    CHECK(answers[0].pending);
    CHECK(answers[1].pending);
    CHECK(threads == 1);
    release.set_value();
    REQUIRE(await([&] {
      const auto now = libraries.ask("/proc", {{1, 10, 100}, {2, 10, 100}});
      return now[0].versions == Versions{3051003} && now[1].versions == Versions{3051003};
    }));
  }
  for (std::thread& thread : started) thread.join();
}

TEST_CASE("a thread may outlive whoever asked") {
  std::promise<void> release;
  std::promise<void> at_it;
  std::thread thread;
  {
    HolderLibraries libraries(
        [&](HolderLibraries::Work work) {
          thread = std::thread(std::move(work));
          return true;
        },
        {},
        [&](const std::string&, const ProgramId&, CodeCache&) -> Result<Versions> {
          at_it.set_value();
          release.get_future().wait();
          return Versions{3051003};
        });
    libraries.ask("/proc", {{1, 10, 100}});
    at_it.get_future().wait();
  }
  release.set_value();
  thread.join();
  SUCCEED("it ended");
}

TEST_CASE("who has no other look waits a little") {
  std::thread thread;
  {
    HolderLibraries libraries(
        [&](HolderLibraries::Work work) {
          thread = std::thread(std::move(work));
          return true;
        },
        std::chrono::minutes(1),
        [](const std::string&, const ProgramId&, CodeCache&) -> Result<Versions> {
          return Versions{3051003};
        });
    CHECK(libraries.ask("/proc", {{1, 10, 100}})[0].versions == Versions{3051003});
  }
  thread.join();
}

TEST_CASE("of 4,097 programs one is left out, and is not asked") {
  Asked asked;
  HolderLibraries libraries(kInline, {}, asked.function());
  std::vector<ProgramId> programs;
  for (int pid = 1; pid <= 4097; ++pid) programs.push_back({pid, 10, 100});
  CHECK(libraries.ask("/proc", programs).size() == 4097);
  CHECK(asked.count == 4096);
}

}  // namespace
}  // namespace sqlite_exporter::test

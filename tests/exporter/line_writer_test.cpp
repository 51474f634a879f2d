/// Lines into pipes that are read, that nobody reads, and that are closed.
#include "exporter/line_writer.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter::test {
namespace {

constexpr int kPage = 4096;

/// Of two pages: one that is begun says that it is not writable, though some more would fit.
class Pipe {
 public:
  Pipe() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends_[1], F_SETPIPE_SZ, 2 * kPage) == 2 * kPage);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  int writer() const { return ends_[1]; }
  /// Of what is in it.
  std::string read() {
    std::string text(65536, ' ');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    REQUIRE(size > 0);
    text.resize(static_cast<std::size_t>(size));
    return text;
  }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::string line_of(std::size_t size) { return std::string(size - 1, 'x').append("\n"); }

TEST_CASE("what is read arrives") {
  Pipe pipe;
  LineWriter writer(pipe.writer());
  writer.write("one\n");
  writer.write("two\n");
  CHECK(pipe.read() == "one\ntwo\n");
  CHECK(writer.lost() == 0);
}

TEST_CASE("what nobody reads is lost, and the next that is read is whole") {
  Pipe pipe;
  LineWriter writer(pipe.writer());
  for (int i = 0; i < 2; ++i) writer.write(line_of(kPage));
  CHECK(writer.lost() == 0);
  for (int i = 0; i < 1000; ++i) writer.write("lost\n");
  CHECK(writer.lost() == 1000);
  CHECK(pipe.read() == line_of(kPage) + line_of(kPage));
  writer.write("three\n");
  CHECK(pipe.read() == "three\n");
  CHECK(writer.lost() == 1000);
}

TEST_CASE("a line that is lost in the middle ends where it was cut") {
  Pipe pipe;
  LineWriter writer(pipe.writer());
  writer.write(line_of(3 * kPage));
  CHECK(writer.lost() == 1);
  writer.write("lost, too\n");
  CHECK(writer.lost() == 2);
  CHECK(pipe.read() == std::string(2 * kPage, 'x'));
  writer.write("next\n");
  CHECK(pipe.read() == "\nnext\n");
  CHECK(writer.lost() == 2);
}

TEST_CASE("a pipe without a reader loses all") {
  Pipe pipe;
  LineWriter writer(pipe.writer());
  pipe.close_reader();
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  writer.write("one\n");
  writer.write("two\n");
  ::signal(SIGPIPE, before);
  CHECK(writer.lost() == 2);
}

}  // namespace
}  // namespace sqlite_exporter::test

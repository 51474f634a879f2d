/// Buffers of inotify events: as the kernel fills them, cut short, and with lengths that lie.
#include "tests/support/catch.h"

#include <sys/inotify.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "collectors/linux/inotify_events.h"

namespace sqlite_exporter {
namespace {

/// An event with its name in `room` bytes, a multiple of 16 if the kernel wrote it.
std::string event(int watch, std::uint32_t mask, const std::string& name, std::uint32_t room) {
  inotify_event head{};
  head.wd = watch;
  head.mask = mask;
  head.len = room;
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes + name + std::string(room - name.size(), '\0');
}

Result<std::vector<InotifyEvent>> parse(const std::string& bytes) {
  return parse_inotify_events(std::as_bytes(std::span(bytes)));
}

TEST_CASE("events follow each other, with names and without") {
  const std::string bytes = event(1, IN_CREATE, "a.db", 16) + event(2, IN_DELETE_SELF, "", 0) +
                            event(-1, IN_Q_OVERFLOW, "", 0) +
                            event(1, IN_DELETE | IN_ISDIR, std::string(16, 'x'), 32);
  const auto events = parse(bytes);
  REQUIRE(events);
  REQUIRE(events->size() == 4);
  CHECK((*events)[0].watch == 1);
  CHECK((*events)[0].mask == IN_CREATE);
  CHECK((*events)[0].name == "a.db");
  CHECK((*events)[1].watch == 2);
  CHECK((*events)[1].name.empty());
  CHECK((*events)[2].watch == -1);
  CHECK((*events)[2].mask == IN_Q_OVERFLOW);
  CHECK((*events)[3].mask == (IN_DELETE | IN_ISDIR));
  CHECK((*events)[3].name == std::string(16, 'x'));
}

TEST_CASE("nothing is no event") {
  const auto events = parse("");
  REQUIRE(events);
  CHECK(events->empty());
}

TEST_CASE("a name without a zero at its end ends with its room") {
  const std::string bytes = event(1, IN_CREATE, "abcd", 4);
  const auto events = parse(bytes);
  REQUIRE(events);
  CHECK(events->at(0).name == "abcd");
}

TEST_CASE("a buffer that ends within an event is not believed") {
  const std::string whole = event(1, IN_CREATE, "a.db", 16);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto events = parse(whole + whole.substr(0, size));
    REQUIRE_FALSE(events);
    CHECK(events.error().code == Errc::corrupt);
  }
}

TEST_CASE("a name longer than the buffer") {
  std::string bytes = event(1, IN_CREATE, "a.db", 16);
  const std::uint32_t length = 0xffffffff;
  std::memcpy(bytes.data() + 12, &length, sizeof length);
  CHECK_FALSE(parse(bytes));
}

}  // namespace
}  // namespace sqlite_exporter

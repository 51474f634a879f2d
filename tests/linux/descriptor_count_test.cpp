/// Descriptors and their limit: of this process, of limits written by hand, and of nobody.
#include "collectors/linux/descriptor_count.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("the limit on open files stands among the others") {
  const std::string text =
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max processes             95950                95950                processes \n"
      "Max open files            1024                 1048576              files     \n"
      "Max locked memory         8388608              8388608              bytes     \n";
  CHECK(parse_descriptor_limit(text) == 1024U);
}

TEST_CASE("without a limit, and in what is no list of limits, there is none") {
  const auto unlimited = parse_descriptor_limit("Max open files            unlimited   unlimited");
  REQUIRE_FALSE(unlimited);
  CHECK(unlimited.error().code == Errc::no_data);
  for (const char* const text :
       {"", "Max open files", "Max open files ", "Max open files   x  y", "Max open files   -1  y",
        "Max open files   99999999999999999999 1", " Max open files   1024 1"}) {
    CAPTURE(text);
    const auto limit = parse_descriptor_limit(text);
    REQUIRE_FALSE(limit);
    CHECK(limit.error().code == Errc::corrupt);
  }
}

TEST_CASE("descriptors are counted, and told where the kernel tells them") {
  const auto counted = [] { return counted_descriptors("/proc", ::getpid()); };
  const auto before = counted();
  REQUIRE(before);
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  CHECK(counted() == *before + 1);
  const auto told = told_descriptor_count("/proc", ::getpid());
  REQUIRE(told);
  // The one that lists the folder is open while the entries are counted alone.
  if (*told) CHECK(**told == *before);
  ::close(file);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  CHECK(descriptor_limit_of("/proc", ::getpid()) == limit.rlim_cur);
}

TEST_CASE("nobody has no descriptors") {
  CHECK(told_descriptor_count("/proc", 0).error().code == Errc::no_data);
  CHECK(counted_descriptors("/proc", 0).error().code == Errc::no_data);
  CHECK(descriptor_limit_of("/proc", 0).error().code == Errc::no_data);
}

}  // namespace
}  // namespace sqlite_exporter

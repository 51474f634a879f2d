/// Files of cgroups: as kernels write them, and every way in which a line can be wrong.
#include "tests/support/catch.h"

#include <string>

#include "collectors/linux/cgroup_files.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a value is found by its whole name") {
  constexpr std::string_view kStat = "usage_usec 12\nuser_usec 7\nnr_throttled 3\n";
  CHECK(cgroup_value(kStat, "usage_usec") == 12U);
  CHECK(cgroup_value(kStat, "nr_throttled") == 3U);
  CHECK(cgroup_value("a 18446744073709551615", "a") == 18446744073709551615U);
  CHECK_FALSE(cgroup_value(kStat, "usage"));
  CHECK_FALSE(cgroup_value(kStat, "nr_periods"));
  CHECK_FALSE(cgroup_value("", "usage_usec"));
}

TEST_CASE("a value that is no number that fits is none") {
  for (const std::string_view text :
       {"a\n", "a \n", "a -1\n", "a x\n", "a 1x\n", "a 1 2\n", "a 18446744073709551616\n", "a\t1\n",
        "a  1\n", "a max\n", "a +1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(cgroup_value(text, "a"));
  }
}

TEST_CASE("a file of one number") {
  CHECK(parse_cgroup_number("4096\n") == 4096U);
  CHECK(parse_cgroup_number("0") == 0U);
  for (const std::string_view text : {"", "\n", "max\n", "-1\n", " 1\n", "1 \n", "0x1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cgroup_number(text));
  }
}

TEST_CASE("a CPU limit is a quota for a period") {
  CHECK(parse_cpu_max("150000 100000\n") == 1.5);
  CHECK(parse_cpu_max("1000 50000") == 0.02);
  for (const std::string_view text :
       {"max 100000\n", "", "\n", "100000\n", "1 0\n", "1 2 3\n", "-1 100000\n", "1 max\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cpu_max(text));
  }
}

TEST_CASE("pressure is the totals of some and full") {
  constexpr std::string_view kSome = "some avg10=1.50 avg60=0.10 avg300=0.00 total=2500000\n";
  constexpr std::string_view kFull = "full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n";
  CHECK(parse_pressure(std::string(kSome).append(kFull)) == CgroupPressure{2.5, 0.5});
  CHECK(parse_pressure(kSome) == CgroupPressure{2.5, {}});
  for (const std::string_view text :
       {"", "some\n", "some total\n", "some total=\n", "some total=-1\n", "some total=1.5\n",
        "some avg10=1\n", "somewhat total=1\n", "full total=18446744073709551616\n"}) {
    CAPTURE(text);
    CHECK(parse_pressure(text) == CgroupPressure{});
  }
}

TEST_CASE("a block device is two numbers") {
  CHECK(parse_block_device("8:16") == BlockDevice{8, 16});
  for (const std::string_view text :
       {"", ":", "8", "8:", ":0", "8:0:0", "-8:0", "8: 0", "4294967296:0", "Total", "../..:0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_block_device(text));
  }
}

TEST_CASE("v2's bytes by device") {
  CHECK(parse_io_stat("8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"
                      "253:1 rbytes=5 wbytes=0 cost.usage=7\n") ==
        BytesByDevice{{{8, 0}, {10, 20}}, {{253, 1}, {5, 0}}});
  CHECK(parse_io_stat("8:0 wbytes=20\n") == BytesByDevice{{{8, 0}, {{}, 20}}});
  CHECK(parse_io_stat("").empty());
}

TEST_CASE("devices without numbers before one with them, as some kernels write them") {
  CHECK(parse_io_stat("7:1 7:0 8:0 rbytes=10 wbytes=20\n8:16 \n") ==
        BytesByDevice{{{8, 0}, {10, 20}}});
}

TEST_CASE("numbers of v2 that are broken are left out, and so are those of no device") {
  CHECK(parse_io_stat("8:0 rbytes=x wbytes=2\n") == BytesByDevice{{{8, 0}, {{}, 2}}});
  CHECK(parse_io_stat("8:0 rbytes=1 rbytes=9\n8:0 rbytes=7\n") == BytesByDevice{{{8, 0}, {1, {}}}});
  CHECK(parse_io_stat("rbytes=1 wbytes=2\nsda rbytes=1\n").empty());
}

TEST_CASE("v1's bytes by device and operation") {
  CHECK(parse_service_bytes("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Async 0\n8:0 Discard 0\n"
                            "8:0 Total 30\n253:1 Read 5\nTotal 35\n") ==
        BytesByDevice{{{8, 0}, {10, 20}}, {{253, 1}, {5, {}}}});
  CHECK(parse_service_bytes("8:0 Read\n8:1 Read x\n8:2 Write -1\n") ==
        BytesByDevice{{{8, 0}, {}}, {{8, 1}, {}}, {{8, 2}, {}}});
  CHECK(parse_service_bytes("Total 0\n").empty());
}

TEST_CASE("no file has more devices than a bound") {
  std::string v1;
  std::string v2;
  for (int i = 0; i < 1000; ++i) {
    const std::string device = std::to_string(i).append(":0 ");
    v1.append(device).append("Read 1\n");
    v2.append(device).append("rbytes=1\n");
  }
  CHECK(parse_io_stat(v2).size() == kMostDevices);
  CHECK(parse_service_bytes(v1).size() == kMostDevices);
}

}  // namespace
}  // namespace sqlite_exporter

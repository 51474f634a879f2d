/// Writes the seeds: valid files, so that mutations start behind the first checks.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/input.h"
#include "tests/support/elf_fixtures.h"

namespace sqlite_exporter::fuzz {
namespace {

constexpr WalSalts kOld{10, 20};
constexpr WalSalts kNew{11, 30};

class Corpora {
 public:
  explicit Corpora(std::filesystem::path root) : root_(std::move(root)) {}

  void add(const std::string& parser, const std::string& name, std::string_view text) const {
    const auto directory = root_ / ("fuzz_" + parser);
    std::filesystem::create_directories(directory);
    std::ofstream file(directory / name, std::ios::binary);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file << text;
    file.flush();
  }
  void add(const std::string& parser, const std::string& name, const Buffer& bytes) const {
    add(parser, name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

 private:
  std::filesystem::path root_;
};

WalIndex index_of(std::size_t mx_frame) {
  return {.i_change = 1,
          .page_size = 512,
          .mx_frame = static_cast<std::uint32_t>(mx_frame),
          .n_page = 7,
          .salts = kNew,
          .read_mark = {0, 1, kUnusedReadMark, kUnusedReadMark, kUnusedReadMark}};
}

Buffer three_files(const std::vector<std::uint32_t>& pages, std::size_t frames_in_wal) {
  std::vector<FrameHeader> frames;
  for (std::size_t i = 0; i < frames_in_wal; ++i) {
    frames.push_back(test::frame(pages[i], 7, kNew));
  }
  const ThreeFiles files{test::database_header(512), test::wal_file(512, frames),
                         test::wal_index_file(index_of(pages.size()), pages)};
  return files.packed();
}

/// The parameters of wal_tail_fuzz.cpp, then three new frames, seven old, two uncommitted ones.
Buffer wal_with_tail() {
  Buffer input;
  for (const std::uint32_t parameter :
       {0U, 0U, kOld.salt1, kOld.salt2, 5U, kNew.salt1, kNew.salt2, 3U}) {
    input.resize(input.size() + 4);
    test::put_be32(input, input.size() - 4, parameter);
  }
  std::vector<FrameHeader> frames(3, test::frame(2, 7, kNew));
  frames.insert(frames.end(), 7, test::frame(2, 7, kOld));
  frames.insert(frames.end(), 2, test::frame(2, 0, kOld));
  const Buffer wal = test::wal_file(512, frames);
  input.insert(input.end(), wal.begin(), wal.end());
  return input;
}

/// The parameters of wal_chain_fuzz.cpp, then nine frames of which two end a transaction.
Buffer wal_with_chain(std::uint32_t after_frame, bool big_endian) {
  std::vector<FrameHeader> frames(9, test::frame(2, 0, kNew));
  frames[1].commit_page_count = frames[6].commit_page_count = 7;
  Buffer wal = test::wal_file(512, frames);
  const Buffer header = test::wal_header(512, kNew, big_endian);
  std::copy(header.begin(), header.end(), wal.begin());
  test::seal_wal_frames(wal);
  Buffer input(12);
  test::put_be32(input, 0, after_frame);
  test::put_be32(input, 4, static_cast<std::uint32_t>(wal.size() - kWalHeaderSize));
  test::put_be32(input, 8, 7);
  input.insert(input.end(), wal.begin(), wal.end());
  return input;
}

/// The parameter of wal_follower_fuzz.cpp, which cuts the sixth frame off, then those nine frames.
Buffer wal_that_grows() {
  Buffer input = wal_with_chain(5 * (24 + 512), false);
  input.erase(input.begin() + 4, input.begin() + 12);
  return input;
}

/// The parameter of encrypted_fuzz.cpp, then noise, which a plain part of a header may stand in.
Buffer encrypted(std::size_t size, bool plain_header) {
  Buffer input(4 + size);
  std::minstd_rand generator(1);
  for (std::byte& byte : input) byte = static_cast<std::byte>(generator() >> 16U);
  test::put_be32(input, 0, 8192);
  if (plain_header) {
    const Buffer header = test::database_header(1024);
    std::copy(header.begin() + 16, header.begin() + 24, input.begin() + 20);
  }
  return input;
}

/// The parameter of file_head_fuzz.cpp, then page 1 of which a cipher leaves the first bytes.
Buffer first_page(std::size_t plain, std::uint8_t version) {
  Buffer input = encrypted(4096, false);
  Buffer header = test::database_header(4096);
  test::put_u8(header, 18, version);
  test::put_u8(header, 19, version);
  std::copy_n(header.begin(), plain, input.begin() + 4);
  return input;
}

/// Text of procfs and names of the kubelet's logs.
void write_texts(const Corpora& corpora) {
  const std::string id(64, 'b');
  const std::string uid = "6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071";
  const std::string slice = "kubepods-burstable-pod6b3e1a5c_0f2d_4c7e_9a1b_2c3d4e5f6071.slice";
  corpora.add("cgroup_files", "values", "usage_usec 12\nnr_periods 3\nnr_throttled 1\n");
  corpora.add("cgroup_files", "cpu_max", "150000 100000\n");
  corpora.add("cgroup_files", "pressure",
              "some avg10=1.50 avg60=0.10 avg300=0.00 total=2500000\n"
              "full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n");
  corpora.add("cgroup_files", "io_stat", "7:0 8:0 rbytes=10 wbytes=20 rios=1 wios=2\n");
  corpora.add("cgroup_files", "service_bytes", "8:0 Read 10\n8:0 Write 20\nTotal 30\n");
  corpora.add("cgroup_namespace", "above", "4:cpu:/a\n0::/../../pod/id\n");
  corpora.add("cgroup_namespace", "own", "0::/\n");
  corpora.add("cgroup_hierarchy", "unified", "0::/system.slice/a.service\n");
  corpora.add("cgroup_hierarchy", "legacy",
              "5:cpu,cpuacct:/\n4:memory:/docker/a\n1:name=systemd:/docker/a\n0::/../b\n");
  corpora.add("cgroup_path", "unit", "0::/user@1000.service/app.slice/a\\x2db.service\n");
  corpora.add("cgroup_path", "hybrid",
              "4:memory:/docker/" + id + "\n1:name=systemd:/docker/" + id +
                  "\n0::/system.slice/containerd.service (deleted)\n");
  corpora.add("cgroup_path", "cgroupfs", "0::/kubepods/besteffort/pod" + uid + "/" + id + "\n");
  corpora.add("cgroup_path", "slice", "0::/../" + slice + "/cri-containerd-" + id + ".scope\n");
  corpora.add("cgroup_path", "colons", "0::/a.service/" + slice + ":cri-containerd:" + id + "\n");
  corpora.add(
      "inotify_events", "created",
      std::string("\1\0\0\0\0\1\0\0\0\0\0\0\x10\0\0\0", 16) + "a.db" + std::string(12, '\0'));
  corpora.add("lock_table", "of_all_kinds",
              "1: POSIX  ADVISORY  WRITE 1234 08:02:12345 120 121\n"
              "1: -> POSIX  ADVISORY  WRITE 99 08:02:12345 120 120\n"
              "2: OFDLCK ADVISORY  READ  -1 00:1f:77 0 EOF\n"
              "3: FLOCK  ADVISORY  WRITE 7 08:02:8 0 EOF\n");
  corpora.add("open_files", "shm", "/dev/shm/a.db-shm");
  corpora.add("open_files", "deleted", "/srv/a.db (deleted)");
  corpora.add("path_translation", "container",
              "1/ / /c/41/fs\n2/volumes/1 /data \n\n2/ / \n3/ /srv \n\n/data/a.db");
  corpora.add("messages", "hello",
              R"({"sqlite_version":"3.40.1","listed_pid":7,"missing":["seccomp: x"]})");
  corpora.add("messages", "request",
              R"({"path":"/a.db","sql":"SELECT 1","labels":["l"],"values":["v"],"max_rows":3,)"
              R"("timeout":1000})");
  corpora.add("messages", "sync",
              R"({"path":"/a.db","sql":"","labels":["l"],"values":["v"],"max_rows":3,)"
              R"("timeout":1000,"sync":{"max_pending":9,"layouts":[{"table":"t",)"
              R"("time_column":"at","state_column":"s"}]}})");
  corpora.add("messages", "shortfall",
              R"({"rows":[],"seconds":0.5,"shortfall":{"code":"timeout","error":"x"}})");
  corpora.add("messages", "result", R"({"rows":[[["a"],[1]],[["b"],["+Inf"]]],"seconds":0.5})");
  corpora.add("messages", "error", R"({"code":"config","error":"no such table: t"})");
  corpora.add("pod_names", "pod", "kube-system_coredns-x2x7p_" + uid);
  corpora.add("pod_names", "container", "web_shop_app-" + id + ".log");
  corpora.add("process", "stat", "cpu  1 2 3\nintr 5 0\nbtime 1700000000\nprocesses 9\n");
  corpora.add("process_files", "fdinfo",
              "pos:\t0\nflags:\t02100002\nmnt_id:\t29\nino:\t12345\n"
              "lock:\t1: POSIX  ADVISORY  READ 1234 08:02:12345 128 128\n");
  corpora.add("descriptor_count", "limits",
              "Limit                     Soft Limit           Hard Limit           Units\n"
              "Max open files            1024                 1048576              files\n");
  for (const bool wide : {true, false}) {
    const test::ElfFixture library{.wide = wide, .symbols_before = 2, .more = "SQLite format 3"};
    corpora.add("elf_file", wide ? "of_64_bits" : "of_32_bits", test::elf_file(library));
  }
  corpora.add("mapped_code", "library",
              "7f0000001000-7f0000002000 r-xp 00026000 fe:00 1234    /usr/lib/libsqlite3.so.0\n"
              "7f0000002000-7f0000003000 r-xp 00000000 00:01 12 /memfd:a (deleted)\n");
  corpora.add("version_text", "of_four_parts", "3.8.11.1");
  corpora.add("process_stat", "hostile_name",
              "77 (a) S (b)) S 1 77 77 0 -1 4194560 5000 0 12 0 341 58 0 0 20 0 9 0 123456 "
              "987654321 2048 18446744073709551615 1 1\n");
  corpora.add("schedstat", "throttled", "23218050 227188084 8\n");
}

/// A page of a journal, and the name of a super-journal behind it.
std::string journal_with_super_journal() {
  const std::string name = "/d/a.db-mj012345678";
  unsigned sum = 0;
  for (const char c : name) sum += static_cast<unsigned char>(c);
  const auto big_endian = [](unsigned value) {
    std::string bytes;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  return std::string(512, 'p') + name + big_endian(static_cast<unsigned>(name.size())) +
         big_endian(sum) + "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
}

void write_all(const Corpora& corpora) {
  corpora.add("super_journal", "name", journal_with_super_journal());
  write_texts(corpora);
  for (const std::uint32_t page_size : {512U, 4096U, 65536U}) {
    const std::string name = "page_size_" + std::to_string(page_size);
    corpora.add("database_header", name, test::database_header(page_size));
    WalIndex index = index_of(601);
    index.page_size = page_size;
    corpora.add("wal_index", name, test::wal_index_head(index));
    corpora.add("wal_header", name, test::wal_header(page_size, kNew));
  }
  Buffer header_and_frame = test::wal_file(512, {test::frame(1, 7, kNew)});
  header_and_frame.resize(kWalHeaderSize + kFrameHeaderSize);
  corpora.add("wal_header", "and_frame", header_and_frame);
  corpora.add("wal_header", "big_endian", test::wal_header(512, kNew, true));

  corpora.add("page_one", "in_wal", three_files({1, 2, 3, 1, 2}, 5));
  corpora.add("page_one", "in_database", three_files({2, 3, 4}, 3));
  std::vector<std::uint32_t> two_blocks(4070, 3);
  for (std::size_t i = 0; i < two_blocks.size(); ++i) {
    two_blocks[i] = static_cast<std::uint32_t>(i % 90 + 2);
  }
  two_blocks[2] = 1;
  corpora.add("page_one", "in_the_first_of_two_blocks", three_files(two_blocks, 4));

  corpora.add("wal_tail", "old_frames_left", wal_with_tail());
  corpora.add("wal_chain", "beyond_the_first_commit", wal_with_chain(2, false));
  corpora.add("wal_chain", "big_endian", wal_with_chain(0, true));
  corpora.add("wal_fit", "next_to_a_wal", three_files({1, 2, 3, 1, 2}, 5));
  corpora.add("wal_follower", "grows", wal_that_grows());
  corpora.add("encrypted", "whole", encrypted(512, false));
  corpora.add("encrypted", "but_for_the_page_size", encrypted(2048, true));
  corpora.add("file_head", "plain", first_page(100, 2));
  corpora.add("file_head", "plain_header", first_page(32, 2));
  corpora.add("file_head", "newer_format", first_page(100, 255));
}

}  // namespace
}  // namespace sqlite_exporter::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_corpora DIRECTORY\n";
    return 2;
  }
  sqlite_exporter::fuzz::write_all(sqlite_exporter::fuzz::Corpora(argv[1]));
}

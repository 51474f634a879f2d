/// Lines of /proc/<pid>/maps, and files that are put in place of the mapped one.
#include "collectors/linux/mapped_code.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr std::string_view kLibrary =
    "7f0000001000-7f0000002000 r-xp 00026000 fe:00 1234    /usr/lib/libsqlite3.so.0.8.6\n";

TEST_CASE("a mapping of code is told with its file") {
  const MappedCode code = parse_mapped_code(kLibrary);
  REQUIRE(code.files.size() == 1);
  CHECK(code.complete);
  CHECK(code.files[0].range == "7f0000001000-7f0000002000");
  CHECK(code.files[0].file == FileIdentity{makedev(0xfe, 0), 1234});
  CHECK(code.files[0].path == "/usr/lib/libsqlite3.so.0.8.6");
  CHECK_FALSE(code.files[0].deleted);
}

TEST_CASE("what is no code of a file is left out") {
  const MappedCode code = parse_mapped_code(
      "00400000-00401000 r--p 00000000 08:01 7 /usr/bin/app\n"
      "7f0000000000-7f0000001000 rw-s 00000000 08:01 8 /data/app.db-shm\n"
      "7f0000001000-7f0000002000 r-xp 00000000 00:00 0 \n"
      "7f0000001000-7f0000002000 r-xp 00000000 00:00 0\n"
      "7f0000002000-7f0000003000 rwxp 00000000 00:00 0 [heap]\n"
      "7f0000003000-7f0000004000 r-xp 00000000 00:06 9 /dev/watchdog\n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n");
  CHECK(code.files.empty());
  CHECK(code.complete);
}

TEST_CASE("zeros in front, blanks, deletion and a second mapping") {
  const MappedCode code = parse_mapped_code(
      "00400000-00452000 r-xp 00000000 08:02 1735 /opt/my app (deleted)\n"
      "00452000-00453000 r-xp 00052000 08:02 1735 /opt/my app (deleted)\n"
      "00000000-00001000 r-xp 00000000 08:02 1736 /x\n");
  REQUIRE(code.files.size() == 2);
  CHECK(code.files[0].range == "400000-452000");
  CHECK(code.files[0].path == "/opt/my app");
  CHECK(code.files[0].deleted);
  CHECK(code.files[1].range == "0-1000");
}

TEST_CASE("a line that is none of the kernel's makes the list incomplete, and hides no other") {
  for (const char* line :
       {"x", "7f0000001000 r-xp 0 08:01 7 /a", "7f-zz r-xp 0 08:01 7 /a", "7f-80 r-x 0 08:01 7 /a",
        "7f-80 r-xp 0 0801 7 /a", "7f-80 r-xp 0 08:01 -7 /a", "7f-80 r-xp 0 08:01", ""}) {
    CAPTURE(line);
    const MappedCode code = parse_mapped_code(std::string(line) + "\n" + std::string(kLibrary));
    CHECK_FALSE(code.complete);
    CHECK(code.files.size() == 1);
  }
}

TEST_CASE("of 513 files one is left out, and so it is said") {
  std::string text;
  for (int i = 0; i < 512; ++i)
    text += "1000-2000 r-xp 0 08:01 " + std::to_string(i + 1) + " /lib/" + std::to_string(i) + "\n";
  CHECK(parse_mapped_code(text).complete);
  const MappedCode code = parse_mapped_code(text + std::string(kLibrary));
  CHECK_FALSE(code.complete);
  CHECK(code.files.size() == 512);
}

std::string content_of(const File& file) {
  std::array<char, 16> buffer{};
  const auto count = file.read_at(0, std::as_writable_bytes(std::span(buffer)));
  REQUIRE(count);
  return {buffer.data(), *count};
}

/// A process that has mapped a file as code.
struct Mapped {
  TemporaryDirectory directory;
  std::string path = directory / "library.so";
  std::optional<ChildProcess> process;

  explicit Mapped(const std::string& content) {
    std::ofstream(path) << content;
    process.emplace([this] {
      const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) != MAP_FAILED;
    });
  }

  MappedFile mapping() const {
    const auto code = read_mapped_code("/proc", process->pid());
    REQUIRE(code);
    CHECK(code->complete);
    const auto found = std::ranges::find(code->files, path, &MappedFile::path);
    REQUIRE(found != code->files.end());
    return *found;
  }
};

TEST_CASE("the mapped file is opened") {
  const Mapped mapped("old");
  const auto opened = open_mapped("/proc", mapped.process->pid(), mapped.mapping());
  REQUIRE(opened);
  CHECK(content_of(opened->file) == "old");
  CHECK(opened->version.size == 3);
}

TEST_CASE("a library that was replaced is opened as it was mapped, or not at all") {
  const Mapped mapped("old");
  std::ofstream(mapped.directory / "new") << "new";
  std::filesystem::rename(mapped.directory / "new", mapped.path);
  const MappedFile mapping = mapped.mapping();
  CHECK(mapping.deleted);
  const auto opened = open_mapped("/proc", mapped.process->pid(), mapping);
  if (opened) {
    CHECK(content_of(opened->file) == "old");
  } else {
    CHECK(opened.error().code == Errc::denied);
  }
}

/// A procfs of one process, without map_files.
struct Procfs {
  TemporaryDirectory directory;
  std::string path = directory.path();

  explicit Procfs(const std::string& root) {
    std::filesystem::create_directory(directory / "7");
    std::filesystem::create_directory_symlink(root, directory / "7/root");
  }
};

MappedFile mapped_as(const std::string& path, const std::string& of) {
  const auto status = status_of(of);
  REQUIRE(status);
  return {"1000-2000", status->identity, path, false};
}

TEST_CASE("without map_files the path leads to the file, if it is still that one") {
  const TemporaryDirectory directory;
  const std::string path = directory / "library.so";
  std::ofstream(path) << "old";
  const Procfs procfs("/");
  const MappedFile mapping = mapped_as(path, path);
  const auto opened = open_mapped(procfs.path, 7, mapping);
  REQUIRE(opened);
  CHECK(content_of(opened->file) == "old");

  const auto is_refused = [&](const MappedFile& mapped) {
    const auto refused = open_mapped(procfs.path, 7, mapped);
    return !refused && refused.error().code != Errc::internal;
  };
  SECTION("another file has its name") {
    std::ofstream(directory / "new") << "new";
    std::filesystem::rename(directory / "new", path);
    CHECK(is_refused(mapping));
  }
  SECTION("a FIFO has its name and inode, and nobody waits for a writer") {
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(is_refused(mapped_as(path, path)));
  }
  SECTION("a link leads to it") {
    std::filesystem::create_symlink(path, directory / "link.so");
    CHECK(is_refused(mapped_as(directory / "link.so", path)));
  }
  SECTION("a folder has its name") {
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK(is_refused(mapping));
  }
  SECTION("it was deleted") {
    MappedFile deleted = mapping;
    deleted.deleted = true;
    CHECK(is_refused(deleted));
  }
  SECTION("a path of nothing") {
    MappedFile nowhere = mapping;
    nowhere.path = "/";
    CHECK(is_refused(nowhere));
  }
}

TEST_CASE("a path begins at the root directory of its process") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "library.so") << "inside";
  const Procfs procfs(directory.path());
  const auto opened =
      open_mapped(procfs.path, 7, mapped_as("/library.so", directory / "library.so"));
  REQUIRE(opened);
  CHECK(content_of(opened->file) == "inside");
}

TEST_CASE("a file that was written to is another version") {
  const TemporaryDirectory directory;
  const std::string path = directory / "library.so";
  std::ofstream(path) << "old";
  const Procfs procfs("/");
  const auto version = [&] { return open_mapped(procfs.path, 7, mapped_as(path, path))->version; };
  const FileVersion before = version();
  CHECK(version() == before);
  std::ofstream(path) << "newer";
  CHECK_FALSE(version() == before);
}

}  // namespace
}  // namespace sqlite_exporter::test

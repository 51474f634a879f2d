/// Files of every kind: read, refused, missing, unlinked, linked to.
#include "tests/support/catch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/linux/file.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::TemporaryDirectory;

std::string written(const TemporaryDirectory& directory, const std::string& name,
                    const std::string& text) {
  const std::string path = directory / name;
  std::ofstream(path) << text;
  return path;
}

template <class T>
Errc code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().message.empty());
  return result.error().code;
}

TEST_CASE("bytes are read at an offset, fewer at the end, none beyond") {
  const TemporaryDirectory directory;
  const auto file = File::open(written(directory, "f", "0123456789"));
  REQUIRE(file);
  std::array<std::byte, 4> bytes{};
  CHECK(file->read_at(0, bytes) == 4U);
  CHECK(bytes[3] == std::byte{'3'});
  CHECK(file->read_at(8, bytes) == 2U);
  CHECK(bytes[1] == std::byte{'9'});
  CHECK(file->read_at(10, bytes) == 0U);
  CHECK(file->read_at(1'000'000'000'000, bytes) == 0U);
}

TEST_CASE("an offset that no file has is an error") {
  const TemporaryDirectory directory;
  const auto file = File::open(written(directory, "f", "x"));
  REQUIRE(file);
  std::array<std::byte, 4> bytes{};
  CHECK(code_of(file->read_at(~std::uint64_t{0}, bytes)) == Errc::io);
}

TEST_CASE("a file of more than 4 GiB has its size, and is read at its end") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f", "");
  constexpr std::uint64_t kEnd = 5ULL << 30U;
  std::filesystem::resize_file(path, kEnd);  // no block of it is on the disk
  std::ofstream(path, std::ios::app) << "end";

  const auto status = status_of(path);
  REQUIRE(status);
  CHECK(status->size == kEnd + 3);
  const auto file = File::open(path);
  REQUIRE(file);
  CHECK(file->status().value().size == kEnd + 3);
  std::array<std::byte, 4> bytes{};
  CHECK(file->read_at(kEnd, bytes) == 3U);
  CHECK(bytes[2] == std::byte{'d'});
}

TEST_CASE("the status of an open file, of its path, and after its path is gone") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f", "12345");
  const auto file = File::open(path);
  REQUIRE(file);
  const auto by_descriptor = file->status();
  const auto by_path = status_of(path);
  REQUIRE(by_descriptor);
  REQUIRE(by_path);
  struct stat truth{};
  REQUIRE(::stat(path.c_str(), &truth) == 0);
  CHECK(by_descriptor->identity == FileIdentity{truth.st_dev, truth.st_ino});
  CHECK(by_path->identity == by_descriptor->identity);
  CHECK(by_descriptor->size == 5);
  CHECK(by_descriptor->link_count == 1);
  CHECK(static_cast<time_t>(by_descriptor->modified) == truth.st_mtim.tv_sec);

  std::filesystem::remove(path);
  CHECK(code_of(status_of(path)) == Errc::no_data);
  const auto unlinked = file->status();
  REQUIRE(unlinked);
  CHECK(unlinked->link_count == 0);
}

TEST_CASE("a moved file is closed once") {
  const TemporaryDirectory directory;
  auto file = File::open(written(directory, "f", "a"));
  auto other = File::open(written(directory, "g", "bc"));
  REQUIRE(file);
  REQUIRE(other);
  const int descriptor = other->descriptor();
  *file = std::move(*other);
  CHECK(file->descriptor() == descriptor);
  File last(std::move(*file));
  CHECK(file->descriptor() == -1);
  const auto status = last.status();
  REQUIRE(status);
  CHECK(status->size == 2);
}

TEST_CASE("a file that is not there, and one below a file") {
  const TemporaryDirectory directory;
  CHECK(code_of(File::open(directory / "none")) == Errc::no_data);
  const std::string path = written(directory, "f", "x");
  CHECK(code_of(File::open(path + "/below")) == Errc::no_data);
  CHECK(code_of(status_of(path + "/below")) == Errc::no_data);
}

TEST_CASE("a FIFO is refused and not waited for") {
  const TemporaryDirectory directory;
  const std::string path = directory / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(code_of(File::open(path)) == Errc::unsupported);
}

TEST_CASE("a directory, a device and a symbolic link are refused") {
  const TemporaryDirectory directory;
  CHECK(code_of(File::open(directory.path().string())) == Errc::unsupported);
  CHECK(code_of(File::open("/dev/null")) == Errc::unsupported);
  std::filesystem::create_symlink(written(directory, "f", "x"), directory / "link");
  CHECK(code_of(File::open(directory / "link")) == Errc::unsupported);
}

TEST_CASE("a file that must be somebody's is opened only if it is his") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f", "x");
  const std::uint32_t uid = File::open(path).value().status().value().uid;
  CHECK(File::open(path, uid));
  CHECK(open_if_there(path, uid).value());
  const auto refused = File::open(path, uid + 1);
  CHECK(code_of(refused) == Errc::denied);
  CHECK(refused.error().message == "open " + path + ": it is the user " + std::to_string(uid) +
                                       "'s by now, and a symbolic link of the user " +
                                       std::to_string(uid + 1) + " led to it");
  CHECK_FALSE(open_if_there(directory / "none", uid + 1).value());
}

TEST_CASE("a descriptor is read-only, and closed in programs that are started") {
  const TemporaryDirectory directory;
  const auto file = File::open(written(directory, "f", "x"));
  REQUIRE(file);
  CHECK((::fcntl(file->descriptor(), F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK((::fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC) == FD_CLOEXEC);
}

TEST_CASE("a real path has no symbolic links") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f", "x");
  std::filesystem::create_symlink("f", directory / "link");
  std::filesystem::create_symlink("loop", directory / "loop");
  const auto resolved = real_path(directory / "link");
  REQUIRE(resolved);
  CHECK(*resolved == path);
  CHECK(code_of(real_path(directory / "none")) == Errc::no_data);
  CHECK(code_of(real_path(directory / "loop")) == Errc::unsupported);
}

TEST_CASE("the kernel's errors have their reasons") {
  for (const int number : {EACCES, EPERM}) {
    CHECK(error_from_errno(number, "open", "/x").code == Errc::denied);
  }
  for (const int number : {EMFILE, ENFILE, ENOMEM}) {
    CHECK(error_from_errno(number, "open", "/x").code == Errc::limit);
  }
  CHECK(error_from_errno(EIO, "open", "/x").code == Errc::io);
  CHECK(error_from_errno(ENOENT, "open", "/x").message == "open /x: No such file or directory");
}

}  // namespace
}  // namespace sqlite_exporter

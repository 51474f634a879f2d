#include "exporter/sql/worker/unlocked_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};

/// One may be left by a transaction that ends between two glances, and the next one begin.
constexpr int kGlancesAtAJournal = 3;

/// After each of these an image that is disturbed is given up.
constexpr std::size_t kStep = std::size_t{256} << 10U;

bool is_in_rollback_mode(int descriptor) {
  std::array<std::byte, 20> head{};
  return ::pread(descriptor, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
         std::memcmp(head.data(), kMagic.data(), kMagic.size()) == 0 && says_rollback_mode(head);
}

}  // namespace

void UnlockedFile::Free::operator()(std::byte* bytes) const { std::free(bytes); }

std::unique_ptr<UnlockedFile> UnlockedFile::create(OpenFile open, const char* path, bool image,
                                                   WriteEvents& events) {
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC, 0);
  if (descriptor < 0) return nullptr;
  if (is_in_rollback_mode(descriptor))
    return std::unique_ptr<UnlockedFile>(new UnlockedFile(descriptor, open, path, image, events));
  ::close(descriptor);
  return nullptr;
}

UnlockedFile::UnlockedFile(int descriptor, OpenFile open, const char* path, bool image,
                           WriteEvents& events)
    : descriptor_(descriptor),
      open_(open),
      journal_(std::string(path).append("-journal")),
      wants_image_(image),
      stillness_(descriptor, &events) {}

UnlockedFile::~UnlockedFile() { ::close(descriptor_); }

int UnlockedFile::begin() {
  if (image_) return SQLITE_OK;
  begun_ = false;
  reading_.hot = false;
  if (!stillness_.begin() || !stillness_.is_in_rollback_mode()) return SQLITE_BUSY;
  reading_.hot = is_journal_hot();
  if (reading_.hot) return SQLITE_BUSY;
  reading_.size = stillness_.size();
  if (wants_image_ && reading_.size <= kMostImage) return take_image();
  begun_ = true;
  return SQLITE_OK;
}

void UnlockedFile::end() {
  if (std::exchange(begun_, false) && !stillness_.held()) reading_.disturbed = true;
}

int UnlockedFile::read(std::span<std::byte> buffer, std::uint64_t offset) {
  if (!image_) {
    if (!begun_ || !stillness_.is_disturbed()) return read_from_file(buffer, offset);
    reading_.disturbed = true;
    return SQLITE_IOERR_READ;
  }
  const std::size_t begin = std::min<std::uint64_t>(offset, image_size_);
  const std::size_t size = std::min(buffer.size(), image_size_ - begin);
  std::copy_n(image_.get() + begin, size, buffer.begin());
  std::ranges::fill(buffer.subspan(size), std::byte{0});
  return size == buffer.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int UnlockedFile::tell_size(std::int64_t& size) const {
  size = static_cast<std::int64_t>(image_size_);
  if (image_) return SQLITE_OK;
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return SQLITE_IOERR_FSTAT;
  size = status.st_size;
  return SQLITE_OK;
}

bool UnlockedFile::is_journal_hot() const {
  for (int glance = 0; glance < kGlancesAtAJournal; ++glance)
    if (!has_journal() || is_locked_for_writing(descriptor_, static_cast<off_t>(kReservedLock), 1))
      return false;
  return true;
}

/// One that is finished is gone, empty, or begins with zeros. What cannot be read may be one.
bool UnlockedFile::has_journal() const {
  const int journal = open_(journal_.c_str(), O_RDONLY | O_CLOEXEC, 0);
  if (journal < 0) return errno != ENOENT;
  std::byte first{};
  const ssize_t size = ::pread(journal, &first, 1, 0);
  ::close(journal);
  return size < 0 || (size == 1 && first != std::byte{0});
}

int UnlockedFile::take_image() {
  std::unique_ptr<std::byte, Free> image(static_cast<std::byte*>(std::malloc(reading_.size)));
  if (!image) return SQLITE_NOMEM;
  bool whole = true;
  for (std::size_t at = 0; whole && at < reading_.size; at += kStep)
    whole =
        read_from_file({image.get() + at, std::min(kStep, reading_.size - at)}, at) == SQLITE_OK &&
        !stillness_.is_disturbed();
  if (!whole || !stillness_.held()) {
    reading_.disturbed = true;  // perhaps the next time
    return SQLITE_BUSY;
  }
  image_ = std::move(image);
  image_size_ = reading_.size;
  reading_.disturbed = false;
  return SQLITE_OK;
}

int UnlockedFile::read_from_file(std::span<std::byte> buffer, std::uint64_t offset) const {
  while (!buffer.empty()) {
    const ssize_t count =
        ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SQLITE_IOERR_READ;
    if (count == 0) {
      std::ranges::fill(buffer, std::byte{0});
      return SQLITE_IOERR_SHORT_READ;
    }
    buffer = buffer.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return SQLITE_OK;
}

}  // namespace sqlite_exporter

/// The only place where a watched file is opened or read.
#include "collectors/linux/file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "collectors/linux/open_without_links.h"

namespace sqlite_exporter {
namespace {

Errc errc_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH: return Errc::no_data;
    case EACCES:
    case EPERM: return Errc::denied;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Errc::limit;
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO: return Errc::unsupported;
    default: return Errc::io;
  }
}

FileStatus status_from(const struct stat& status) {
  constexpr double kNanosecond = 1e-9;
  return {{status.st_dev, status.st_ino},
          status.st_nlink,
          static_cast<std::uint64_t>(status.st_size),
          static_cast<double>(status.st_mtim.tv_sec) +
              static_cast<double>(status.st_mtim.tv_nsec) * kNanosecond,
          status.st_uid,
          status.st_mode};
}

/// An open file keeps no path: it may have been renamed since.
std::string name_of(int descriptor) { return "descriptor " + std::to_string(descriptor); }

/// Scrapes, procfs and libraries go on when databases have used up all other descriptors.
constexpr rlim_t kReservedDescriptors = 16;

/// Four looks at local filesystems at a time, and a sample, have up to five files open each.
constexpr rlim_t kWorkingDescriptors = 24;

/// Neither a FIFO nor a terminal has us wait.
constexpr int kReadOnly = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/// The kernel gives out the lowest number that is free.
bool leaves_too_few(int descriptor, rlim_t enough) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<rlim_t>(descriptor) + enough >= limit.rlim_cur;
}

}  // namespace

Error error_from_errno(int number, std::string_view what, std::string_view path) {
  std::string message(what);
  message.append(" ").append(path).append(": ");
  message += std::generic_category().message(number);
  return {errc_of(number), std::move(message)};
}

Result<File> File::open(const std::string& path, RequiredOwner owner) {
  const int descriptor = open_without_links(path, kReadOnly);
  if (descriptor < 0 && errno == ELOOP)
    return fail(Errc::unsupported, "open " + path + ": a symbolic link is in it by now");
  return opened(descriptor, path, owner);
}

Result<File> File::open_of_kernel(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), kReadOnly | O_CLOEXEC | O_NOFOLLOW);
  } while (descriptor < 0 && errno == EINTR);
  return opened(descriptor, path, std::nullopt);
}

Result<File> File::reopen(int path_descriptor) {
  const std::string path = "/proc/self/fd/" + std::to_string(path_descriptor);
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), kReadOnly | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  return opened(descriptor, path, std::nullopt);
}

Result<File> File::opened(int descriptor, const std::string& path, RequiredOwner owner) {
  if (descriptor < 0) return fail(error_from_errno(errno, "open", path));
  File file(descriptor);
  if (leaves_too_few(descriptor, kReservedDescriptors))
    return fail(error_from_errno(EMFILE, "open", path));
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return fail(error_from_errno(errno, "stat", path));
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::unsupported, "open " + path + ": not a regular file");
  }
  if (Result<void> is_owners = check_owner(owner, status.st_uid, path); !is_owners)
    return fail(is_owners.error());
  leave_atime(descriptor);
  return file;
}

bool may_stay_open(const File& file) {
  return !leaves_too_few(file.descriptor(), kReservedDescriptors + kWorkingDescriptors);
}

// Not by open(2): what that refuses would have to be opened a second time, by path.
void leave_atime(int descriptor) {
  static_cast<void>(::fcntl(descriptor, F_SETFL, O_NONBLOCK | O_NOATIME));
}

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = ::pread(descriptor_, into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(error_from_errno(errno, "read", name_of(descriptor_)));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<FileStatus> File::status() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) {
    return fail(error_from_errno(errno, "stat", name_of(descriptor_)));
  }
  return status_from(status);
}

Result<void> check_owner(RequiredOwner owner, std::uint32_t uid, const std::string& path) {
  if (!owner || *owner == uid) return {};
  return fail(Errc::denied, "open " + path + ": it is the user " + std::to_string(uid) +
                                "'s by now, and a symbolic link of the user " +
                                std::to_string(*owner) + " led to it");
}

Result<std::optional<File>> open_if_there(const std::string& path, RequiredOwner owner) {
  Result<File> file = File::open(path, owner);
  if (file) return std::optional<File>(std::move(*file));
  if (file.error().code == Errc::no_data) return std::nullopt;
  return fail(file.error());
}

Result<FileStatus> status_of(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail(error_from_errno(errno, "stat", path));
  if (S_ISLNK(status.st_mode)) return fail(error_from_errno(ELOOP, "stat", path));
  return status_from(status);
}

Result<FileStatus> status_of_kernel(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(error_from_errno(errno, "stat", path));
  return status_from(status);
}

Result<double> folder_modified(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail(error_from_errno(errno, "stat", path));
  if (!S_ISDIR(status.st_mode)) return fail(Errc::unsupported, path + " is no directory");
  return status_from(status).modified;
}

Result<std::optional<FileStatus>> status_if_there(const std::string& path) {
  Result<FileStatus> status = status_of(path);
  if (status) return *status;
  if (status.error().code == Errc::no_data) return std::nullopt;
  return fail(status.error());
}

Result<std::string> real_path(const std::string& path) {
  std::error_code error;
  auto resolved = std::filesystem::canonical(path, error);
  if (error) return fail(error_from_errno(error.value(), "resolve", path));
  return std::move(resolved).string();
}

}  // namespace sqlite_exporter

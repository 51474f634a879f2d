#include "collectors/linux/mapped_code.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "collectors/linux/descriptor.h"
#include "collectors/linux/link.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

/// 65,530 mappings, as many as vm.max_map_count allows, with paths of a hundred bytes.
constexpr std::size_t kMostOfMaps = std::size_t{12} << 20U;
constexpr std::size_t kMostFiles = 512;
constexpr int kAttempts = 8;

/// One number of 16 without the zeros in front of it, as map_files has it.
bool append_address(std::string_view field, std::string& range) {
  std::uint64_t value = 0;
  if (!assign_number(field, value, 16)) return false;
  const std::size_t first = std::min(field.find_first_not_of('0'), field.size() - 1);
  range.append(field.substr(first));
  return true;
}

std::optional<std::string> range_in(std::string_view field) {
  std::string range;
  if (!append_address(take_until(field, '-'), range)) return std::nullopt;
  range.append("-");
  if (!append_address(field, range)) return std::nullopt;
  return range;
}

std::optional<FileIdentity> identity_in(std::string_view device, std::string_view inode) {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  FileIdentity identity;
  if (!assign_number(take_until(device, ':'), major_number, 16) ||
      !assign_number(device, minor_number, 16) || !assign_number(inode, identity.inode))
    return std::nullopt;
  identity.device = makedev(major_number, minor_number);
  return identity;
}

bool is_device(std::string_view path) {
  return path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
}

/// False for a line that is none of the kernel's.
bool add_line(std::string_view line, MappedCode& code, std::set<FileIdentity>& known) {
  const std::string_view addresses = take_field(line);
  const std::string_view rights = take_field(line);
  take_field(line);  // the offset in the file
  const std::string_view device = take_field(line);
  const std::string_view inode = take_field(line);
  const std::size_t begin = line.find_first_not_of(' ');
  std::string_view path = line.substr(std::min(begin, line.size()));
  auto range = range_in(addresses);
  const auto identity = identity_in(device, inode);
  if (!range || !identity || rights.size() != 4) return false;
  if (rights[2] != 'x' || !path.starts_with('/') || is_device(path)) return true;
  if (!known.insert(*identity).second) return true;
  if (code.files.size() == kMostFiles) {
    code.complete = false;
    return true;
  }
  const bool deleted = path.ends_with(kDeleted);
  if (deleted) path.remove_suffix(kDeleted.size());
  code.files.push_back({std::move(*range), *identity, std::string(path), deleted});
  return true;
}

FileVersion version_from(const struct stat& status) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * kSecond) +
           static_cast<std::int64_t>(time.tv_nsec);
  };
  return {{status.st_dev, status.st_ino},
          static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

/// btrfs and overlayfs have devices of their own for stat, which no block device has.
bool may_be(const struct stat& status, const FileIdentity& mapped) {
  return status.st_ino == mapped.inode &&
         (status.st_dev == mapped.device || major(status.st_dev) == 0);
}

/// Also where the place is a mapping: at its addresses another file may be mapped by now.
Result<OpenedCode> opened_at(const Descriptor& place, const std::string& path,
                             const FileIdentity& mapped) {
  if (place.get() < 0) return fail(error_from_errno(errno, "open", path));
  struct stat status{};
  if (::fstat(place.get(), &status) != 0) return fail(error_from_errno(errno, "stat", path));
  if (!S_ISREG(status.st_mode) || !may_be(status, mapped))
    return fail(Errc::unsupported, path + " is not the file that is mapped");
  Result<File> file = File::reopen(place.get());
  if (!file) return fail(file.error());
  return OpenedCode{std::move(*file), version_from(status)};
}

/// Paths of mappings have no links in them, and none is followed.
int open_below(int folder, const std::string& path) {
  struct open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  const std::size_t first = std::min(path.find_first_not_of('/'), path.size());
  long descriptor = -1;
  // EAGAIN: something on this machine was renamed meanwhile.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    descriptor = ::syscall(SYS_openat2, folder, path.c_str() + first, &how, sizeof(how));
    if (descriptor >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(descriptor);
}

}  // namespace

MappedCode parse_mapped_code(std::string_view text) {
  MappedCode code;
  std::set<FileIdentity> known;
  while (!text.empty())
    if (!add_line(take_until(text, '\n'), code, known)) code.complete = false;
  return code;
}

Result<MappedCode> read_mapped_code(const std::string& procfs, int pid) {
  const auto text = read_text(procfs + "/" + std::to_string(pid) + "/maps", kMostOfMaps);
  if (!text) return fail(text.error());
  return parse_mapped_code(*text);
}

Result<OpenedCode> open_mapped(const std::string& procfs, int pid, const MappedFile& mapped) {
  const std::string process = procfs + "/" + std::to_string(pid);
  const std::string entry = process + "/map_files/" + mapped.range;
  const Descriptor exact(::open(entry.c_str(), O_PATH | O_CLOEXEC));
  if (exact.get() >= 0) return opened_at(exact, entry, mapped.file);
  if (mapped.deleted) return fail(Errc::denied, mapped.path + " was deleted");
  // For one in a chroot(2) of our own mounts the path begins at our root, not at its own.
  for (const std::string& root : {process + "/root", std::string("/")}) {
    const Descriptor top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (top.get() < 0) return fail(error_from_errno(errno, "open", root));
    const Descriptor place(open_below(top.get(), mapped.path));
    Result<OpenedCode> opened = opened_at(place, mapped.path, mapped.file);
    if (opened || root == "/") return opened;
  }
  return fail(Errc::unsupported, mapped.path + " is not the file that is mapped");
}

}  // namespace sqlite_exporter

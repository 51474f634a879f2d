/// Lines of the kernel, each believed as a whole or not at all:
///
///     1: POSIX  ADVISORY  WRITE 1234 08:02:12345 120 121
///     2: OFDLCK ADVISORY  READ  -1   00:1f:77    0   EOF
///     2: -> POSIX  ADVISORY  WRITE 99 00:1f:77 0 EOF
#include "collectors/linux/lock_table.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostText = 16U << 20U;
constexpr std::uint64_t kEndOfFile = std::numeric_limits<std::uint64_t>::max();

bool assign_kind(std::string_view type, std::string_view mode, LockEntry& lock) {
  lock.open_file_description = type == "OFDLCK";
  lock.exclusive = mode == "WRITE";
  return (lock.open_file_description || type == "POSIX") && (lock.exclusive || mode == "READ");
}

/// "08:02:12345": device numbers in hexadecimal, the inode in decimal.
bool assign_file(std::string_view field, LockEntry& lock) {
  const std::string_view major = take_until(field, ':');
  const std::string_view minor = take_until(field, ':');
  return assign_number(major, lock.device_major, 16) &&
         assign_number(minor, lock.device_minor, 16) && assign_number(field, lock.inode);
}

bool assign_range(std::string_view first, std::string_view last, LockEntry& lock) {
  if (!assign_number(first, lock.first)) return false;
  lock.last = kEndOfFile;
  return last == "EOF" || (assign_number(last, lock.last) && lock.first <= lock.last);
}

}  // namespace

bool overlaps(const LockEntry& lock, std::uint64_t first, std::uint64_t length) {
  if (length == 0) return false;
  const std::uint64_t last = length - 1 > kEndOfFile - first ? kEndOfFile : first + (length - 1);
  return lock.first <= last && first <= lock.last;
}

std::optional<LockEntry> parse_lock(std::string_view line) {
  if (!take_field(line).ends_with(':')) return std::nullopt;
  const std::string_view type = take_field(line);
  take_field(line);  // ADVISORY; MANDATORY before Linux 5.15
  const std::string_view mode = take_field(line);
  const std::string_view pid = take_field(line);
  const std::string_view file = take_field(line);
  const std::string_view first = take_field(line);
  const std::string_view last = take_field(line);

  LockEntry lock;
  if (!line.empty() || !assign_kind(type, mode, lock) || !assign_number(pid, lock.pid) ||
      !assign_file(file, lock) || !assign_range(first, last, lock)) {
    return std::nullopt;
  }
  return lock;
}

LockTable LockTable::parse(std::string_view text) {
  LockTable table;
  while (!text.empty()) {
    if (const auto lock = parse_lock(take_until(text, '\n'))) table.entries_.push_back(*lock);
  }
  std::ranges::sort(table.entries_, {}, [](const LockEntry& lock) {
    return std::tuple(lock.inode, lock.first, lock.pid);
  });
  return table;
}

Result<LockTable> LockTable::read(const std::string& procfs) {
  const Result<std::string> text = read_text(procfs + "/locks", kMostText);
  if (!text) return fail(text.error());
  return parse(*text);
}

std::span<const LockEntry> LockTable::of_inode(std::uint64_t inode) const {
  const auto found = std::ranges::equal_range(entries_, inode, {}, &LockEntry::inode);
  return {found.begin(), found.end()};
}

}  // namespace sqlite_exporter

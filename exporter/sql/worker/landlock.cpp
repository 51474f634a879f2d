#include "exporter/sql/worker/landlock.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace sqlite_exporter {

namespace {

/// The kernel's own structure as of its sixth version: headers of a distribution may be older. A
/// kernel takes what it knows of it.
struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scoped;
};

/// Rights over files that version 1 knows are bits 0 to 12; later ones added one each, but the
/// fourth, which is of the network.
constexpr std::uint64_t kFilesOfVersion1 = (1U << 13U) - 1;
constexpr std::uint64_t kRefer = 1U << 13U;
constexpr std::uint64_t kTruncate = 1U << 14U;
constexpr std::uint64_t kIoctlDevice = 1U << 15U;
constexpr std::uint64_t kTcp = 0b11;     ///< bind and connect, since version 4
constexpr std::uint64_t kScopes = 0b11;  ///< abstract sockets and signals, since version 6

Ruleset all_of_version(long version) {
  Ruleset rules{kFilesOfVersion1, 0, 0};
  if (version >= 2) rules.files |= kRefer;
  if (version >= 3) rules.files |= kTruncate;
  if (version >= 4) rules.network = kTcp;
  if (version >= 5) rules.files |= kIoctlDevice;
  if (version >= 6) rules.scoped = kScopes;
  return rules;
}

std::size_t size_of_version(long version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? offsetof(Ruleset, scoped) : offsetof(Ruleset, network);
}

}  // namespace

bool close_all_files() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  const Ruleset rules = all_of_version(version);
  const auto ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size_of_version(version), 0));
  if (ruleset < 0) return false;
  const bool restricted = ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  const int error = errno;
  ::close(ruleset);
  errno = error;
  return restricted;
}

}  // namespace sqlite_exporter

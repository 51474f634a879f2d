#include "exporter/sql/worker/sandbox.h"

#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "exporter/sql/handed_file.h"
#include "exporter/sql/worker/landlock.h"
#include "exporter/sql/worker/sanitized.h"
#include "exporter/sql/worker/system_calls.h"

namespace sqlite_exporter {

namespace {

/// A sanitizer's shadow memory is larger than any limit.
constexpr rlim_t kAddressSpace = rlim_t{512} << 20U;
constexpr rlim_t kDescriptors = 64;

/// Lowers it; a limit that is lower already stays.
bool limit(int resource, rlim_t most) {
  struct rlimit now{};
  // glibc's enumeration is C++'s alone.
  const auto which = static_cast<__rlimit_resource_t>(resource);
  if (::getrlimit(which, &now) != 0) return false;
  now = {std::min(now.rlim_cur, most), std::min(now.rlim_max, most)};
  return ::setrlimit(which, &now) == 0;
}

bool limit_resources() {
  const bool memory = kSanitized || limit(RLIMIT_AS, kAddressSpace);
  return memory && limit(RLIMIT_NOFILE, kDescriptors) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_CORE, 0);
}

bool drop_capabilities() {
  struct Free {
    void operator()(cap_t capabilities) const { ::cap_free(capabilities); }
  };
  const std::unique_ptr<std::remove_pointer_t<cap_t>, Free> now(::cap_get_proc());
  const std::unique_ptr<std::remove_pointer_t<cap_t>, Free> none(::cap_init());
  if (!now || !none) return false;
  // As a service's user it may have come so, and then the call may be closed to it. What is only
  // inheritable counts for nothing with "no new privileges".
  const int differ = ::cap_compare(now.get(), none.get());
  const bool there = !CAP_DIFFERS(differ, CAP_EFFECTIVE) && !CAP_DIFFERS(differ, CAP_PERMITTED);
  return there || ::cap_set_proc(none.get()) == 0;
}

}  // namespace

std::vector<std::string> enter_sandbox() {
  // Standard error may be a file: what cannot be said there is lost, and no more.
  ::signal(SIGXFSZ, SIG_IGN);
  std::vector<std::string> missing;
  const auto tell = [&](bool done, std::string_view what) {
    if (!done)
      missing.push_back(
          std::string(what).append(": ").append(std::generic_category().message(errno)));
  };
  // What the exporter was started with may not be closed by itself.
  tell(::close_range(kHandedFilesSocket + 1, ~0U, 0) == 0, "no inherited descriptors");
  tell(limit_resources(), "resource limits");
  tell(drop_capabilities(), "capabilities");
  // A worker does not outlive the exporter, nor can others of its user trace it.
  tell(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "end with the exporter");
  tell(::prctl(PR_SET_DUMPABLE, 0) == 0, "not dumpable");
  tell(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  tell(close_all_files(), "Landlock");
  tell(restrict_system_calls(), "seccomp");
  return missing;
}

}  // namespace sqlite_exporter

#include "exporter/sql/worker/system_calls.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>

#include "exporter/sql/handed_file.h"
#include "exporter/sql/worker/sanitized.h"

namespace sqlite_exporter {

namespace {

/// By name: which of them an architecture has is libseccomp's to know, 32-bit ARM has other ones
/// for files and time.
constexpr std::array kAllowed = {
    // files that are open; some architectures ask for the status of these, too, by the last three
    "read", "pread64", "readv", "close", "lseek", "_llseek", "fstat", "fstat64", "newfstatat",
    "fstatat64", "statx",
    // memory
    "brk", "munmap", "mremap", "madvise",
    // time, chance, itself
    "clock_gettime", "clock_gettime64", "gettimeofday", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "getrandom", "getpid", "gettid", "getuid", "geteuid", "getuid32", "geteuid32",
    "futex", "futex_time64", "sched_yield", "restart_syscall",
    // the pipes, the end
    "rt_sigreturn", "sigreturn", "sigaltstack", "rt_sigprocmask", "rt_sigaction", "exit",
    "exit_group"};

/// What 32-bit architectures call F_GETLK64 and F_SETLK64; to others they mean nothing.
constexpr int kGetLock64 = 12;
constexpr int kSetLock64 = 13;

using Rules = std::initializer_list<scmp_arg_cmp>;

int allow(scmp_filter_ctx filter, const char* name, Rules arguments = {}) {
  const int call = seccomp_syscall_resolve_name(name);
  if (call == __NR_SCMP_ERROR) return 0;  // a call that this library has not heard of yet
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
                                static_cast<unsigned>(arguments.size()), std::data(arguments));
}

/// Arguments are ints: what stands above them in a register means nothing.
scmp_arg_cmp argument_is(unsigned number, unsigned mask, int value) {
  return {number, SCMP_CMP_MASKED_EQ, mask, static_cast<unsigned>(value)};
}
scmp_arg_cmp argument_is(unsigned number, int value) { return argument_is(number, ~0U, value); }

int allow_all(scmp_filter_ctx filter) {
  int worst = 0;
  const auto add = [&](const char* name, Rules arguments = {}) {
    const int result = allow(filter, name, arguments);
    if (result < 0) worst = result;
  };
  for (const char* const name : kAllowed) add(name);
  // Files are handed over.
  add("write", {argument_is(0, kHandedFilesSocket)});
  add("recvmsg", {argument_is(0, kHandedFilesSocket)});
  // Locks for reading are taken with F_SETLK; for writing the kernel wants a file open for that.
  for (const int command : {F_GETFD, F_SETFD, F_GETFL, F_GETLK, F_SETLK, kGetLock64, kSetLock64}) {
    add("fcntl", {argument_is(1, command)});
    add("fcntl64", {argument_is(1, command)});
  }
  for (const char* const name : {"mmap", "mmap2", "mprotect"})
    add(name, {argument_is(2, PROT_EXEC, 0)});
  // By writing it into a pipe a sanitizer finds out whether memory is there.
  if (kSanitized)
    for (const char* const name : {"pipe", "pipe2", "write"}) add(name);
  // Answers, and what a sanitizer has to say.
  for (const char* const name : {"write", "writev"})
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO})
      add(name, {argument_is(0, descriptor)});
  return worst;
}

}  // namespace

bool restrict_system_calls() {
  struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
  };
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) {
    errno = ENOMEM;
    return false;
  }
  // Else every reason is ECANCELED.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);
  int error = allow_all(filter.get());
  if (error == 0) error = seccomp_load(filter.get());
  errno = -error;
  return error == 0;
}

}  // namespace sqlite_exporter

/// Mounts that nobody else sees, and that are gone with the thread and the processes it started.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <thread>

namespace sqlite_exporter::test {

/// Runs `work` on a thread with a mount namespace of its own, from which nothing spreads; what it
/// forks stays there. Returns why that failed, "" if it did not. `work` returns the same, and may
/// not assert: it is another thread.
inline std::string in_mount_namespace(const std::function<std::string()>& work) {
  std::string problem;
  std::thread([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      problem = std::string("a mount namespace cannot be made here: ") + std::strerror(errno);
      return;
    }
    try {
      problem = work();
    } catch (const std::exception& error) {
      problem = error.what();
    }
  }).join();
  return problem;
}

/// "" if it was mounted, else the kernel's words.
inline std::string mount_here(const std::string& source, const std::string& target,
                              const char* fstype, unsigned long flags = 0,
                              const std::string& options = "") {
  if (::mount(source.c_str(), target.c_str(), fstype, flags, options.c_str()) == 0) return {};
  return "cannot mount on " + target + ": " + std::strerror(errno);
}

}  // namespace sqlite_exporter::test

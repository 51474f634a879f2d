/// unshare, and setns back.
#include "tests/support/private_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace sqlite_exporter::test {

PrivateMounts::PrivateMounts() : before_(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)) {
  if (before_ < 0 || ::unshare(CLONE_NEWNS) != 0) {
    refused_ = "a mount namespace: " + std::generic_category().message(errno);
    return;
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw std::system_error(errno, std::generic_category(), "mount --make-rprivate /");
  }
}

PrivateMounts::~PrivateMounts() {
  if (refused_.empty()) {
    std::error_code ignored;
    const auto directory = std::filesystem::current_path(ignored);
    if (::setns(before_, CLONE_NEWNS) != 0) ::_exit(1);  // or later tests would run in here
    std::filesystem::current_path(directory, ignored);   // setns goes to the root directory
  }
  if (before_ >= 0) ::close(before_);
}

void PrivateMounts::mount(const std::string& type, const std::string& source,
                          const std::string& target, unsigned long flags,
                          const std::string& options) {
  if (::mount(source.c_str(), target.c_str(), type.c_str(), flags, options.c_str()) != 0) {
    throw std::system_error(errno, std::generic_category(), "mount " + target);
  }
}

}  // namespace sqlite_exporter::test

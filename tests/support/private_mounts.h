/// Mounts that nobody else sees, gone with the test: a mount namespace of this process's own.
#pragma once

#include <string>

namespace sqlite_exporter::test {

/// Programs started meanwhile see the mounts too. Not for processes with threads of their own.
class PrivateMounts {
 public:
  PrivateMounts();
  PrivateMounts(const PrivateMounts&) = delete;
  PrivateMounts& operator=(const PrivateMounts&) = delete;
  /// Back to the mounts from before; what was mounted goes with its last user.
  ~PrivateMounts();

  /// Why there are none: a test that needs them prints it and ends. "" if there are.
  const std::string& refused() const { return refused_; }

  /// As mount(2); throws std::system_error.
  void mount(const std::string& type, const std::string& source, const std::string& target,
             unsigned long flags = 0, const std::string& options = "");

 private:
  std::string refused_;
  int before_ = -1;
};

}  // namespace sqlite_exporter::test

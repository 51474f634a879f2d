/// A cgroup of this machine, below this process's own; gone with the object.
#pragma once

#include <sys/types.h>

#include <string>

namespace sqlite_exporter::test {

class RealCgroup {
 public:
  /// `controller` is a v1 hierarchy as /proc/self/cgroup spells it ("cpu", "name=systemd"), "" is
  /// v2. `name` has to be of this process alone.
  RealCgroup(const std::string& controller, const std::string& name);
  RealCgroup(const RealCgroup&) = delete;
  RealCgroup& operator=(const RealCgroup&) = delete;
  /// Its processes have to be gone.
  ~RealCgroup();

  /// Empty if there is one; why this kernel or this user may not have it.
  const std::string& missing() const { return missing_; }
  /// As /proc/<pid>/cgroup shows it.
  const std::string& path() const { return path_; }
  std::string read(const std::string& file) const;
  bool write(const std::string& file, const std::string& text) const;
  bool move_here(pid_t pid) const { return write("cgroup.procs", std::to_string(pid)); }

 private:
  std::string path_;
  std::string directory_;
  std::string missing_;
};

}  // namespace sqlite_exporter::test

#include "tests/support/real_cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "tests/support/await.h"

namespace sqlite_exporter::test {
namespace {

/// This process's own path in the hierarchy.
std::optional<std::string> own_path(const std::string& controller) {
  const std::string list = controller.empty() ? "" : "," + controller + ",";
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string names = line.substr(first + 1, second - first - 1);
    if (!names.empty()) names = "," + names + ",";
    if (names == list || (!list.empty() && names.find(list) != std::string::npos))
      return line.substr(second + 1);
  }
  return std::nullopt;
}

std::string mountpoint_of(const std::string& controller) {
  const std::string base = "/sys/fs/cgroup";
  if (!controller.empty())
    return base + "/" + (controller == "name=systemd" ? "systemd" : controller);
  return ::access((base + "/cgroup.controllers").c_str(), F_OK) == 0 ? base : base + "/unified";
}

}  // namespace

RealCgroup::RealCgroup(const std::string& controller, const std::string& name) {
  const std::string what = controller.empty() ? "cgroup v2" : controller + " of cgroup v1";
  const auto own = own_path(controller);
  if (!own) {
    missing_ = what + " is not mounted";
    return;
  }
  path_ = (*own == "/" ? "" : *own) + "/" + name;
  directory_ = mountpoint_of(controller) + path_;
  if (::mkdir(directory_.c_str(), 0755) == 0) return;
  missing_ = what + ": " + std::generic_category().message(errno);
  directory_.clear();
}

RealCgroup::~RealCgroup() {
  // A process that was waited for is still listed for a moment.
  if (!directory_.empty())
    await([&] { return ::rmdir(directory_.c_str()) == 0 || errno == ENOENT; });
}

std::string RealCgroup::read(const std::string& file) const {
  std::ostringstream text;
  text << std::ifstream(directory_ + "/" + file).rdbuf();
  return text.str();
}

bool RealCgroup::write(const std::string& file, const std::string& text) const {
  std::ofstream stream(directory_ + "/" + file);
  stream << text;
  stream.close();
  return !stream.fail();
}

}  // namespace sqlite_exporter::test

/// Files of a procfs or a sysfs that were written for a test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {

class FileTree {
 public:
  /// With the directories it takes.
  void write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = root_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path);
    file << content;
    file.close();
    REQUIRE(file);
  }
  void link(const std::string& name, const std::string& target) const {
    const std::filesystem::path path = root_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_symlink(target, path);
  }
  void remove(const std::string& name) const {
    REQUIRE(std::filesystem::remove_all(root_.path() / name) > 0);
  }
  std::string path() const { return root_.path().string(); }

 private:
  TemporaryDirectory root_;
};

}  // namespace sqlite_exporter::test

/// The temporary folder: private, and gone with its object.
#include "tests/support/catch.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "exporter/demo/folder.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;

TEST_CASE("the folder is this user's alone and goes with all that is in it") {
  std::optional<TemporaryFolder> folder;
  {
    auto created = TemporaryFolder::create();
    REQUIRE(created.has_value());
    folder.emplace(std::move(*created));
  }
  const fs::path path = folder->path();
  CHECK(fs::canonical(path) == path);
  CHECK(fs::status(path).permissions() == fs::perms::owner_all);
  fs::create_directory(path / "deeper");
  std::ofstream(path / "deeper" / "file") << "text";

  folder.reset();
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a symbolic link out of the folder is removed, its target is not") {
  auto outer = TemporaryFolder::create();
  REQUIRE(outer.has_value());
  const fs::path kept = fs::path(outer->path()) / "kept";
  std::ofstream(kept) << "text";
  {
    auto folder = TemporaryFolder::create();
    REQUIRE(folder.has_value());
    fs::create_directory_symlink(outer->path(), fs::path(folder->path()) / "link");
  }
  CHECK(fs::exists(kept));
}

TEST_CASE("assignment removes the folder that is given up") {
  auto first = TemporaryFolder::create();
  auto second = TemporaryFolder::create();
  REQUIRE((first.has_value() && second.has_value()));
  const fs::path given_up = first->path();
  const fs::path taken = second->path();
  *first = std::move(*second);
  CHECK_FALSE(fs::exists(given_up));
  CHECK(fs::exists(taken));
  CHECK(first->path() == taken);
}

}  // namespace
}  // namespace sqlite_exporter

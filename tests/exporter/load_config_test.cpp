/// Which file is read, what is added from the command line, and who wins.
#include "exporter/load_config.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kCollectors = {"database", "wal"};
constexpr std::array<std::string_view, 1> kReserved = {"state"};

constexpr const char* kFile = R"(
[[database]]
path = "/data/app.db"
[poll]
interval = "1m"
[web]
listen_address = "file:1"
[log]
level = "warn"
format = "json"
[collector.wal]
enabled = false
)";

Result<Config> load(const CommandLine& line, const std::string& default_file) {
  return ConfigLoader(line, default_file, kCollectors, {kReserved.begin(), kReserved.end()}).load();
}

std::vector<std::string> paths(const Config& config) {
  std::vector<std::string> result;
  for (const DatabaseConfig& database : config.databases()) result.push_back(database.path);
  return result;
}

/// Puts the process into a directory, and back.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::filesystem::path& path) {
    std::filesystem::current_path(path);
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_CASE("the default file is read only if nothing else is named") {
  const test::TemporaryDirectory directory;
  const std::string file = directory / "x.toml";
  std::ofstream(file) << kFile;
  CHECK(paths(load({}, file).value()) == std::vector<std::string>{"/data/app.db"});

  CommandLine with_files;
  with_files.files = {"/srv/edge.db"};
  const Config files_only = load(with_files, file).value();
  CHECK(paths(files_only) == std::vector<std::string>{"/srv/edge.db"});
  CHECK(files_only.poll().interval == 5s);

  with_files.config_file = file;
  const Config both = load(with_files, directory / "absent.toml").value();
  CHECK(paths(both) == std::vector<std::string>{"/data/app.db", "/srv/edge.db"});
  CHECK(both.poll().interval == 1min);
}

TEST_CASE("a folder of the command line is one at a reload, though its mount is gone by then") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "data");
  CommandLine line;
  line.files = {directory / "data"};
  ConfigLoader loader(line, "", kCollectors, {});
  CHECK(paths(loader.load().value()) == std::vector<std::string>{directory / "data/"});
  std::filesystem::remove(directory / "data");
  CHECK(paths(loader.load().value()) == std::vector<std::string>{directory / "data/"});
}

TEST_CASE("a named file that is absent is an error") {
  const test::TemporaryDirectory directory;
  CommandLine line;
  line.config_file = directory / "absent.toml";
  const auto config = load(line, directory / "default.toml");
  REQUIRE_FALSE(config);
  CHECK(config.error().message == *line.config_file + " cannot be read: No such file or directory");
}

TEST_CASE("without anything to go by there is a guide") {
  const auto config = load({}, "/nonexistent/x.toml");
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Errc::config);
  CHECK(config.error().message ==
        R"(there is nothing to watch: no file was named and /nonexistent/x.toml does not exist
Try one of
  sqlite_exporter demo                    live databases in a temporary folder
  sqlite_exporter '/var/lib/*/*.db'       your own: files or globs
  sqlite_exporter --config.file=FILE      what a configuration file names
  sqlite_exporter --help                  everything else)");
}

TEST_CASE("a default file that is there but wrong is an error") {
  const test::TemporaryDirectory directory;
  const std::string file = directory / "x.toml";
  std::ofstream(file) << "[poll]\n";
  CHECK(load({}, file).error().message ==
        file +
            ":1:1: key \"database\" is missing, so there is nothing to watch: "
            "add a [[database]] with a path, or processes = true in [discovery]");
}

TEST_CASE("a flag wins over the file") {
  const test::TemporaryDirectory directory;
  CommandLine line;
  line.config_file = directory / "x.toml";
  std::ofstream(*line.config_file) << kFile;
  line.poll_interval = "2s";
  line.web_listen_address = "flag:2";
  line.log_level = "debug";
  line.log_format = "logfmt";
  line.collector_enabled = {{"database", false}, {"wal", true}};
  const Config config = load(line, "").value();
  CHECK(config.poll().interval == 2s);
  CHECK(config.web().listen_address == "flag:2");
  CHECK(config.log() == LogConfig{LogLevel::debug, LogFormat::logfmt});
  CHECK_FALSE(config.collector_enabled("database"));
  CHECK(config.collector_enabled("wal"));
}

TEST_CASE("a wrong flag or argument is named as the user knows it") {
  CommandLine line;
  line.files = {"/a.db"};
  line.poll_interval = "1ms";
  CHECK(load(line, "").error().message ==
        "--poll.interval must be a duration from 100ms to 1h such as \"5s\", not \"1ms\"");
  line.poll_interval.reset();
  line.log_level = "loud";
  CHECK(load(line, "").error().message ==
        "--log.level must be \"debug\", \"info\", \"warn\" or \"error\", not \"loud\"");
  line.log_level.reset();
  line.files = {"/x/a.db", "/x/a.db"};
  CHECK(load(line, "").error().message ==
        "argument \"/x/a.db\" must be unique, \"/x/a.db\" is there already");
  line.files = {""};
  CHECK(load(line, "").error().message == "argument \"\" must not be empty");
}

TEST_CASE("files of one name on the command line are told apart by their folders") {
  const test::TemporaryDirectory directory;
  const auto names = [&](std::vector<std::string> files, const char* configured) {
    CommandLine line;
    line.files = std::move(files);
    if (*configured != '\0') {
      line.config_file = directory / "x.toml";
      std::ofstream(*line.config_file) << configured;
    }
    std::vector<std::string> result;
    const Config config = load(line, "").value();
    for (const DatabaseConfig& database : config.databases())
      result.push_back(database.name.value_or("-"));
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names({"/x/a.db", "/y/a.db", "/y/b.db"}, "") == Names{"x/a", "y/a", "-"});
  CHECK(names({"/x/a.db", "/x/a.sqlite"}, "") == Names{"a", "/x/a.sqlite"});
  CHECK(names({"/x/a.db", "/y/*/a.db"}, "") == Names{"-", "-"});
  // The file keeps the name that it gave.
  CHECK(names({"/y/a.db"}, "[[database]]\npath = \"/x/a.db\"\n") == Names{"-", "/y/a.db"});
  CHECK(names({"/y/a.db", "/z/a.db"}, "[[database]]\npath = \"/x/b.db\"\nname = \"y/a\"\n") ==
        Names{"y/a", "/y/a.db", "z/a"});
}

TEST_CASE("relative files are in the working directory, whatever it is called") {
  const test::TemporaryDirectory directory;
  const std::string root = directory.path().string();
  std::filesystem::create_directory(directory.path() / "[prod]");
  CommandLine line;
  line.files = {"app.db", "./sub/*.db", "../up.db"};
  {
    const WorkingDirectory plain(directory.path());
    CHECK(paths(load(line, "").value()) ==
          std::vector<std::string>{root + "/app.db", root + "/sub/*.db", root + "/../up.db"});
  }
  const WorkingDirectory bracketed(directory.path() / "[prod]");
  line.files = {"app.db"};
  CHECK(paths(load(line, "").value()) == std::vector<std::string>{root + "/[[]prod]/app.db"});
}

TEST_CASE("a file that exists is no pattern, though its name holds glob characters") {
  const test::TemporaryDirectory directory;
  const std::string file = directory / "copy[1].db";
  CommandLine line;
  line.files = {file};
  CHECK(paths(load(line, "").value()) == std::vector<std::string>{file});
  std::ofstream(file) << "x";
  CHECK(paths(load(line, "").value()) == std::vector<std::string>{directory / "copy[[]1].db"});
  std::filesystem::remove(file);
  std::filesystem::create_symlink("nowhere", file);
  CHECK(paths(load(line, "").value()) == std::vector<std::string>{directory / "copy[[]1].db"});
}

TEST_CASE("a directory is a folder, with and without a slash") {
  const test::TemporaryDirectory directory;
  const std::string root = directory.path().string();
  std::filesystem::create_directory(directory.path() / "data");
  std::filesystem::create_directory(directory.path() / "v[1]");
  std::filesystem::create_directory_symlink("data", directory.path() / "link");
  const WorkingDirectory here(directory.path());
  CommandLine line;
  line.files = {"data", "./link", directory / "v[1]", "absent/", "absent.db"};
  CHECK(paths(load(line, "").value()) ==
        std::vector<std::string>{root + "/data/", root + "/link/", root + "/v[[]1]/",
                                 root + "/absent/", root + "/absent.db"});
  line.files = {"."};
  CHECK(paths(load(line, "").value()) == std::vector<std::string>{root + "/"});
}

}  // namespace
}  // namespace sqlite_exporter

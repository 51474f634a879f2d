/// What the daemon hands to its worker, asked rightly, wrongly and too late.
#include "exporter/sql/file_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "exporter/sql/handed_file.h"
#include "exporter/sql/worker/handed_files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

/// Both ends in one thread: what the worker asks is written before it is answered.
struct Site {
  TemporaryDirectory directory;
  std::string database = fs::canonical(directory.path()).string() + "/app.db";
  Descriptor of_worker;
  FileServer server;

  explicit Site(RequiredOwner owner = std::nullopt) : Site(files_for_worker().value(), owner) {}
  ~Site() { server.end(); }

  FileReply ask(const std::string& request, int* descriptor = nullptr) {
    REQUIRE(::send(of_worker.get(), request.data(), request.size(), 0) ==
            static_cast<ssize_t>(request.size()));
    server.answer();
    FileReply reply;
    iovec content{&reply, sizeof(reply)};
    alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = rights;
    message.msg_controllen = sizeof(rights);
    if (::recvmsg(of_worker.get(), &message, MSG_DONTWAIT) != sizeof(reply)) {
      reply.error = -1;  // no answer
      return reply;
    }
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    int handed = -1;
    if (header != nullptr) handed = *reinterpret_cast<const int*>(CMSG_DATA(header));
    if (descriptor != nullptr)
      *descriptor = handed;
    else
      CHECK(handed == -1);
    return reply;
  }

 private:
  Site(std::pair<std::shared_ptr<const WorkerFiles>, Descriptor> ends, RequiredOwner owner)
      : of_worker(std::move(ends.second)), server(database, std::move(ends.first), owner) {}
};

std::string request(int file, FileWish wish) {
  return {static_cast<char>(file), static_cast<char>(wish)};
}

TEST_CASE("a file of the database is handed over, open for reading alone") {
  Site site;
  std::ofstream(site.database) << "0123456789";
  std::ofstream(site.database + "-wal") << "abc";
  CHECK(site.ask(request(0, FileWish::status)).size == 10);
  int descriptor = -1;
  const FileReply reply = site.ask(request(1, FileWish::file), &descriptor);
  CHECK(reply.error == 0);
  CHECK(reply.size == 3);
  REQUIRE(descriptor >= 0);
  CHECK((::fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY);
  struct stat status{};
  CHECK(::fstat(descriptor, &status) == 0);
  CHECK(status.st_ino == reply.inode);
  ::close(descriptor);
  CHECK(site.ask(request(3, FileWish::file)).error == ENOENT);
}

TEST_CASE("writes to a file that is watched are events, until the end") {
  Site site;
  std::ofstream(site.database) << "x";
  int events = -1;
  CHECK(site.ask(request(0, FileWish::watch_and_events), &events).error == 0);
  REQUIRE(events >= 0);
  char event[4096];
  CHECK(::read(events, event, sizeof(event)) == -1);
  std::ofstream(site.database, std::ios::app) << "y";
  CHECK(::read(events, event, sizeof(event)) > 0);
  CHECK(site.ask(request(0, FileWish::watch)).error == 0);
  std::ofstream(site.database, std::ios::app) << "z";
  CHECK(::read(events, event, sizeof(event)) > 0);
  site.server.end();
  CHECK(::read(events, event, sizeof(event)) > 0);  // that it is watched no more
  std::ofstream(site.database, std::ios::app) << "z";
  CHECK(::read(events, event, sizeof(event)) == -1);
  ::close(events);
}

TEST_CASE("neither a link nor a FIFO in the place of a file is handed over") {
  Site site;
  std::ofstream(site.directory / "secret") << "x";
  fs::create_symlink("secret", site.database);
  CHECK(site.ask(request(0, FileWish::file)).error == ENXIO);
  fs::remove(site.database);
  REQUIRE(::mkfifo(site.database.c_str(), 0600) == 0);
  CHECK(site.ask(request(0, FileWish::file)).error == ENXIO);
}

TEST_CASE("behind somebody's link, no file that is another's is handed over") {
  Site own(::geteuid());
  std::ofstream(own.database) << "x";
  CHECK(own.ask(request(0, FileWish::status)).error == 0);
  Site site(::geteuid() + 1);
  for (const std::string_view end : kDatabaseFileEnds)
    std::ofstream(std::string(site.database).append(end)) << "x";
  for (int file = 0; file < 4; ++file)
    for (const FileWish wish :
         {FileWish::status, FileWish::file, FileWish::watch, FileWish::watch_and_events})
      CHECK(site.ask(request(file, wish)).error == EACCES);
}

TEST_CASE("what is no request is not answered, and ends the service") {
  for (const std::string& wrong :
       {std::string("\x04\x01", 2), std::string("\x00\x04", 2), std::string("\x00", 1),
        std::string("/etc/shadow"), std::string(1000, '\0')}) {
    Site site;
    std::ofstream(site.database) << "x";
    CHECK(site.ask(wrong).error == -1);
    CHECK(site.server.descriptor() == -1);
  }
}

TEST_CASE("a worker that is gone, and one that asks nothing") {
  Site site;
  site.server.answer();
  CHECK(site.server.descriptor() >= 0);
  site.of_worker = Descriptor();
  site.server.answer();
  CHECK(site.server.descriptor() == -1);
}

TEST_CASE("the worker asks for nothing but files of its database") {
  Site site;
  HandedFiles files(site.of_worker.get());
  files.set_database(site.database);
  for (const std::string& path : {site.database + "-other", site.database + "/x",
                                  std::string("/etc/hostname"), std::string()}) {
    errno = 0;
    CHECK(files.open(path.c_str()) == -1);
    CHECK(errno == EACCES);
  }
}

}  // namespace
}  // namespace sqlite_exporter::test

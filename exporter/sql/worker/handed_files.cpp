#include "exporter/sql/worker/handed_files.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sqlite_exporter {

namespace {

int refuse(int number) {
  errno = number;
  return -1;
}

/// The descriptor that came with the message; -1 if none did.
int descriptor_in(msghdr& message) {
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return -1;
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
  return descriptor;
}

void fill(struct stat& status, const FileReply& reply) {
  status = {};
  status.st_dev = static_cast<dev_t>(reply.device);
  status.st_ino = static_cast<ino_t>(reply.inode);
  status.st_nlink = static_cast<nlink_t>(reply.link_count);
  status.st_size = static_cast<off_t>(reply.size);
  status.st_mtim.tv_sec = static_cast<time_t>(reply.modified);
  status.st_uid = reply.uid;
  status.st_mode = reply.mode;
}

}  // namespace

int HandedFiles::ask(const char* path, FileWish wish, struct stat* status) const {
  const auto file = file_of(path, database_);
  if (!file) return refuse(EACCES);
  const FileRequest request{*file, static_cast<std::uint8_t>(wish)};
  if (::write(socket_, &request, sizeof(request)) != sizeof(request)) return refuse(EIO);
  FileReply reply;
  iovec content{&reply, sizeof(reply)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> rights{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = rights.data();
  message.msg_controllen = rights.size();
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != sizeof(reply)) return refuse(EIO);
  if (reply.error != 0) return refuse(reply.error);
  if (status != nullptr) fill(*status, reply);
  if (wish == FileWish::status || wish == FileWish::watch) return 0;
  const int descriptor = descriptor_in(message);
  return descriptor < 0 ? refuse(EMFILE) : descriptor;  // there was no room for it
}

int HandedFiles::open(const char* path) const { return ask(path, FileWish::file, nullptr); }

int HandedFiles::status(const char* path, struct stat* status) const {
  return ask(path, FileWish::status, status);
}

bool HandedFiles::watch(int descriptor, int& events) const {
  struct stat watched{};
  const FileWish wish = events < 0 ? FileWish::watch_and_events : FileWish::watch;
  const int answer = ask(database_.c_str(), wish, &watched);
  if (answer < 0) return false;
  if (events < 0) events = answer;
  struct stat open{};
  return ::fstat(descriptor, &open) == 0 && open.st_dev == watched.st_dev &&
         open.st_ino == watched.st_ino;
}

}  // namespace sqlite_exporter

#include "exporter/sql/file_server.h"

#include <sys/inotify.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "collectors/linux/file.h"
#include "exporter/sql/handed_file.h"

namespace sqlite_exporter {

namespace {

int errno_of(Errc code) {
  switch (code) {
    case Errc::no_data: return ENOENT;
    case Errc::denied: return EACCES;
    case Errc::limit: return EMFILE;
    case Errc::unsupported: return ENXIO;
    default: return EIO;
  }
}

FileReply reply_of(const Result<FileStatus>& status) {
  FileReply reply;
  if (!status) {
    reply.error = errno_of(status.error().code);
    return reply;
  }
  reply.device = status->identity.device;
  reply.inode = status->identity.inode;
  reply.link_count = status->link_count;
  reply.size = status->size;
  reply.modified = status->modified > 0 ? static_cast<std::uint64_t>(status->modified) : 0;
  reply.uid = status->uid;
  reply.mode = status->mode;
  return reply;
}

/// What a worker that does not listen misses is its own loss.
void send(int socket, FileReply reply, int descriptor) {
  iovec content{&reply, sizeof(reply)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> rights{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = rights.data();
    message.msg_controllen = rights.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  static_cast<void>(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace

Result<std::pair<std::shared_ptr<const WorkerFiles>, Descriptor>> files_for_worker() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(error_from_errno(errno, "open", "a socket"));
  return std::pair(std::make_shared<const WorkerFiles>(
                       Descriptor(ends[0]), Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))),
                   Descriptor(ends[1]));
}

FileServer::FileServer(std::string database, std::shared_ptr<const WorkerFiles> files,
                       RequiredOwner owner)
    : database_(std::move(database)), owner_(owner), files_(std::move(files)) {}

void FileServer::answer() {
  if (!files_) return;
  const int socket = files_->socket.get();
  FileRequest request;
  const ssize_t size = ::recv(socket, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size != sizeof(request) || request.file >= kDatabaseFileEnds.size() ||
      request.wish >= kFileWishes)
    return end();  // it is gone, or it is none of ours any more
  const Result<File> file =
      File::open(std::string(database_).append(kDatabaseFileEnds[request.file]), owner_);
  const auto wish = static_cast<FileWish>(request.wish);
  FileReply reply = reply_of(file.and_then([](const File& open) { return open.status(); }));
  int handed = -1;
  if (reply.error == 0 && wish == FileWish::file) handed = file->descriptor();
  if (reply.error == 0 && (wish == FileWish::watch || wish == FileWish::watch_and_events)) {
    if (!watch(file->descriptor())) reply.error = ENOSPC;
    if (reply.error == 0 && wish == FileWish::watch_and_events) handed = files_->events.get();
  }
  send(socket, reply, handed);
}

/// No name is looked up again: what is watched is what was opened.
bool FileServer::watch(int descriptor) {
  const int events = files_->events.get();
  const int before = std::exchange(
      watch_, ::inotify_add_watch(events, ("/proc/self/fd/" + std::to_string(descriptor)).c_str(),
                                  IN_MODIFY));
  // To watch a file twice is one watch.
  if (before >= 0 && before != watch_) ::inotify_rm_watch(events, before);
  return watch_ >= 0;
}

void FileServer::end() {
  if (watch_ >= 0) ::inotify_rm_watch(files_->events.get(), std::exchange(watch_, -1));
  files_.reset();
}

}  // namespace sqlite_exporter

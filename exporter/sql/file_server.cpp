#include "exporter/sql/file_server.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

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

Result<std::pair<Descriptor, Descriptor>> socket_for_files() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(error_from_errno(errno, "open", "a socket"));
  return std::pair(Descriptor(ends[0]), Descriptor(ends[1]));
}

FileServer::FileServer(std::string database, std::shared_ptr<const Descriptor> socket)
    : database_(std::move(database)), socket_(std::move(socket)) {}

void FileServer::answer() {
  if (!socket_) return;
  FileRequest request;
  const ssize_t size = ::recv(socket_->get(), &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size != sizeof(request) || request.file >= kDatabaseFileEnds.size())
    return socket_.reset();  // it is gone, or it is none of ours any more
  const Result<File> file =
      File::open(std::string(database_).append(kDatabaseFileEnds[request.file]));
  const Result<FileStatus> status = file ? file->status() : Result<FileStatus>(fail(file.error()));
  const bool handed = status && request.with_descriptor != 0;
  send(socket_->get(), reply_of(status), handed ? file->descriptor() : -1);
}

}  // namespace sqlite_exporter

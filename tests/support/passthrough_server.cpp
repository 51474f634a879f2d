#include "tests/support/passthrough_server.h"

#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sqlite_exporter::test {

namespace {

struct Backing {
  int folder;
  const FaultSwitch& faults;
};

const Backing& backing() { return *static_cast<const Backing*>(fuse_get_context()->private_data); }

/// As *at() takes it, relative to the folder.
const char* below(const char* path) { return path[1] == '\0' ? "." : path + 1; }

int descriptor(const fuse_file_info* file) { return static_cast<int>(file->fh); }

int result_of(int returned) { return returned < 0 ? -errno : 0; }

int count_of(ssize_t returned) { return returned < 0 ? -errno : static_cast<int>(returned); }

int keep(int opened, fuse_file_info* file) {
  if (opened < 0) return -errno;
  file->fh = static_cast<std::uint64_t>(opened);
  return 0;
}

void* init(fuse_conn_info*, fuse_config* config) {
  // Applications and the exporter compare inode numbers, and an open file may be unlinked.
  config->use_ino = 1;
  config->hard_remove = 1;
  config->entry_timeout = 0;
  config->attr_timeout = 0;
  config->negative_timeout = 0;
  return fuse_get_context()->private_data;
}

int get_attributes(const char* path, struct stat* status, fuse_file_info* file) {
  if (file != nullptr) return result_of(::fstat(descriptor(file), status));
  return result_of(::fstatat(backing().folder, below(path), status, AT_SYMLINK_NOFOLLOW));
}

int read_directory(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
                   fuse_readdir_flags) {
  if (backing().faults.is_set(Fault::readdir)) return -EIO;
  const int opened = ::openat(backing().folder, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return -errno;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(opened), ::closedir);
  while (const dirent* const entry = ::readdir(directory.get()))
    fill(buffer, entry->d_name, nullptr, 0, fuse_fill_dir_flags{});
  return 0;
}

int stat_filesystem(const char*, struct statvfs* status) {
  if (backing().faults.is_set(Fault::statfs)) return -EIO;
  return result_of(::fstatvfs(backing().folder, status));
}

int create(const char* path, mode_t mode, fuse_file_info* file) {
  return keep(::openat(backing().folder, below(path), file->flags | O_CREAT | O_CLOEXEC, mode),
              file);
}

int open(const char* path, fuse_file_info* file) {
  return keep(::openat(backing().folder, below(path), file->flags | O_CLOEXEC), file);
}

int read(const char*, char* buffer, std::size_t size, off_t offset, fuse_file_info* file) {
  if (backing().faults.is_set(Fault::read)) return -EIO;
  return count_of(::pread(descriptor(file), buffer, size, offset));
}

int write(const char*, const char* buffer, std::size_t size, off_t offset, fuse_file_info* file) {
  return count_of(::pwrite(descriptor(file), buffer, size, offset));
}

int truncate(const char* path, off_t size, fuse_file_info* file) {
  if (file != nullptr) return result_of(::ftruncate(descriptor(file), size));
  const int opened = ::openat(backing().folder, below(path), O_WRONLY | O_CLOEXEC);
  if (opened < 0) return -errno;
  const int result = result_of(::ftruncate(opened, size));
  ::close(opened);
  return result;
}

int synchronize(const char*, int, fuse_file_info* file) {
  return result_of(::fsync(descriptor(file)));
}

int flush(const char*, fuse_file_info* file) { return result_of(::close(::dup(descriptor(file)))); }

int release(const char*, fuse_file_info* file) { return result_of(::close(descriptor(file))); }

int make_directory(const char* path, mode_t mode) {
  return result_of(::mkdirat(backing().folder, below(path), mode));
}

int unlink(const char* path) { return result_of(::unlinkat(backing().folder, below(path), 0)); }

fuse_operations operations(bool with_flush) {
  fuse_operations with{};
  with.init = init;
  with.getattr = get_attributes;
  with.readdir = read_directory;
  with.statfs = stat_filesystem;
  with.create = create;
  with.open = open;
  with.read = read;
  with.write = write;
  with.truncate = truncate;
  with.fsync = synchronize;
  if (with_flush) with.flush = flush;
  with.release = release;
  with.mkdir = make_directory;
  with.unlink = unlink;
  return with;
}

void stop_this_process(int) { ::raise(SIGSTOP); }

/// Blocks SIGUSR1 and says with which mask it is let in.
sigset_t hold_stop_signal() {
  struct sigaction action{};
  action.sa_handler = stop_this_process;
  ::sigaction(SIGUSR1, &action, nullptr);
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &held, &before);
  sigdelset(&before, SIGUSR1);
  return before;
}

/// libfuse's own loop waits within read(2), where a signal may find a request half taken.
void serve(fuse_session* session, const sigset_t& waiting) {
  pollfd device{fuse_session_fd(session), POLLIN, 0};
  // A request that was there may have been withdrawn: then poll is the place to wait, not read.
  ::fcntl(device.fd, F_SETFL, O_NONBLOCK);
  fuse_buf buffer{};
  while (fuse_session_exited(session) == 0) {
    if (::ppoll(&device, 1, nullptr, &waiting) < 0) continue;
    const int size = fuse_session_receive_buf(session, &buffer);
    if (size == -EINTR || size == -EAGAIN) continue;
    if (size <= 0) break;
    fuse_session_process_buf(session, &buffer);
  }
  std::free(buffer.mem);
}

}  // namespace

int serve_passthrough(const char* folder, const char* mountpoint, const FaultSwitch& faults,
                      int mounted, bool flush) {
  Backing backing{::open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), faults};
  if (backing.folder < 0) {
    std::perror(folder);
    return 1;
  }
  const fuse_operations with = operations(flush);
  fuse_args arguments{};
  for (const char* argument : {"passthrough_fs", "-osubtype=passthrough,allow_other"})
    fuse_opt_add_arg(&arguments, argument);
  fuse* const filesystem = fuse_new(&arguments, &with, sizeof(with), &backing);
  if (filesystem == nullptr || fuse_mount(filesystem, mountpoint) != 0) return 1;
  const sigset_t waiting = hold_stop_signal();
  if (::write(mounted, "m", 1) != 1) return 1;
  ::close(mounted);
  serve(fuse_get_session(filesystem), waiting);
  fuse_unmount(filesystem);
  fuse_destroy(filesystem);
  return 0;
}

}  // namespace sqlite_exporter::test

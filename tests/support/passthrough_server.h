/// The server of the tests' FUSE filesystem: libfuse on one side, a folder on the other.
#pragma once

#include <atomic>

namespace sqlite_exporter::test {

/// What answers EIO, each a bit of its own.
enum class Fault : unsigned { read = 1, readdir = 2, statfs = 4 };

/// Lies in memory that the server shares with who tells it to fail: what is set holds for the next
/// request already.
class FaultSwitch {
 public:
  void set(Fault fault) { faults_ |= static_cast<unsigned>(fault); }
  void clear() { faults_ = 0; }
  bool is_set(Fault fault) const { return (faults_ & static_cast<unsigned>(fault)) != 0; }

 private:
  std::atomic<unsigned> faults_ = 0;
  static_assert(std::atomic<unsigned>::is_always_lock_free);
};

/// Mounts, writes a byte to `mounted`, serves until it is unmounted; an exit code. Nothing is
/// cached beyond what is open, so that a fault is met by the next look. SIGUSR1 stops the process,
/// but only between two requests: who waits for an answer to a request that the server has taken
/// cannot be killed, and the tests want to see processes end. POSIX locks stay with the kernel.
/// With `flush`, whoever closes a file waits for an answer, too, even the kernel at the end of a
/// process.
int serve_passthrough(const char* backing, const char* mountpoint, const FaultSwitch& faults,
                      int mounted, bool flush);

}  // namespace sqlite_exporter::test

/// Which SQLite the processes run that hold databases: asked once of each program, on a thread of
/// its own.
///
/// To read /proc/<pid>/maps takes the lock of that process's memory map, which a page fault on a
/// mount that does not answer can hold, or a mapping there that waits for one; and a library may
/// lie on such a mount. So no look and no sample reads it, and nothing that waits is told as the
/// stall of a database's mount: whoever looks gets what is known, and has the rest asked for. A
/// thread at that hangs keeps hanging and is replaced, two times at most; then nothing more becomes
/// known before one of them returns, and judgement stays with the headers. A process that sleeps
/// uninterruptibly is not asked until it does not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/process_sqlite.h"

namespace sqlite_exporter {

class HolderLibraries {
 public:
  using Clock = std::chrono::steady_clock;
  using Work = std::function<void()>;
  /// Has `work` done on a thread that may hang for ever; false if there is none to be had.
  using StartThread = std::function<bool(Work)>;
  /// `sqlite_of`, but for tests.
  using Ask = std::function<Result<std::vector<std::uint32_t>>(
      const std::string& procfs, const ProgramId& program, CodeCache& cache)>;

  /// `patience`: how long `ask` waits for what is being asked, 0 for the daemon.
  explicit HolderLibraries(StartThread start, Clock::duration patience = {}, Ask ask = sqlite_of);
  HolderLibraries(const HolderLibraries&) = delete;
  HolderLibraries& operator=(const HolderLibraries&) = delete;
  ~HolderLibraries();

  struct Answer {
    bool pending = false;                 ///< it is about to be asked; for half a minute at most
    std::vector<std::uint32_t> versions;  ///< of `sqlite_of`; empty, too, if it did not answer
  };
  /// One for each of these programs. Any thread. What is known already costs a look-up.
  std::vector<Answer> ask(const std::string& procfs, const std::vector<ProgramId>& programs);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sqlite_exporter

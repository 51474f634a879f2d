/// The sampler thread: takes the short looks of all databases, each at a random instant of its
/// period.
///
/// Without jitter a periodic writer was seen in 4 or in 191 of 470 samples, as chance had it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "collectors/base/result.h"
#include "collectors/own_reader.h"
#include "collectors/sample.h"
#include "exporter/cpu_budget.h"
#include "exporter/cpu_time.h"
#include "exporter/descriptor_room.h"
#include "exporter/filesystem.h"

namespace sqlite_exporter {

/// One thread for all mounts: 500 threads at 10 Hz cost 9.3 % of a CPU, one 0.8 % for the same
/// looks. A look that does not return keeps its thread; then another takes over all other mounts.
class Sampler {
 public:
  /// `cpu_time` is what full looks add to: samples and they have one budget. `own_reader`
  /// may be null. `room` is what full looks tell that they found no descriptor.
  explicit Sampler(CpuBudget budget = CpuBudget(),
                   std::shared_ptr<CpuTime> cpu_time = std::make_shared<CpuTime>(),
                   OwnReader own_reader = nullptr,
                   std::shared_ptr<DescriptorRoom> room = std::make_shared<DescriptorRoom>());
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler() { stop(); }

  /// Samples the database at the realpath `path` into `cell` from now on: ten times a second while
  /// somebody is attached and did something within the last second, or holds a lock; else once.
  /// Over the budget, less often. A second call with the same cell gives the database a new path,
  /// filesystem, which is where a look may hang, or owner, as `WalWatch` has it.
  void watch(const std::shared_ptr<SampleCell>& cell, std::string path, Filesystem filesystem,
             RequiredOwner owner = std::nullopt);
  void forget(const std::shared_ptr<SampleCell>& cell);
  /// Whether the first thread could be started; if not, `supervise` tries again. Error: limit.
  Result<void> started() const;

  /// To be called now and then: replaces a thread whose look hangs in a system call for `deadline`;
  /// one that waits for a core is left alone. The
  /// filesystem of that look is stalled, and not sampled, until it returns. While eight such looks
  /// hang nothing is sampled.
  void supervise(std::chrono::steady_clock::duration deadline);
  /// False if the thread that takes looks, no stalled one, was to come round `patience` ago and has
  /// not. May wait for that thread's bookkeeping.
  bool makes_progress(std::chrono::steady_clock::duration patience) const;
  /// The filesystems that hold up a look now, by a mountpoint of each.
  std::map<FilesystemId, std::string> stalled() const;

  /// Any thread may ask, also after the sampler: whether samples are taken late though no look
  /// hangs. Then there is too little CPU.
  std::function<bool()> lateness() const;

  /// From now on; what was learnt under the old one is forgotten.
  void set_budget(const CpuBudget& budget);
  /// What walks use of the budget, in cores.
  void leave_to_walks(double cores);
  /// How many times longer than usual periods are.
  double slowdown() const;
  /// Used by samples and full looks so far.
  double cpu_seconds() const;

  /// How many looks were taken so far.
  std::uint64_t looks() const;

  /// True if no thread is left; false if a hung mount keeps one, which is never joined.
  bool stop();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sqlite_exporter

/// One database under inspection: its samples and looks, and what the last two looks agree on.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/filesystem_status.h"
#include "collectors/look.h"
#include "collectors/node.h"
#include "collectors/wal_watch.h"
#include "exporter/inspect/connection_leak.h"

namespace sqlite_exporter {

/// Between the last two looks.
struct Rates {
  double transactions_per_second = 0;
  double frames_per_second = 0;
};

/// What its filesystem leaves to it.
struct Room {
  FilesystemStatus status;
  std::optional<bool> readonly;  ///< nothing can be written through its mount
};

/// What is known of one database at one moment, for the reports.
struct Observation {
  std::string path;                  ///< as it was given
  double unix_time = 0;              ///< of the look, seconds
  std::optional<Error> error;        ///< why there is no look
  std::optional<Look> look;          ///< without the descriptors of its sample
  std::shared_ptr<const Node> node;  ///< what `look` points into
  /// When the look before it was taken: what has held since then was seen by both.
  std::optional<std::chrono::steady_clock::time_point> look_before;
  /// Both looks saw a checkpoint that ended before its end, and nobody at it.
  bool checkpoint_fell_short = false;
  std::vector<ConnectionLeak> leaks;
  /// Watched for longer than a moment: ages and rates mean something.
  bool watched = false;
  std::optional<Room> room;    ///< of a local filesystem
  std::optional<Rates> rates;  ///< only while watched
};

/// Used by one thread at a time. It may block for as long as the filesystem does.
class Inspection {
 public:
  Inspection(std::string path, bool watched);

  /// Before the first sample, and whenever the machine is read anew.
  void set_node(std::shared_ptr<const Node> node) { node_ = std::move(node); }
  /// Nothing on a network or FUSE mount: there only looks are taken (law 5).
  void sample();
  /// A sample and a look; a writer that is faster than the look is given two more chances.
  void look();
  /// Closes what it keeps open, which on a mount that hangs may take as long as that does.
  void let_go();

  /// Of the last look.
  const Observation& observation() const { return observation_; }

 private:
  struct Totals {
    std::chrono::steady_clock::time_point taken;
    std::uint64_t transactions = 0;
    std::uint64_t frames = 0;
  };

  Result<void> resolve();
  Result<void> take_sample();
  Result<Look> take();
  void agree(const Look& look);
  void count(const Look& look);
  std::optional<Room> room_of(const Look& look) const;

  std::shared_ptr<const Node> node_ = std::make_shared<const Node>();
  Observation observation_;
  std::optional<WalWatch> watch_;
  std::optional<std::chrono::steady_clock::time_point> sampled_;
  LookState state_;
  bool remote_ = false;
  std::string resolved_;  ///< the realpath, or what it was when there was one
  std::optional<WalIndex> fell_short_;
  std::optional<Totals> totals_;
};

}  // namespace sqlite_exporter

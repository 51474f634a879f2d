/// The observer without the daemon: samples and full looks at one database, as exposition text.
#pragma once

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "collectors/look.h"
#include "collectors/wal_watch.h"

namespace sqlite_exporter::test {

class Observer {
 public:
  explicit Observer(std::string path);

  /// One sample, in a period of 100 ms; throws std::runtime_error if it fails.
  const Sample& sample();
  /// Samples and looks are taken as if so much time had passed.
  void pass(std::chrono::steady_clock::duration time) { passed_ += time; }
  /// What the last sample said.
  const Sample& latest() const { return sample_; }
  /// Looks from now on know what /proc/locks says now.
  void read_locks();
  Node& node() { return node_; }
  /// One full look with the last sample; throws if it fails.
  Look look();
  /// A sample, a full look, these collectors: the samples of the text format without HELP and TYPE,
  /// and without sqlite_last_write_timestamp_seconds and sqlite_database_info.
  std::string text(std::initializer_list<std::string_view> collectors = {"database", "wal"});
  /// The one sample of `family` as "name{labels} value", "" if it is absent.
  std::string line(const std::string& family);
  /// The value of the one sample of `family`; throws if there is none.
  double value(const std::string& family);

 private:
  std::string full_text(std::span<const std::string_view> collectors);

  std::string path_;
  WalWatch watch_;
  LookState state_;
  Sample sample_;
  std::chrono::steady_clock::duration passed_{0};
  Node node_;
};

}  // namespace sqlite_exporter::test

/// The observer without the daemon: samples and full looks at one database, as exposition text.
#pragma once

#include <string>

#include "collectors/linux/mount_table.h"
#include "collectors/look.h"
#include "collectors/wal_watch.h"

namespace sqlite_exporter::test {

class Observer {
 public:
  explicit Observer(std::string path);

  /// One sample; throws std::runtime_error if it fails.
  const Sample& sample();
  /// One full look with the last sample; throws if it fails.
  Look look();
  /// A sample, a full look, all collectors: the samples of the text format without HELP and TYPE,
  /// and without sqlite_last_write_timestamp_seconds and sqlite_database_info.
  std::string text();
  /// The one sample of `family` as "name{labels} value", "" if it is absent.
  std::string line(const std::string& family);
  /// The value of the one sample of `family`; throws if there is none.
  double value(const std::string& family);

 private:
  std::string full_text();

  std::string path_;
  WalWatch watch_;
  LookState state_;
  MountTable mounts_;
};

}  // namespace sqlite_exporter::test

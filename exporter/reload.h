/// Reads the configuration anew while everything goes on: whole or not at all.
#pragma once

#include <functional>
#include <memory>

#include "collectors/base/result.h"
#include "exporter/config.h"
#include "exporter/log.h"
#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/service_manager.h"

namespace sqlite_exporter {

/// Loop thread only.
class Reload {
 public:
  struct Parts {
    Loop& loop;
    const Log& log;
    std::shared_ptr<OwnMetrics> own_metrics;
    ServiceManager& service_manager;
    std::function<Result<Config>()> load;      ///< on a pool thread: the file may hang
    std::function<void(const Config&)> apply;  ///< on the loop's
  };
  /// `running` is what the program was started with.
  Reload(const Config& running, Parts parts);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  /// One that comes while another is under way has the file read once more after it. With an error
  /// the running configuration stays, and a metric, the log and the service manager say so.
  void request();

 private:
  void begin();
  void finish(const Result<Config>& config);

  Parts parts_;
  WebConfig web_;
  LogConfig log_;
  bool under_way_ = false;
  bool again_ = false;
};

}  // namespace sqlite_exporter

#include "exporter/reload.h"

#include <optional>
#include <utility>

#include "exporter/clock.h"

namespace sqlite_exporter {

Reload::Reload(const Config& running, Parts parts)
    : parts_(std::move(parts)), web_(running.web()), log_(running.log()) {
  parts_.own_metrics->set_reload(true, unix_now());
}

void Reload::request() {
  if (under_way_) {
    again_ = true;
  } else {
    begin();
  }
}

void Reload::begin() {
  under_way_ = true;
  parts_.service_manager.reloading();
  const auto config = std::make_shared<std::optional<Result<Config>>>();
  parts_.loop.in_pool([config, load = parts_.load] { *config = load(); },
                      [this, config] {
                        finish(**config);
                        under_way_ = false;
                        if (std::exchange(again_, false)) begin();
                      });
}

void Reload::finish(const Result<Config>& config) {
  parts_.own_metrics->set_reload(config.has_value(), unix_now());
  if (!config) {
    parts_.log.error("reload failed, the running configuration stays",
                     {{"error", config.error().message}});
    parts_.service_manager.reloaded(config.error().message);
    return;
  }
  parts_.apply(*config);
  parts_.service_manager.reloaded(std::nullopt);
  parts_.log.info("configuration reloaded");
  if (config->web() != web_ || config->log() != log_)
    parts_.log.warn("[web] and [log] change with a restart only");
}

}  // namespace sqlite_exporter

/// The configuration: each value is checked here, wherever it was written.
#include "exporter/config.h"

#include <array>

#include "exporter/config_databases.h"
#include "exporter/config_discovery.h"
#include "exporter/config_draft.h"
#include "exporter/config_queries.h"
#include "exporter/config_refusal.h"
#include "exporter/config_values.h"
#include "exporter/listen_address.h"
#include "exporter/percentage.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

constexpr double kLeastCpuBudget = 0.001;

template <class T>
using Choices = std::span<const std::pair<std::string_view, T>>;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLogLevels = {
    {{"debug", LogLevel::debug},
     {"info", LogLevel::info},
     {"warn", LogLevel::warn},
     {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 2> kLogFormats = {
    {{"logfmt", LogFormat::logfmt}, {"json", LogFormat::json}}};

template <class T>
Result<T> choose(const Written<std::string>& written, const ConfigKey& key, Choices<T> choices) {
  for (const auto& [name, value] : choices)
    if (name == written.value) return value;
  return refuse(written.where, key, in_quotes(written.value));
}

Result<PollConfig> make_poll(const ConfigDraft& draft) {
  PollConfig poll;
  const Result<void> set = all_of(
      {set_duration(poll.interval, draft.poll_interval, declared("poll", "interval"), 100ms, 1h),
       set_count(poll.max_databases, draft.poll_max_databases, declared("poll", "max_databases"),
                 100'000)});
  if (!set) return fail(set.error());
  if (const auto& budget = draft.poll_cpu_budget) {
    const auto share = parse_percentage(budget->value);
    if (!share || *share < kLeastCpuBudget || *share > 1)
      return refuse(budget->where, declared("poll", "cpu_budget"), in_quotes(budget->value));
    poll.cpu_budget = *share;
  }
  return poll;
}

Result<WebConfig> make_web(const ConfigDraft& draft) {
  WebConfig web;
  if (const auto& address = draft.web_listen_address) {
    if (!parse_listen_address(address->value))
      return refuse(address->where, declared("web", "listen_address"), in_quotes(address->value));
    web.listen_address = address->value;
  }
  return web;
}

Result<LogConfig> make_log(const ConfigDraft& draft) {
  LogConfig log;
  if (draft.log_level) {
    const auto level = choose<LogLevel>(*draft.log_level, declared("log", "level"), kLogLevels);
    if (!level) return fail(level.error());
    log.level = *level;
  }
  if (draft.log_format) {
    const auto format =
        choose<LogFormat>(*draft.log_format, declared("log", "format"), kLogFormats);
    if (!format) return fail(format.error());
    log.format = *format;
  }
  return log;
}

}  // namespace

Result<Config> make_config(const ConfigDraft& draft,
                           std::span<const std::string_view> reserved_labels) {
  auto databases = make_databases(draft, reserved_labels);
  if (!databases) return fail(databases.error());
  auto discovery = make_discovery(draft);
  if (!discovery) return fail(discovery.error());
  const auto poll = make_poll(draft);
  if (!poll) return fail(poll.error());
  auto web = make_web(draft);
  if (!web) return fail(web.error());
  const auto log = make_log(draft);
  if (!log) return fail(log.error());
  auto sql = make_sql(draft, *databases);
  if (!sql) return fail(sql.error());

  Config config;
  config.databases_ = std::move(*databases);
  config.discovery_ = std::move(*discovery);
  config.poll_ = *poll;
  config.web_ = std::move(*web);
  config.log_ = *log;
  config.sql_ = std::move(*sql);
  for (const auto& [name, enabled] : draft.collector_enabled)
    if (!enabled) config.disabled_collectors_.insert(name);
  return config;
}

}  // namespace sqlite_exporter

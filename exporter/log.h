/// The log: one line an event, logfmt or JSON, on standard error. Only the composition root and the
/// judge hold it; collectors return errors instead. It never waits for whoever should read it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sqlite_exporter {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { logfmt, json };

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;

  Log(LogLevel level, LogFormat format);
  Log(Log&&) noexcept;
  ~Log();

  /// `message` is constant text; what varies goes into fields. Any thread.
  void debug(std::string_view message, const std::vector<Field>& fields = {}) const;
  void info(std::string_view message, const std::vector<Field>& fields = {}) const;
  void warn(std::string_view message, const std::vector<Field>& fields = {}) const;
  void error(std::string_view message, const std::vector<Field>& fields = {}) const;

  /// How many lines were lost because nobody read them. Any thread.
  std::uint64_t lost_lines() const;

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
};

/// `msg="..." key=value`: values are quoted only where logfmt needs it. Exposed for its test.
std::string logfmt_line(std::string_view message, const std::vector<Log::Field>& fields);

/// `"msg":"...","key":"value"`, without braces. Exposed for its test.
std::string json_line(std::string_view message, const std::vector<Log::Field>& fields);

}  // namespace sqlite_exporter

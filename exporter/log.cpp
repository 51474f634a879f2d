/// The log on spdlog: the only file that knows it.
#include "exporter/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "collectors/base/utf8.h"
#include "exporter/line_writer.h"

namespace sqlite_exporter {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};
constexpr std::array kSpdlogLevels = {spdlog::level::debug, spdlog::level::info,
                                      spdlog::level::warn, spdlog::level::err};

std::string_view name_of(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }
spdlog::level::level_enum spdlog_level(LogLevel level) {
  return kSpdlogLevels[static_cast<std::size_t>(level)];
}

/// C0, DEL and C1: what could move the cursor of a terminal, or end a line.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_control(std::string& line, char last_byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(last_byte);
  switch (code) {
    case '\n': line += "\\n"; return;
    case '\r': line += "\\r"; return;
    case '\t': line += "\\t"; return;
    default: line.append("\\u00") += kDigits[code >> 4U];
  }
  line += kDigits[code & 0xFU];
}

/// A JSON string, which is what logfmt puts between quotes, too.
void append_quoted(std::string& line, std::string_view value) {
  line += '"';
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    const std::string_view character = value.substr(0, length == 0 ? 1 : length);
    value.remove_prefix(character.size());
    if (length == 0)
      line += kReplacementCharacter;
    else if (is_control(character))
      append_control(line, character.back());
    else if (character == "\"" || character == "\\")
      line.append("\\") += character;
    else
      line += character;
  }
  line += '"';
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    if (length == 0 || is_control(value.substr(0, length))) return true;
    if (value.front() == ' ' || value.front() == '=' || value.front() == '"') return true;
    value.remove_prefix(length);
  }
  return false;
}

}  // namespace

std::string logfmt_line(std::string_view message, const std::vector<Log::Field>& fields) {
  std::string line = "msg=";
  append_quoted(line, message);
  for (const auto& [key, value] : fields) {
    line.append(" ").append(key) += '=';
    if (needs_quotes(value))
      append_quoted(line, value);
    else
      line += value;
  }
  return line;
}

std::string json_line(std::string_view message, const std::vector<Log::Field>& fields) {
  std::string line = "\"msg\":";
  append_quoted(line, message);
  for (const auto& [key, value] : fields) {
    line += ',';
    append_quoted(line, key);
    line += ':';
    append_quoted(line, value);
  }
  return line;
}

namespace {

class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::uint64_t lost() const { return writer_.lost(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_.write({line.data(), line.size()});
  }
  void flush_() override {}

  LineWriter writer_{STDERR_FILENO};
};

}  // namespace

struct Log::Sink {
  LogFormat format;
  std::shared_ptr<StandardError> standard_error;
  spdlog::logger logger;
  std::atomic<std::uint64_t> lost_told = 0;

  Sink(LogFormat its_format, std::shared_ptr<StandardError> sink)
      : format(its_format), standard_error(sink), logger("", std::move(sink)) {}

  void write(LogLevel level, std::string_view message, const std::vector<Field>& fields) {
    if (!logger.should_log(spdlog_level(level))) return;
    std::string line;
    if (format == LogFormat::json) {
      line.append("\"level\":\"").append(name_of(level)).append("\",");
      line += json_line(message, fields);
    } else {
      line.append("level=").append(name_of(level)) += ' ';
      line += logfmt_line(message, fields);
    }
    const std::uint64_t lost_before = standard_error->lost();
    logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
    const std::uint64_t lost = standard_error->lost();
    std::uint64_t told = lost_told;
    if (lost != lost_before || told >= lost || !lost_told.compare_exchange_strong(told, lost))
      return;
    write(LogLevel::warn, "lines of this log were lost, nobody read them",
          {{"lines", std::to_string(lost - told)}});
    if (standard_error->lost() != lost) lost_told = told;
  }
};

Log::Log(LogLevel level, LogFormat format)
    // A logger and a sink of our own: spdlog's registry is a global that others could change.
    : sink_(std::make_unique<Sink>(format, std::make_shared<StandardError>())) {
  constexpr auto kUtc = spdlog::pattern_time_type::utc;
  sink_->logger.set_pattern(format == LogFormat::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                                      : "time=%Y-%m-%dT%H:%M:%S.%eZ %v",
                            kUtc);
  sink_->logger.set_level(spdlog_level(level));
}

Log::Log(Log&&) noexcept = default;
Log::~Log() = default;

void Log::debug(std::string_view message, const std::vector<Field>& fields) const {
  sink_->write(LogLevel::debug, message, fields);
}
void Log::info(std::string_view message, const std::vector<Field>& fields) const {
  sink_->write(LogLevel::info, message, fields);
}
void Log::warn(std::string_view message, const std::vector<Field>& fields) const {
  sink_->write(LogLevel::warn, message, fields);
}
void Log::error(std::string_view message, const std::vector<Field>& fields) const {
  sink_->write(LogLevel::error, message, fields);
}

std::uint64_t Log::lost_lines() const { return sink_->standard_error->lost(); }

}  // namespace sqlite_exporter

/// What the daemon and the SQL worker say to each other: JSON, one message a line.
#include "exporter/sql/messages.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "collectors/base/utf8.h"

namespace sqlite_exporter {

namespace {

using Json = nlohmann::json;

/// A line can hold millions of values, of which each takes more memory than its text.
constexpr int kMaxDepth = 5;
constexpr std::size_t kMaxValues = 500'000;

constexpr std::size_t kMaxErrorSize = 400;

constexpr std::string_view kInfinity = "+Inf";
constexpr std::string_view kNegativeInfinity = "-Inf";

/// JSON holds characters, and a path any bytes: each byte is one of the first 256 characters.
std::string text_of_bytes(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | (byte >> 6U));
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

/// `text` is UTF-8.
std::optional<std::string> bytes_of_text(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      bytes += text[i];
      continue;
    }
    if (lead > 0xC3 || ++i == text.size()) return std::nullopt;
    bytes +=
        static_cast<char>(((lead & 0x03U) << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU));
  }
  return bytes;
}

Json json_of(const std::optional<Number>& value) {
  if (!value) return nullptr;
  if (const auto* integer = std::get_if<std::int64_t>(&*value)) return *integer;
  const double real = std::get<double>(*value);
  if (std::isfinite(real)) return real;
  return real > 0 ? kInfinity : kNegativeInfinity;
}

/// False if it is none.
bool read_number(const Json& json, std::optional<Number>& value) {
  if (json.is_number_integer()) {
    value = json.get<std::int64_t>();
  } else if (json.is_number()) {
    value = json.get<double>();
  } else if (json == kInfinity || json == kNegativeInfinity) {
    value = json == kInfinity ? HUGE_VAL : -HUGE_VAL;
  } else {
    return json.is_null();
  }
  return true;
}

/// Throws for a number that is no integer: get_to() would cast it, however large it is.
template <class Integer>
void read_integer(const Json& json, Integer& value) {
  static_cast<void>(json.get_ref<const Json::number_integer_t&>());
  json.get_to(value);
}

/// A hostile database may choose the words of an error.
std::string cut(const std::string& message) {
  std::size_t size = 0;
  while (size < std::min(message.size(), kMaxErrorSize))
    size += std::max<std::size_t>(utf8_length(std::string_view(message).substr(size)), 1);
  return message.substr(0, size);
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Errc code_named(const std::string& name) {
  const auto* const found = std::ranges::find(kErrcNames, name);
  if (found == kErrcNames.end()) return Errc::internal;
  return static_cast<Errc>(found - kErrcNames.begin());
}

/// Reads a line and keeps nothing of it: JSON, not too deep, with not too many values.
class Limits final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool /*value*/) override { return count(); }
  bool number_integer(number_integer_t /*value*/) override { return count(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return count(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return count(); }
  bool string(string_t& /*text*/) override { return count(); }
  bool binary(binary_t& /*bytes*/) override { return false; }
  bool key(string_t& /*name*/) override { return count(); }
  bool start_object(std::size_t /*size*/) override { return enter(); }
  bool start_array(std::size_t /*size*/) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool count() { return ++values_ <= kMaxValues; }
  bool enter() { return ++depth_ <= kMaxDepth && count(); }
  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  std::size_t values_ = 0;
};

tl::unexpected<Error> no_message() {
  return fail(Errc::internal, "the other side said what is no message");
}

/// nlohmann's accessors throw where a message is not what it should be: here it is one error.
template <class T, class Read>
Result<T> decode(std::string_view line, const Read& read) {
  try {
    Limits limits;
    if (!Json::sax_parse(line, &limits)) return no_message();
    return read(Json::parse(line));
  } catch (const Json::exception&) {
    return no_message();
  }
}

Json json_of(const Error& error) {
  return {{"code", to_string(error.code)}, {"error", cut(error.message)}};
}

Error read_error(const Json& json) {
  return {code_named(json.at("code").get<std::string>()),
          cut(json.at("error").get_ref<const std::string&>())};
}

Json json_of(const SyncWork& sync) {
  Json layouts = Json::array();
  for (const SyncLayout& layout : sync.layouts) {
    Json& item = layouts.emplace_back();
    item = {{"table", layout.table}, {"time_column", layout.time_column}};
    if (layout.table_column) item["table_column"] = *layout.table_column;
    if (layout.peer_column) item["peer_column"] = *layout.peer_column;
    if (layout.state_column) item["state_column"] = *layout.state_column;
  }
  return {{"layouts", std::move(layouts)}, {"max_pending", sync.max_pending}};
}

SyncWork read_sync(const Json& json) {
  SyncWork sync;
  read_integer(json.at("max_pending"), sync.max_pending);
  for (const Json& item : json.at("layouts")) {
    SyncLayout& layout = sync.layouts.emplace_back();
    const auto read = [&item](const char* key, std::optional<std::string>& column) {
      if (item.contains(key)) column = item.at(key).get<std::string>();
    };
    item.at("table").get_to(layout.table);
    item.at("time_column").get_to(layout.time_column);
    read("table_column", layout.table_column);
    read("peer_column", layout.peer_column);
    read("state_column", layout.state_column);
  }
  return sync;
}

Result<StatementResult> read_result(const Json& json, const StatementRequest& request) {
  if (json.contains("error")) return fail(read_error(json));
  StatementResult result;
  json.at("seconds").get_to(result.seconds);
  for (const Json& item : json.at("rows")) {
    ResultRow& row = result.rows.emplace_back();
    item.at(0).get_to(row.labels);
    for (const Json& value : item.at(1))
      if (!read_number(value, row.values.emplace_back()))
        return fail(Errc::internal, "a value is no number");
    if (row.labels.size() != request.labels.size() || row.values.size() != request.values.size())
      return fail(Errc::internal, "a row has not the columns that were asked for");
  }
  if (json.contains("shortfall")) result.shortfall = read_error(json.at("shortfall"));
  if (result.rows.size() > request.max_rows)
    return fail(Errc::internal, "there are more rows than were asked for");
  return result;
}

}  // namespace

std::string encode(const StatementRequest& request) {
  Json json = {{"path", text_of_bytes(request.path)},
               {"sql", request.sql},
               {"labels", request.labels},
               {"values", request.values},
               {"max_rows", request.max_rows},
               {"timeout", request.timeout.count()}};
  if (request.sync) json["sync"] = json_of(*request.sync);
  return line_of(json);
}

std::string encode(const Result<StatementResult>& result) {
  if (!result) return line_of(json_of(result.error()));
  Json rows = Json::array();
  for (const ResultRow& row : result->rows) {
    Json values = Json::array();
    for (const std::optional<Number>& value : row.values) values.push_back(json_of(value));
    rows.push_back(Json::array({row.labels, std::move(values)}));
  }
  Json json = {{"rows", std::move(rows)}, {"seconds", result->seconds}};
  if (result->shortfall) json["shortfall"] = json_of(*result->shortfall);
  return line_of(json);
}

std::string encode(const WorkerHello& hello) {
  return line_of({{"sqlite_version", hello.sqlite_version},
                  {"listed_pid", hello.listed_pid},
                  {"missing", hello.missing}});
}

Result<StatementRequest> decode_request(std::string_view line) {
  return decode<StatementRequest>(line, [](const Json& json) -> Result<StatementRequest> {
    StatementRequest request;
    auto path = bytes_of_text(json.at("path").get_ref<const std::string&>());
    if (!path) return fail(Errc::internal, "a path has characters that are no bytes");
    request.path = std::move(*path);
    json.at("sql").get_to(request.sql);
    if (json.contains("sync")) request.sync = read_sync(json.at("sync"));
    json.at("labels").get_to(request.labels);
    json.at("values").get_to(request.values);
    read_integer(json.at("max_rows"), request.max_rows);
    std::int64_t timeout = 0;
    read_integer(json.at("timeout"), timeout);
    request.timeout = std::chrono::milliseconds(timeout);
    return request;
  });
}

Result<StatementResult> decode_result(std::string_view line, const StatementRequest& request) {
  return decode<StatementResult>(line,
                                 [&](const Json& json) { return read_result(json, request); });
}

Result<WorkerHello> decode_hello(std::string_view line) {
  return decode<WorkerHello>(line, [](const Json& json) -> Result<WorkerHello> {
    WorkerHello hello;
    json.at("sqlite_version").get_to(hello.sqlite_version);
    read_integer(json.at("listed_pid"), hello.listed_pid);
    json.at("missing").get_to(hello.missing);
    return hello;
  });
}

}  // namespace sqlite_exporter

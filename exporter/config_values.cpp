/// Values of keys that are checked alike wherever they stand: texts, durations and counts.
#include "exporter/config_values.h"

#include <algorithm>

#include "exporter/config_refusal.h"
#include "exporter/duration.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {

Result<void> check_text(const Written<std::string>& text) {
  if (text.value.empty()) return refuse(text.where, "must not be empty");
  if (has_control_character(text.value))
    return refuse(text.where, "must not contain control characters: " + in_quotes(text.value));
  return {};
}

Result<std::vector<std::string>> make_texts(const std::vector<Written<std::string>>& written) {
  std::vector<std::string> texts;
  for (const Written<std::string>& text : written) {
    if (auto checked = check_text(text); !checked) return fail(checked.error());
    if (std::ranges::find(texts, text.value) != texts.end())
      return refuse(text.where, "is given twice: " + in_quotes(text.value));
    texts.push_back(text.value);
  }
  return texts;
}

Result<std::vector<std::string>> make_databases(const std::string& where,
                                                const std::vector<Written<std::string>>& written) {
  if (written.empty())
    return refuse(where, "must say which \"databases\" it is for; [\"*\"] are all");
  return make_texts(written);
}

Result<void> all_of(std::initializer_list<Result<void>> done) {
  for (const Result<void>& each : done)
    if (!each) return each;
  return {};
}

Result<void> set_duration(std::chrono::milliseconds& duration,
                          const std::optional<Written<std::string>>& written, const ConfigKey& key,
                          std::chrono::milliseconds least, std::chrono::milliseconds most) {
  if (!written) return {};
  const auto parsed = parse_duration(written->value);
  if (!parsed || *parsed < least || *parsed > most)
    return refuse(written->where, key, in_quotes(written->value));
  duration = *parsed;
  return {};
}

Result<void> set_count(std::size_t& count, const std::optional<Written<std::int64_t>>& written,
                       const ConfigKey& key, std::int64_t most) {
  if (!written) return {};
  if (written->value < 1 || written->value > most)
    return refuse(written->where, key, std::to_string(written->value));
  count = static_cast<std::size_t>(written->value);
  return {};
}

}  // namespace sqlite_exporter

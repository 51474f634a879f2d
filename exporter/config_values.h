/// Values of keys that are checked alike wherever they stand: texts, durations and counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/config_draft.h"
#include "exporter/config_keys.h"

namespace sqlite_exporter {

/// Error: config, if it is empty or has control characters.
Result<void> check_text(const Written<std::string>& text);

/// All of them, and none twice. Error: config, also as `check_text`.
Result<std::vector<std::string>> make_texts(const std::vector<Written<std::string>>& written);

/// The globs of `databases`, which say what something is for. Error: config, at `where` if there is
/// none, else as `make_texts`.
Result<std::vector<std::string>> make_databases(const std::string& where,
                                                const std::vector<Written<std::string>>& written);

/// The first that failed, if one did.
Result<void> all_of(std::initializer_list<Result<void>> done);

/// What is not written leaves the value as it is. Error: config, if it is no duration, or not from
/// `least` to `most`.
Result<void> set_duration(std::chrono::milliseconds& duration,
                          const std::optional<Written<std::string>>& written, const ConfigKey& key,
                          std::chrono::milliseconds least, std::chrono::milliseconds most);

/// The same of a count from 1 to `most`.
Result<void> set_count(std::size_t& count, const std::optional<Written<std::int64_t>>& written,
                       const ConfigKey& key, std::int64_t most);

}  // namespace sqlite_exporter

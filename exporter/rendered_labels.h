/// Values out of label text as it is served: `database="app",site="x"`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sqlite_exporter {

/// Without its escapes; nothing if there is no such label.
std::optional<std::string> label_value(std::string_view labels, std::string_view label);

/// The same text without the labels that say nothing (`owner_pod=""`).
std::string without_empty_labels(std::string_view labels);

}  // namespace sqlite_exporter

/// What the numbers look like that Kubernetes and container runtimes write into names.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sqlite_exporter {

inline bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// 64 digits, of any runtime.
inline bool is_container_id(std::string_view text) {
  return text.size() == 64 && is_lower_hex(text);
}

/// A UUID, its dashes perhaps written as underscores (systemd's slices), or the 32 digits without
/// dashes of a pod that the kubelet itself started from a file. Always answers with dashes.
inline std::optional<std::string> pod_uid_of(std::string_view text) {
  if (text.size() == 32 && is_lower_hex(text)) return std::string(text);
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return std::nullopt;
  std::optional<std::string> uid(text);
  std::ranges::replace(*uid, '_', '-');
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const std::string_view digit = std::string_view(*uid).substr(i, 1);
    if (kForm[i] == '-' ? digit != "-" : !is_lower_hex(digit)) return std::nullopt;
  }
  return uid;
}

}  // namespace sqlite_exporter

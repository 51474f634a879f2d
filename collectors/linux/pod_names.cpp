/// Splits the names at their underscores, which no name in Kubernetes may hold.
#include "collectors/linux/pod_names.h"

#include <array>
#include <cstddef>
#include <utility>

#include "collectors/linux/pod_ids.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostEntries = 10'000;

/// What Kubernetes lets into names of namespaces, pods and containers.
bool is_name(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

/// Two names and a rest behind two underscores; the rest is what the caller checks.
std::array<std::string_view, 3> parts_of(std::string_view entry) {
  const std::string_view first = take_until(entry, '_');
  const std::string_view second = take_until(entry, '_');
  return {first, second, entry};
}

}  // namespace

std::optional<PodLogName> parse_pod_log_name(std::string_view entry) {
  const auto [pod_namespace, pod, last] = parts_of(entry);
  if (!is_name(pod_namespace) || !is_name(pod) || last.find('_') != last.npos) return std::nullopt;
  auto uid = pod_uid_of(last);
  if (!uid) return std::nullopt;
  return PodLogName{std::move(*uid), {std::string(pod_namespace), std::string(pod)}};
}

std::optional<ContainerLogName> parse_container_log_name(std::string_view entry) {
  constexpr std::string_view kSuffix = ".log";
  if (!entry.ends_with(kSuffix)) return std::nullopt;
  entry.remove_suffix(kSuffix.size());
  const auto [pod, pod_namespace, last] = parts_of(entry);
  const std::size_t dash = last.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view container = last.substr(0, dash);
  const std::string_view id = last.substr(dash + 1);
  if (!is_name(pod) || !is_name(pod_namespace) || !is_name(container) || !is_container_id(id)) {
    return std::nullopt;
  }
  return ContainerLogName{std::string(id), std::string(container)};
}

PodNames PodNames::read(const std::string& pod_logs, const std::string& container_logs) {
  PodNames names;
  if (const auto entries = names_in(pod_logs, kMostEntries)) {
    for (const std::string& entry : *entries) {
      auto pod = parse_pod_log_name(entry);
      if (pod) names.pods_.try_emplace(std::move(pod->uid), std::move(pod->name));
    }
  }
  if (const auto entries = names_in(container_logs, kMostEntries)) {
    for (const std::string& entry : *entries) {
      auto log = parse_container_log_name(entry);
      if (log) names.containers_.try_emplace(std::move(log->id), std::move(log->container));
    }
  }
  return names;
}

std::optional<PodName> PodNames::pod(std::string_view uid) const {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> PodNames::container(std::string_view id) const {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sqlite_exporter

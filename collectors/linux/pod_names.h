/// Names of pods and containers, as the kubelet writes them into the names of log files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sqlite_exporter {

struct PodName {
  std::string pod_namespace;
  std::string pod;
  friend bool operator==(const PodName&, const PodName&) = default;
};

/// An entry of /var/log/pods: "<namespace>_<pod>_<uid>".
struct PodLogName {
  std::string uid;
  PodName name;
};
std::optional<PodLogName> parse_pod_log_name(std::string_view entry);

/// An entry of /var/log/containers: "<pod>_<namespace>_<container>-<id>.log". The kubelet cuts
/// names above 255 bytes off; those give nothing.
struct ContainerLogName {
  std::string id;
  std::string container;
};
std::optional<ContainerLogName> parse_container_log_name(std::string_view entry);

class PodNames {
 public:
  /// Lists two directories and neither opens nor follows an entry. Those that are absent or may not
  /// be read give nothing, of each the first 10,000 entries count: what is missing stays unnamed.
  static PodNames read(const std::string& pod_logs, const std::string& container_logs);

  std::optional<PodName> pod(std::string_view uid) const;
  std::optional<std::string> container(std::string_view id) const;

 private:
  std::map<std::string, PodName, std::less<>> pods_;
  std::map<std::string, std::string, std::less<>> containers_;
};

}  // namespace sqlite_exporter

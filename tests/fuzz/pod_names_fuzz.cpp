/// Any name of a directory entry: one that is believed is made of its parts and nothing else.
#include "collectors/linux/pod_names.h"

#include <string>

#include "collectors/linux/pod_ids.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string entry(reinterpret_cast<const char*>(data), size);
  if (const auto pod = parse_pod_log_name(entry)) {
    fuzz::claim(entry == pod->name.pod_namespace + "_" + pod->name.pod + "_" + pod->uid);
  }
  if (const auto log = parse_container_log_name(entry)) {
    fuzz::claim(!log->container.empty() && is_container_id(log->id));
    fuzz::claim(entry.ends_with("_" + log->container + "-" + log->id + ".log"));
  }
  return 0;
}

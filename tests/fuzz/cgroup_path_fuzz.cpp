/// Any text as /proc/<pid>/cgroup: ids are ids, and what follows a pod cannot change whose it is.
#include "collectors/linux/cgroup_path.h"

#include <string>
#include <string_view>

#include "collectors/linux/pod_ids.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

void check(const CgroupOwner& owner) {
  const std::string_view unit = owner.unit;
  fuzz::claim(unit.empty() || unit.ends_with(".service") || unit.ends_with(".scope"));
  fuzz::claim(owner.container_id.empty() || is_container_id(owner.container_id));
  fuzz::claim(owner.pod_uid.empty() || pod_uid_of(owner.pod_uid) == owner.pod_uid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(parse_cgroup(text));
  check(owner_of_cgroup(text));

  const std::string id(64, 'a');
  const CgroupOwner inside = owner_of_cgroup(text + "/kubepods/pod" + id.substr(32) + "/" + id);
  fuzz::claim(inside == CgroupOwner{{}, id, id.substr(32)});
  return 0;
}

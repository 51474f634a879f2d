/// Cgroups as systemd, the kubelet and container runtimes name them, in every version and mixture.
#include "tests/support/catch.h"

#include <string>
#include <vector>

#include "collectors/linux/cgroup_path.h"
#include "collectors/linux/pod_ids.h"

namespace sqlite_exporter {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kInner = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const std::string kUid = "6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071";
const std::string kUidInSlice = "6b3e1a5c_0f2d_4c7e_9a1b_2c3d4e5f6071";
const std::string kStaticUid = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

CgroupOwner unit(const std::string& name) { return {name, {}, {}}; }
CgroupOwner container(const std::string& id) { return {{}, id, {}}; }
CgroupOwner pod(const std::string& uid, const std::string& id) { return {{}, id, uid}; }

TEST_CASE("units of systemd") {
  CHECK(owner_of_cgroup("/system.slice/kine.service") == unit("kine.service"));
  CHECK(owner_of_cgroup("/system.slice/system-postgres.slice/postgres@main.service") ==
        unit("postgres@main.service"));
  CHECK(owner_of_cgroup("/system.slice/kine.service/worker/1") == unit("kine.service"));
  CHECK(owner_of_cgroup("/user.slice/user-1000.slice/session-3.scope") == unit("session-3.scope"));
  CHECK(owner_of_cgroup("/init.scope") == unit("init.scope"));
  CHECK(owner_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service") ==
        unit("foo.service"));
  CHECK(owner_of_cgroup("/user.slice/user-1000.slice/user@1000.service/init.scope") ==
        unit("init.scope"));
  CHECK(owner_of_cgroup("/machine.slice/systemd-nspawn@c.service/payload/system.slice/a.service") ==
        unit("a.service"));
}

TEST_CASE("what is no unit") {
  for (const std::string_view path :
       {"/", "", "/user.slice", "/.service", "/.scope", "/a.services", "/a.mount", "/lxc/name",
        "//", "/service", "/..", "/../..", "/init.scope-x", "relative"}) {
    CAPTURE(path);
    CHECK(owner_of_cgroup(path) == CgroupOwner{});
  }
}

TEST_CASE("a unit is named as systemctl takes it") {
  CHECK(owner_of_cgroup(R"(/system.slice/my\x2ddb@a\x20b.service)") ==
        unit(R"(my\x2ddb@a\x20b.service)"));
  CHECK(owner_of_cgroup("/system.slice/_cpu.service") == unit("cpu.service"));
  CHECK(owner_of_cgroup("/system.slice/__a.service") == unit("_a.service"));
}

TEST_CASE("containers outside Kubernetes") {
  CHECK(owner_of_cgroup("/docker/" + kId) == container(kId));
  CHECK(owner_of_cgroup("/system.slice/docker-" + kId + ".scope") == container(kId));
  CHECK(owner_of_cgroup("/system.slice/nerdctl-" + kId + ".scope") == container(kId));
  CHECK(owner_of_cgroup("/machine.slice/libpod-" + kId + ".scope") == container(kId));
  CHECK(owner_of_cgroup("/machine.slice/libpod-" + kId + ".scope/container") == container(kId));
  CHECK(owner_of_cgroup("/libpod_parent/libpod-" + kId) == container(kId));
  CHECK(owner_of_cgroup("/machine.slice/machine-libpod_pod_" + kInner + ".slice/libpod-" + kId +
                        ".scope") == container(kId));
  CHECK(owner_of_cgroup("/system.slice:docker:" + kId) == container(kId));
  CHECK(owner_of_cgroup("/docker/" + kId + "/docker/" + kInner) == container(kInner));
}

TEST_CASE("a container of a user, and one of a unit, keep the unit too") {
  CHECK(owner_of_cgroup("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId +
                        ".scope/container") == CgroupOwner{"user@1000.service", kId, {}});
  CHECK(owner_of_cgroup("/system.slice/kine.service/libpod-payload-" + kId) ==
        CgroupOwner{"kine.service", kId, {}});
  CHECK(owner_of_cgroup("/system.slice/docker-" + kId + ".scope/system.slice/a.service") ==
        CgroupOwner{"a.service", kId, {}});
}

TEST_CASE("the monitor of a container is neither in it nor a unit") {
  CHECK(owner_of_cgroup("/machine.slice/libpod-conmon-" + kId + ".scope") == CgroupOwner{});
  CHECK(owner_of_cgroup("/system.slice/crio-conmon-" + kId + ".scope") == CgroupOwner{});
}

TEST_CASE("an id of another length or with other digits is none") {
  CHECK(owner_of_cgroup("/docker/" + kId.substr(1)) == CgroupOwner{});
  CHECK(owner_of_cgroup("/docker/" + kId + "0") == CgroupOwner{});
  CHECK(owner_of_cgroup("/docker/A" + kId.substr(1)) == CgroupOwner{});
  CHECK(owner_of_cgroup("/docker/g" + kId.substr(1)) == CgroupOwner{});
  CHECK(owner_of_cgroup("/docker-" + kId + ".slice") == CgroupOwner{});
  CHECK(owner_of_cgroup("/docker-" + kId.substr(1) + ".scope") ==
        unit("docker-" + kId.substr(1) + ".scope"));
}

TEST_CASE("pods, with cgroupfs as the driver") {
  for (const std::string before : {"/kubepods/burstable/pod", "/kubepods/besteffort/pod",
                                   "/kubepods/pod", "/kubelet/kubepods/pod", "/../../pod"}) {
    CAPTURE(before);
    CHECK(owner_of_cgroup(before + kUid + "/" + kId) == pod(kUid, kId));
    CHECK(owner_of_cgroup(before + kUid + "/crio-" + kId) == pod(kUid, kId));
    CHECK(owner_of_cgroup(before + kUid) == pod(kUid, ""));
    CHECK(owner_of_cgroup(before + kStaticUid + "/" + kId) == pod(kStaticUid, kId));
  }
}

TEST_CASE("pods, with systemd as the driver") {
  for (const std::string slice :
       {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod",
        "/kubepods.slice/kubepods-pod",
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
        "kubelet-kubepods-besteffort-pod",
        "/../kubepods-besteffort-pod"}) {
    CAPTURE(slice);
    CHECK(owner_of_cgroup(slice + kUidInSlice + ".slice/cri-containerd-" + kId + ".scope") ==
          pod(kUid, kId));
    CHECK(owner_of_cgroup(slice + kUidInSlice + ".slice/crio-" + kId + ".scope/container") ==
          pod(kUid, kId));
    CHECK(owner_of_cgroup(slice + kUidInSlice + ".slice/docker-" + kId + ".scope") ==
          pod(kUid, kId));
    CHECK(owner_of_cgroup(slice + kStaticUid + ".slice/cri-containerd-" + kId + ".scope") ==
          pod(kStaticUid, kId));
    CHECK(owner_of_cgroup(slice + kUidInSlice + ".slice:cri-containerd:" + kId) == pod(kUid, kId));
  }
}

TEST_CASE("the service of the container runtime does not own its pods") {
  CHECK(owner_of_cgroup("/system.slice/containerd.service/kubepods-burstable-pod" + kUidInSlice +
                        ".slice:cri-containerd:" + kId) == pod(kUid, kId));
  CHECK(owner_of_cgroup("/system.slice/k3s.service/kubepods/burstable/pod" + kUid + "/" + kId) ==
        pod(kUid, kId));
  CHECK(owner_of_cgroup("/system.slice/k3s.service") == unit("k3s.service"));
}

TEST_CASE("of containers in a pod the one that Kubernetes knows, of nested pods the inner one") {
  CHECK(owner_of_cgroup("/kubepods/pod" + kUid + "/" + kId + "/docker/" + kInner) ==
        pod(kUid, kId));
  CHECK(owner_of_cgroup("/docker/" + kId + "/kubelet/kubepods/pod" + kUid + "/" + kInner) ==
        pod(kUid, kInner));
  CHECK(owner_of_cgroup("/kubepods/pod" + kUid + "/" + kId + "/kubepods/pod" + kStaticUid + "/" +
                        kInner) == pod(kStaticUid, kInner));
}

TEST_CASE("what is no pod") {
  for (const std::string& path : std::vector<std::string>{
           "/kubepods/pod" + kUid + "0", "/kubepods/pod" + kUid.substr(1), "/kubepods/pod",
           "/podman", "/kubepods/pod" + kStaticUid + "0", "/a-pod" + kUidInSlice + ".slice",
           "/kubepods-pod" + kUidInSlice, "/kubepods-pod" + kUidInSlice + ".slices",
           "/kubepods-pod.slice", "/kubepods.slice", "/a-pod" + kUidInSlice + "kubepods.slice"}) {
    CAPTURE(path);
    CHECK(owner_of_cgroup(path) == CgroupOwner{});
  }
}

TEST_CASE("the uid of a pod, in its three forms") {
  CHECK(pod_uid_of(kUid) == kUid);
  CHECK(pod_uid_of(kUidInSlice) == kUid);
  CHECK(pod_uid_of(kStaticUid) == kStaticUid);
  CHECK_FALSE(pod_uid_of("6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f607G"));
  CHECK_FALSE(pod_uid_of("6b3e1a5c00f2d-4c7e-9a1b-2c3d4e5f6071"));
  CHECK_FALSE(pod_uid_of("6b3e1a5-c0f2d-4c7e-9a1b-2c3d4e5f6071"));
  CHECK_FALSE(pod_uid_of("------------------------------------"));
  CHECK_FALSE(pod_uid_of(""));
}

TEST_CASE("cgroup v2 has one line") {
  CHECK(parse_cgroup("0::/system.slice/kine.service\n") == unit("kine.service"));
  CHECK(parse_cgroup("0::/system.slice/kine.service") == unit("kine.service"));
  CHECK(parse_cgroup("0::/system.slice/kine.service (deleted)\n") == unit("kine.service"));
  CHECK(parse_cgroup("0::/\n") == CgroupOwner{});
  CHECK(parse_cgroup("0::/../..\n") == CgroupOwner{});
  CHECK(parse_cgroup("0::/../cri-containerd-" + kId + ".scope\n") == container(kId));
}

TEST_CASE("cgroup v1: systemd's hierarchy, or else the longest path") {
  CHECK(parse_cgroup("12:memory:/system.slice/longer.service/and/longer\n"
                     "1:name=systemd:/system.slice/a.service\n") == unit("a.service"));
  CHECK(parse_cgroup("3:cpu,cpuacct:/a.service\n4:memory:/b.service/x\n5:pids:/c.service\n") ==
        unit("b.service"));
  CHECK(parse_cgroup("4:memory:/docker/" + kId + "\n1:name=systemd:/\n") == container(kId));
  CHECK(parse_cgroup("4:memory:/docker/" + kId + "\n1:xattr,name=systemd:/x.service\n") ==
        container(kId));
}

TEST_CASE("hybrid: the v2 line, unless it is the root") {
  CHECK(parse_cgroup("4:memory:/m.service/longer\n1:name=systemd:/s.service\n0::/u.service\n") ==
        unit("u.service"));
  CHECK(parse_cgroup("4:memory:/m.service/longer\n1:name=systemd:/s.service\n0::/\n") ==
        unit("s.service"));
  CHECK(parse_cgroup("4:memory:/m.service/longer\n1:name=systemd:/\n0::/..\n") ==
        unit("m.service"));
  CHECK(parse_cgroup("1:name=systemd:/s.service\n0::/no/unit/here\n") == unit("s.service"));
}

TEST_CASE("hybrid: a container that was left in its runtime's v2 cgroup") {
  CHECK(parse_cgroup("4:memory:/docker/" + kId + "\n1:name=systemd:/docker/" + kId +
                     "\n0::/system.slice/containerd.service\n") == container(kId));
}

TEST_CASE("the path that an owner was told by, or else the first that is not the root") {
  CHECK(cgroup_path_of("4:memory:/m.service/longer\n1:name=systemd:/s.service\n0::/u.service\n") ==
        "/u.service");
  CHECK(cgroup_path_of("4:memory:/m.service/longer\n1:name=systemd:/s.service\n0::/\n") ==
        "/s.service");
  CHECK(cgroup_path_of("4:memory:/docker/" + kId + "\n0::/a.service\n") == "/docker/" + kId);
  CHECK(cgroup_path_of("4:memory:/box/a\n1:name=systemd:/\n0::/\n") == "/box/a");
  CHECK(cgroup_path_of("4:memory:/box/a\n1:name=systemd:/user.slice\n0::/\n") == "/user.slice");
  CHECK(cgroup_path_of("4:memory:/\n0::/\n") == "/");
  CHECK(cgroup_path_of("0::/a.service (deleted)\n") == "/a.service");
  CHECK(cgroup_path_of("").empty());
}

TEST_CASE("a colon in a path, and lines that are none") {
  CHECK(parse_cgroup("0::/system.slice/a:b.service\n") == unit("a:b.service"));
  for (const std::string_view text :
       {"", "\n\n", ":", "::", "0", "0:", "0::", "a.service", "0:/a.service"}) {
    CAPTURE(text);
    CHECK(parse_cgroup(text) == CgroupOwner{});
  }
}

}  // namespace
}  // namespace sqlite_exporter

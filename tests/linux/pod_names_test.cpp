/// Names of log files and directories: the kubelet's, and what else lies there.
#include "tests/support/catch.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/linux/pod_names.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::TemporaryDirectory;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kUid = "6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071";
const std::string kUidInSlice = "6b3e1a5c_0f2d_4c7e_9a1b_2c3d4e5f6071";
const std::string kStaticUid = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

TEST_CASE("a directory of a pod's logs") {
  const auto pod = parse_pod_log_name("kube-system_coredns-59b4f5bbd5-x2x7p_" + kUid);
  REQUIRE(pod);
  CHECK(pod->uid == kUid);
  CHECK(pod->name == PodName{"kube-system", "coredns-59b4f5bbd5-x2x7p"});
  const auto from_file = parse_pod_log_name("kube-system_etcd-node.example_" + kStaticUid);
  REQUIRE(from_file);
  CHECK(from_file->uid == kStaticUid);
  CHECK(from_file->name.pod == "etcd-node.example");
}

TEST_CASE("directories that are not of a pod") {
  for (const std::string& name :
       std::vector<std::string>{"", "a_b", "_b_" + kUid, "a__" + kUid, "a_b_", "a_b_" + kUid + "_c",
                                "a_b_" + kUidInSlice, "a_b_c_" + kUid, "a_b_x" + kUid.substr(1),
                                "A_b_" + kUid, "a_b\n_" + kUid, "a_\xff_" + kUid, "a_" + kUid}) {
    CAPTURE(name);
    CHECK_FALSE(parse_pod_log_name(name));
  }
}

TEST_CASE("a link to a container's log") {
  const auto log = parse_container_log_name("web-7d4b9_shop_web-server-" + kId + ".log");
  REQUIRE(log);
  CHECK(log->id == kId);
  CHECK(log->container == "web-server");
}

TEST_CASE("links that are not to a container's log") {
  for (const std::string& name : std::vector<std::string>{
           "", ".log", "a_b_c-" + kId, "a_b_c-" + kId + ".log.1", "a_b_c" + kId + ".log",
           "a_b_-" + kId + ".log", "a_b_" + kId + ".log", "a__c-" + kId + ".log",
           "_b_c-" + kId + ".log", "b_c-" + kId + ".log", "a_b_c_d-" + kId + ".log",
           "a_b_c-" + kId.substr(1) + ".log", "a_b_c-0" + kId + ".log", "a_b_C-" + kId + ".log",
           "a_b_c\"-" + kId + ".log"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_container_log_name(name));
  }
}

TEST_CASE("names are found by uid and by container id, without following a link") {
  const TemporaryDirectory logs;
  std::filesystem::create_directories(logs.path() / "pods" / ("shop_web_" + kUid));
  std::filesystem::create_directories(logs.path() / "pods" / "lost+found");
  std::filesystem::create_directories(logs.path() / "containers");
  std::filesystem::create_symlink("/nowhere",
                                  logs.path() / "containers" / ("web_shop_app-" + kId + ".log"));
  const PodNames names = PodNames::read(logs / "pods", logs / "containers");
  CHECK(names.pod(kUid) == PodName{"shop", "web"});
  CHECK(names.container(kId) == "app");
  CHECK_FALSE(names.pod(kStaticUid));
  CHECK_FALSE(names.pod(""));
  CHECK_FALSE(names.container(kUid));
}

TEST_CASE("directories that are not there name nobody") {
  const TemporaryDirectory logs;
  std::ofstream(logs / "file") << "x";
  const PodNames names = PodNames::read(logs / "none", logs / "file");
  CHECK_FALSE(names.pod(kUid));
  CHECK_FALSE(names.container(kId));
}

TEST_CASE("one unreadable directory does not hide the other") {
  const TemporaryDirectory logs;
  std::ofstream(logs / ("web_shop_app-" + kId + ".log")) << "x";
  CHECK(PodNames::read(logs / "none", logs.path().string()).container(kId) == "app");
}

TEST_CASE("of a directory without end the first ten thousand entries count") {
  const TemporaryDirectory logs;
  for (int i = 0; i < 10'001; ++i) {
    std::string uid = std::to_string(i);
    uid.insert(0, 32 - uid.size(), '0');
    std::ofstream(logs / ("shop_web_" + uid)).flush();
  }
  const PodNames names = PodNames::read(logs.path().string(), logs / "none");
  int named = 0;
  for (int i = 0; i < 10'001; ++i) {
    std::string uid = std::to_string(i);
    uid.insert(0, 32 - uid.size(), '0');
    named += names.pod(uid) ? 1 : 0;
  }
  CHECK(named == 10'000);
}

}  // namespace
}  // namespace sqlite_exporter

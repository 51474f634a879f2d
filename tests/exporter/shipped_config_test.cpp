/// The configurations that are shipped: valid, and right for the folders of K3s and the kubelet.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "collectors/registry.h"
#include "exporter/config_toml.h"
#include "exporter/discovery.h"
#include "exporter/exclude.h"
#include "exporter/load_config.h"
#include "exporter/naming.h"
#include "exporter/reference.h"
#include "exporter/subjects.h"
#include "exporter/walk.h"
#include "tests/support/catch.h"
#include "tests/support/discover.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

const std::string kClaim = "pvc-5b1c9d3e-8f0a-4c77-9a21-0d6e1f2a3b4c";
const std::string kPod = "0f9e8d7c-6b5a-4433-2211-00ffeeddccbb";

/// A node whose root directory is a temporary one.
class ShippedNode {
 public:
  std::string var_lib() const { return directory_ / "var/lib"; }

  void add(const std::string& path, const std::string& content = {"SQLite format 3\0", 16}) const {
    const fs::path whole = fs::path(var_lib()) / path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole) << content;
  }

  Config load(const std::string& name) const {
    std::ifstream file(std::string(SOURCE_DIR "/") + name);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto draft = parse_config_toml(text, name, collector_names());
    REQUIRE(draft);
    return make_config(*draft, reserved_labels()).value();
  }

  /// The labels of all databases that are found, sorted.
  std::vector<std::string> find(const Config& config) const {
    const std::string root = fs::canonical(directory_.path()).string();
    Discoverer discoverer(root, nullptr);
    discoverer.configure(config.databases(), config.discovery());
    run_due(discoverer, {}, root);
    CHECK(discoverer.status().limited == DiscoveryStatus().limited);
    Subjects subjects(config.databases(), config.poll().max_databases, root);
    subjects.merge(discoverer.findings());
    std::vector<std::string> labels;
    for (const auto& [name, subject] : subjects.all()) labels.push_back(*subject->labels);
    return labels;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE("the shipped configurations are valid") {
  for (const char* name : {"/systemd/sqlite_exporter.toml", "/docs/kubernetes.toml"}) {
    CommandLine line;
    line.config_file = std::string(SOURCE_DIR).append(name);
    const auto config = ConfigLoader(line, "", collector_names(), reserved_labels()).load();
    CAPTURE(name);
    REQUIRE(config);
    for (const DatabaseConfig& entry : config->databases()) CHECK(names_many(entry.path));
  }
}

TEST_CASE("the default configuration finds the datastore of K3s, and on other nodes nothing") {
  const ShippedNode node;
  const Config config = node.load("systemd/sqlite_exporter.toml");
  CHECK(node.find(config).empty());
  node.add("rancher/k3s/server/db/state.db");
  node.add("rancher/k3s/server/db/state.db-wal", "\x37\x7f\x06\x82");
  node.add("rancher/k3s/server/db/other.db");
  CHECK(node.find(config) == std::vector<std::string>{R"(database="k3s/server/db/state")"});
}

TEST_CASE("volumes of the kubelet and of K3s are found with the labels of their paths") {
  const ShippedNode node;
  const std::string storage = "rancher/k3s/storage/" + kClaim + "_factory_mes-data-0/";
  const std::string volumes = "kubelet/pods/" + kPod + "/volumes/";
  node.add("rancher/k3s/server/db/state.db");
  node.add(storage + "mes.db");
  node.add(storage + "sub/queue.sqlite");
  node.add(storage + "notes.txt", "no database");
  node.add(storage + ".trash/old.db");
  node.add("rancher/k3s/storage/lost+found/x.db");
  node.add(volumes + "kubernetes.io~empty-dir/cache/app.db");
  node.add(volumes + "kubernetes.io~csi/pvc-1/mount/data/app.db");
  node.add(volumes + "kubernetes.io~csi/pvc-1/vol_data.json", "{}");
  node.add(volumes + "kubernetes.io~local-volume/pvc-2/app.db");
  node.add(volumes + "kubernetes.io~nfs/pvc-3/app.db");
  for (const char* type : {"secret", "configmap", "projected", "downward-api"})
    node.add(volumes + "kubernetes.io~" + type + "/v/app.db");
  node.add("kubelet/pods/" + kPod + "/containers/app/x.db");
  node.add("kubelet/pods/" + kPod + "/volume-subpaths/v/app/0/app.db");
  const auto in_pod = [](const std::string& type, const std::string& volume,
                         const std::string& file) {
    return "database=\"" + kPod + "/volumes/kubernetes.io~" + type + "/" + volume + "/" + file +
           "\",pod_uid=\"" + kPod + "\",volume_type=\"" + type + "\",volume=\"" + volume + "\"";
  };
  const auto in_claim = [](const std::string& file) {
    return "database=\"" + kClaim + "_factory_mes-data-0/" + file + "\",volume=\"" + kClaim +
           R"(",claim_namespace="factory",claim="mes-data-0")";
  };
  CHECK(node.find(node.load("docs/kubernetes.toml")) ==
        std::vector<std::string>{
            in_pod("csi", "pvc-1", "mount/data/app"), in_pod("empty-dir", "cache", "app"),
            in_pod("local-volume", "pvc-2", "app"), in_pod("nfs", "pvc-3", "app"),
            R"(database="k3s/server/db/state")", in_claim("mes"), in_claim("sub/queue")});
}

}  // namespace
}  // namespace sqlite_exporter::test

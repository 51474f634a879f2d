"""The examples for Kubernetes and K3s: servers take the objects, and the script says what fails."""

import os
import subprocess
import unittest

import helm
import kubelet
import kubernetes
import support

try:
    import yaml
except ImportError:
    yaml = None

EDGE = os.path.join(helm.EXAMPLES, "edge-sqlite")
K3S = os.path.join(helm.EXAMPLES, "k3s", "sqlite-exporter.yaml")
APART = ("service-monitor.yaml", "storage-class.yaml")
# Pod Security "restricted" of a container, without what the pod says for all.
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
              "capabilities": {"drop": ["ALL"]}}

# Answers as the scenario says, and writes down what it was asked.
KUBECTL = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
  *"get nodes"*) printf '%s' "$NODES" ;;
  *"get crd"*) exit "$NO_OPERATOR" ;;
  *"rollout status"*) exit "$NOT_READY" ;;
  *"get --raw"*)
    printf 'sqlite_exporter_build_info 1\\n'
    # It is seen by the second answer.
    [ "$(grep -c 'get --raw' "$CALLS")" -lt "$SEEN" ] || printf 'sqlite_up{database="edge"} 1\\n' ;;
esac
"""


def load(path):
    with open(path, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


class ExamplesTest(support.TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        if reason := helm.missing() or kubernetes.missing():
            self.skipTest(reason)
        self.objects = helm.kustomize(EDGE)
        self.stateful_set = helm.only(self.objects, "StatefulSet")
        self.pod = self.stateful_set["spec"]["template"]["spec"]

    def test_servers_take_the_objects(self):
        if reason := kubernetes.missing_custom_resources():
            self.skipTest(reason)
        apart = [each for name in APART for each in load(os.path.join(EDGE, name))]
        custom = kubernetes.custom_schemas()
        self.assertEqual(list(kubernetes.complaints([*self.objects, *apart, *load(K3S)], custom)),
                         [])

    def test_every_file_is_applied(self):
        listed = load(os.path.join(EDGE, "kustomization.yaml"))[0]["resources"]
        there = [name for name in os.listdir(EDGE) if name.endswith(".yaml")]
        self.assertEqual(sorted([*listed, *APART, "kustomization.yaml"]), sorted(there))

    def test_all_replicas_fit_into_the_quota(self):
        hard = helm.only(self.objects, "ResourceQuota")["spec"]["hard"]
        replicas = self.stateful_set["spec"]["replicas"]
        self.assertEqual(replicas, 3)
        for key, quantity in hard.items():
            kind, _, resource = key.partition(".")
            if kind in ("requests", "limits"):
                taken = replicas * sum(kubelet.number_of(container["resources"][kind][resource])
                                       for container in self.pod["containers"])
                self.assertLessEqual(taken, kubelet.number_of(quantity), key)
        claim, = self.stateful_set["spec"]["volumeClaimTemplates"]
        self.assertIn(f"{claim['spec']['storageClassName']}.storageclass.storage.k8s.io/"
                      "requests.storage", hard)

    def test_the_sidecar_is_the_one_of_the_chart(self):
        rendered = helm.only(helm.template(self.folder, chart=helm.application(self.folder)), "Pod")
        expected = rendered["spec"]["containers"][1]
        expected["args"].remove("--poll.interval=500ms")
        mine = self.pod["containers"][1]
        self.assertEqual(mine.pop("resources").keys(), expected.pop("resources").keys())
        self.assertEqual(mine, expected)

    def test_the_pods_are_restricted(self):
        labels = helm.only(self.objects, "Namespace")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        for container in self.pod["containers"]:
            self.assertEqual(container["securityContext"],
                             {**container["securityContext"], **RESTRICTED})

    def test_all_mean_the_same_pods(self):
        labels = self.stateful_set["spec"]["template"]["metadata"]["labels"]
        service = helm.only(self.objects, "Service")
        budget = helm.only(self.objects, "PodDisruptionBudget")["spec"]
        monitor, = load(os.path.join(EDGE, "service-monitor.yaml"))
        for selector in (service["spec"]["selector"], budget["selector"]["matchLabels"],
                         self.stateful_set["spec"]["selector"]["matchLabels"]):
            self.assertEqual(selector, labels)
        self.assertEqual(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
        self.assertEqual(monitor["spec"]["endpoints"][0]["port"],
                         service["spec"]["ports"][0]["name"])
        self.assertLess(budget["minAvailable"], self.stateful_set["spec"]["replicas"])
        self.assertEqual(self.stateful_set["spec"]["serviceName"], service["metadata"]["name"])

    def deploy(self, nodes="node/edge-1\n", no_operator=0, not_ready=0, seen=2):
        """(exit code, what it said, what it asked) of the script before a cluster like this."""
        folder, calls = self.path("bin"), self.path("calls")
        os.makedirs(folder, exist_ok=True)
        with open(calls, "w", encoding="utf-8"):
            pass  # a new list
        with open(os.path.join(folder, "kubectl"), "w", encoding="utf-8") as file:
            file.write(KUBECTL)
        os.chmod(os.path.join(folder, "kubectl"), 0o755)
        done = subprocess.run(
            [os.path.join(EDGE, "deploy.sh")], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": calls,
                 "NODES": nodes, "NO_OPERATOR": str(no_operator), "NOT_READY": str(not_ready),
                 "SEEN": str(seen), "PAUSE": "0"})
        with open(calls, encoding="utf-8") as file:
            return done.returncode, done.stdout + done.stderr, file.read()

    def test_the_script_waits_and_shows_metrics(self):
        code, said, asked = self.deploy()
        self.assertEqual((code, said), (0, 'sqlite_up{database="edge"} 1\n'))
        self.assertIn("apply --kustomize .\n", asked)
        self.assertIn("apply --filename service-monitor.yaml\n", asked)
        self.assertLess(asked.index("rollout status"), asked.index("get --raw"))

    def test_the_script_goes_on_without_an_operator(self):
        code, said, asked = self.deploy(no_operator=1)
        self.assertEqual(code, 0)
        self.assertIn("scraped by the annotations", said)
        self.assertNotIn("service-monitor", asked)

    def test_the_script_says_what_is_wrong(self):
        code, said, asked = self.deploy(nodes="")
        self.assertEqual(code, 2)
        self.assertIn("kubectl label node NAME node-type=edge", said)
        self.assertNotIn("apply", asked)
        code, said, asked = self.deploy(not_ready=1)
        self.assertEqual((code, said.splitlines()[-1]), (2, "deploy.sh: not ready within 5m"))
        self.assertIn("get pods,events", asked)
        code, said, asked = self.deploy(seen=1000)
        self.assertEqual((code, said),
                         (2, "deploy.sh: the exporter of sqlite-edge-0 tells of no database yet\n"))

    def test_k3s_installs_the_chart_that_is_packaged_here(self):
        chart, = load(K3S)
        package = helm.package(self.folder)
        self.assertTrue(chart["spec"]["chart"].endswith("/" + os.path.basename(package)))
        values = self.path("values.yaml")
        with open(values, "w", encoding="utf-8") as file:
            file.write(chart["spec"]["valuesContent"])
        objects = helm.template(self.folder, "--values", values, chart=package)
        config = helm.only(objects, "ConfigMap")["data"]["sqlite_exporter.toml"]
        self.assertIn('"/var/lib/rancher/*/server/db/state.db"', config)


if __name__ == "__main__":
    unittest.main(verbosity=2)

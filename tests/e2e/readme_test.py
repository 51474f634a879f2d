"""Every command and every configuration in README and docs is run, or says why it is not."""

import os
import re
import subprocess
import sys
import unittest

import support

PAGES = ("README.md", "CONTRIBUTING.md", "docs/alerts.md", "docs/architecture.md",
         "docs/bare-node.md", "docs/comparison.md", "docs/configuration.md", "docs/dashboards.md",
         "docs/inspect.md", "docs/k3s.md", "docs/kubernetes.md", "docs/metrics.md",
         "docs/queries.md", "docs/security.md", "docs/sizing.md", "docs/sync.md",
         "helm/prometheus-sqlite-exporter/README.md")

IN_A_SYSTEM = "needs systemd as process 1: tests/package does the same"

IN_A_CLUSTER = "needs a cluster: chart_test, examples_test and pods_test run what it installs"
TO_NODES = "needs nodes with K3s: pods_test runs the image, examples_test renders the manifest"
REGISTRY = "needs a registry: pods_test loads the same image"

NOT_RUN = {
    "./dev run": "installs packages and runs until Ctrl-C: program_test runs the same demo",
    "./dev test": "is what runs this test",
    "./dev dashboards": "installs Grafana's library: dashboards_test runs the same generator",
    "./dev package": "takes minutes: a part of ./dev test of its own",
    "apt install ./prometheus-sqlite-exporter_0.1.0-1_amd64.deb": IN_A_SYSTEM,
    "systemctl status sqlite_exporter": IN_A_SYSTEM,
    "systemctl reload sqlite_exporter": IN_A_SYSTEM,
    "systemctl disable --now sqlite_exporter": IN_A_SYSTEM,
    "systemctl enable --now sqlite_exporter-textfile.timer": IN_A_SYSTEM,
    "ln -s /run/sqlite_exporter/sqlite_exporter.prom /var/lib/prometheus/node-exporter/":
        IN_A_SYSTEM,
    "mkdir -p /etc/systemd/system/sqlite_exporter.service.d": IN_A_SYSTEM,
    "cp /usr/share/doc/prometheus-sqlite-exporter/examples/least-privilege.conf "
    "/etc/systemd/system/sqlite_exporter.service.d/": IN_A_SYSTEM,
    "cp /usr/share/doc/prometheus-sqlite-exporter/examples/all-processes.conf "
    "/etc/systemd/system/sqlite_exporter.service.d/": IN_A_SYSTEM,
    "systemctl daemon-reload": IN_A_SYSTEM,
    "systemctl restart sqlite_exporter": IN_A_SYSTEM,
    "./dev image": "pods_test builds the image by the same scripts",
    "./dev image arm64": "takes minutes: the same scripts, in a Debian for that architecture",
    "./dev chart": "chart_test packages the same chart",
    "skopeo copy docker-archive:build-image/prometheus-sqlite-exporter_0.1.0_amd64.tar "
    "docker://registry.example.org/edge/prometheus-sqlite-exporter:0.1.0": REGISTRY,
    "ctr --namespace k8s.io images import prometheus-sqlite-exporter_0.1.0_amd64.tar": IN_A_CLUSTER,
    "helm upgrade --install sqlite build-chart/prometheus-sqlite-exporter-0.1.0.tgz --namespace "
    "sqlite-exporter --create-namespace --set image.registry=registry.example.org/edge":
        IN_A_CLUSTER,
    "helm upgrade --install sqlite prometheus-sqlite-exporter-0.1.0.tgz --namespace "
    "sqlite-exporter --create-namespace": IN_A_CLUSTER,
    "kubectl --namespace sqlite-exporter rollout status "
    "daemonset/sqlite-prometheus-sqlite-exporter": IN_A_CLUSTER,
    "kubectl label node NAME node-type=edge": IN_A_CLUSTER,
    "helm/examples/edge-sqlite/deploy.sh": "needs a cluster: examples_test runs it without one",
    "mkdir -p /var/lib/rancher/k3s/agent/images": TO_NODES,
    "cp build-image/prometheus-sqlite-exporter_0.1.0_amd64.tar "
    "/var/lib/rancher/k3s/agent/images/": TO_NODES,
    "cp build-chart/prometheus-sqlite-exporter-0.1.0.tgz "
    "/var/lib/rancher/k3s/server/static/charts/": TO_NODES,
    "cp helm/examples/k3s/sqlite-exporter.yaml /var/lib/rancher/k3s/server/manifests/": TO_NODES,
    "systemctl restart k3s": TO_NODES,
    "kubectl --namespace sqlite-exporter get daemonset": TO_NODES,
    "kubectl --namespace kube-system logs job/helm-install-sqlite-exporter": TO_NODES,
    "build/sqlite_exporter inspect --watch /var/lib/app/app.db":
        "runs until Ctrl-C: inspect_test runs the same",
}


def blocks(language):
    """(page, text) of each fenced block."""
    for page in PAGES:
        with open(os.path.join(support.SOURCE_DIR, page), encoding="utf-8") as file:
            for match in re.finditer(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S):
                yield page, match.group(1)


class ReadmeTest(support.TestCase):
    def test_every_command_runs(self):
        commands = [line.split(" #")[0].strip() for _, text in blocks("sh")
                    for line in text.splitlines()]
        self.assertIn("./dev run", commands)
        for command in commands:
            with self.subTest(command):
                if command in NOT_RUN:
                    print(f"not run: {command}: {NOT_RUN[command]}")
                    continue
                program, *arguments = [word.strip("'") for word in command.split()]
                self.assertEqual(program, "build/sqlite_exporter")
                if arguments[0] == "inspect":
                    # Its files are the reader's: here they are absent, and it cannot say.
                    code, out, err = support.run(*arguments)
                    self.assertEqual((code, err), (2, ""))
                    self.assertRegex(out, "CANNOT SAY|cannot_say")
                    continue
                if "--once" in arguments:
                    code, out, err = support.run(*arguments)
                    self.assertEqual((code, err), (0, ""))
                    self.assertIn("sqlite_exporter_databases ", out)
                    continue
                self.assertEqual(self.exporter(*arguments).stop(), 0)

    def test_every_configuration_is_valid(self):
        configurations = list(blocks("toml"))
        self.assertGreater(len(configurations), 0)
        for page, text in configurations:
            with self.subTest(page):
                config = self.config(text)
                self.assertEqual(support.run("check-config", config), (0, config + ": ok\n", ""))

    def test_every_link_leads_to_a_file(self):
        for page in PAGES:
            folder = os.path.dirname(os.path.join(support.SOURCE_DIR, page))
            with open(os.path.join(support.SOURCE_DIR, page), encoding="utf-8") as file:
                links = re.findall(r"\]\(([^)#]+)", file.read())
            for link in links:
                with self.subTest(page, link=link):
                    self.assertTrue(link.startswith("https://")
                                    or os.path.exists(os.path.join(folder, link)))

    def test_every_verb_of_dev_is_listed(self):
        dev = os.path.join(support.SOURCE_DIR, "dev")
        listed = subprocess.run([dev], capture_output=True, text=True, check=True).stdout
        for _, text in blocks("sh"):
            for verb in re.findall(r"\./dev (\w+)", text):
                self.assertRegex(listed, rf"(?m)^\./dev {verb}\b")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

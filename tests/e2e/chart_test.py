"""The chart under the real Helm: all values files render, into objects that servers take."""

import hashlib
import json
import os
import tarfile
import tomllib
import unittest

import grafana
import helm
import kubernetes
import promql
import support

try:
    import yaml
except ImportError:
    yaml = None


def read(*path):
    with open(os.path.join(support.SOURCE_DIR, *path), "rb") as file:
        return file.read()


class ChartTest(support.TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        if reason := helm.missing() or kubernetes.missing():
            self.skipTest(reason)

    def template(self, *arguments, **keywords):
        return helm.template(self.folder, *arguments, **keywords)

    def write(self, name, values):
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump(values, file)
        return self.path(name)

    def test_lint(self):
        for path in helm.values_files():
            with self.subTest(os.path.basename(path)):
                code, out, err = helm.run("lint", "--strict", "--values", path, helm.CHART,
                                          folder=self.folder)
                self.assertEqual(code, 0, out + err)

    def test_every_values_file_renders_objects_that_servers_take(self):
        if reason := kubernetes.missing_custom_resources():
            self.skipTest(reason)
        custom = kubernetes.custom_schemas()
        chart = helm.package(self.folder)
        for path in helm.values_files():
            for version in kubernetes.VERSIONS:
                with self.subTest(os.path.basename(path), version=version):
                    objects = self.template("--values", path, "--kube-version", version + ".0",
                                            chart=chart)
                    self.assertGreater(len(objects), 1)
                    self.assertEqual(
                        list(kubernetes.complaints(objects, custom, [version])), [])

    def test_the_schemas_can_refuse(self):
        if reason := kubernetes.missing_custom_resources():
            self.skipTest(reason)
        custom = kubernetes.custom_schemas()
        objects = self.template("--set", "podMonitor.enabled=true,prometheusRule.enabled=true")
        daemon_set = helm.only(objects, "DaemonSet")
        daemon_set["spec"]["template"]["spec"]["hostPid"] = True
        daemon_set["spec"]["template"]["metadata"]["labels"]["tier"] = "no such value"
        helm.only(objects, "PodMonitor")["spec"]["podMetricsEndpoints"][0]["intervall"] = "30s"
        helm.only(objects, "ServiceAccount")["metadata"]["name"] = "Upper"
        helm.of_kind(objects, "PrometheusRule")[0]["spec"]["groups"][0]["rules"] = {}
        found = list(kubernetes.complaints(objects, custom))
        for word in ("hostPid", "no such value", "intervall", "Upper", "{} is not of type"):
            self.assertTrue(any(word in complaint for complaint in found), (word, found))

    def test_wrong_values_are_refused_with_a_sentence(self):
        for values, sentence in {
                "prot=1": "[Aa]dditional propert(y|ies) '?prot'?",
                "port=0": r"\bport\b",
                "serviceMonitor.interval=": r"\bserviceMonitor[./]interval\b",
                "fullnameOverride=1.2": r"\bfullnameOverride\b",
                "hostPaths={var}": r"\bhostPaths[./]0\b",
                "image.digest=latest": r"\bimage[./]digest\b",
                "extraArgs={data.db}": r"\bextraArgs[./]0\b",
                "serviceMonitor.enabled=true,podMonitor.enabled=true": "one of the two",
                "serviceMonitor.enabled=true,service.enabled=false": "needs service.enabled",
                "prometheusRule.enabled=true,prometheusRule.thresholds.reader=vector(1)":
                    "there is no reader"}.items():
            with self.subTest(values):
                self.assertRegex(helm.refusal(self.folder, "--set", values), sentence)

    def test_every_value_is_in_the_schema(self):
        schema = yaml.safe_load(read("helm", "prometheus-sqlite-exporter", "values.schema.json"))
        values = yaml.safe_load(read("helm", "prometheus-sqlite-exporter", "values.yaml"))
        self.assertEqual(sorted(values), sorted(set(schema["properties"]) - {"enabled", "global"}))
        for name, value in values.items():
            properties = schema["properties"][name]
            if reference := properties.get("$ref"):
                properties = schema["definitions"][reference.rpartition("/")[2]]
            if isinstance(value, dict) and properties.get("properties"):
                self.assertEqual(sorted(value), sorted(properties["properties"]), name)

    def test_names_and_labels_that_could_be_something_else(self):
        values = self.write("values.json", {
            "commonLabels": {"app.kubernetes.io/instance": "x", "team": "1e3", "tier": "common"},
            "podLabels": {"team": "2"}, "serviceMonitor": {
                "enabled": True, "labels": {"app.kubernetes.io/name": "y", "release": "123"}},
            "updateStrategy": None, "prometheusRule": {"enabled": True, "thresholds": None},
            "config": "  [poll]\ninterval = \"5s\"\n"})
        code, out, err = helm.run("template", "123", helm.CHART, "--namespace", "1e3", "--values",
                                  values, folder=self.folder)
        self.assertEqual(code, 0, err)
        objects = helm.load(out)
        for each in objects:
            self.assertEqual(each["metadata"]["labels"]["app.kubernetes.io/instance"], "123")
            self.assertEqual(each["metadata"]["namespace"], "1e3")
        pod = helm.only(objects, "DaemonSet")["spec"]["template"]["metadata"]["labels"]
        self.assertEqual((pod["team"], pod["tier"]), ("2", "common"))
        monitor = helm.only(objects, "ServiceMonitor")["metadata"]["labels"]
        self.assertEqual((monitor["app.kubernetes.io/name"], monitor["release"], monitor["team"]),
                         ("prometheus-sqlite-exporter", "123", "1e3"))
        config = helm.only(objects, "ConfigMap")["data"]["sqlite_exporter.toml"]
        self.assertTrue(config.startswith("  [poll]\n"))

    def test_an_application_may_leave_it_out_by_a_condition(self):
        objects = self.template("--set", "prometheus-sqlite-exporter.enabled=true",
                                chart=helm.application(self.folder))
        self.assertEqual([each["kind"] for each in objects], ["Pod"])

    def test_a_large_user_is_written_as_a_number(self):
        code, out, err = helm.run("template", helm.RELEASE, helm.application(self.folder),
                                  "--values", self.write("values.json", {"user": 1000680000}),
                                  folder=self.folder)
        self.assertEqual(code, 0, err)
        self.assertIn("runAsUser: 1000680000\n", out)

    def test_the_instance_has_the_port(self):
        objects = self.template("--set", "podMonitor.enabled=true,port=10013")
        endpoint, = helm.only(objects, "PodMonitor")["spec"]["podMetricsEndpoints"]
        self.assertEqual([each["replacement"] for each in endpoint["relabelings"]
                          if each.get("targetLabel") == "instance"], ["$1:10013"])

    def test_only_what_is_listed_of_the_node_is_mounted(self):
        def mounted(*values):
            pod = helm.only(self.template(*values), "DaemonSet")["spec"]["template"]["spec"]
            mounts = {each["name"]: each for each in pod["containers"][0]["volumeMounts"]}
            self.assertTrue(all(each["readOnly"] for each in mounts.values()))
            return {volume["hostPath"]["path"]: mounts[volume["name"]]["mountPath"]
                    for volume in pod["volumes"] if "hostPath" in volume}

        self.assertEqual(mounted(), {"/var/lib": "/node/var/lib", "/var/log": "/node/var/log",
                                     "/sys": "/node/sys"})
        self.assertEqual(mounted("--set", "hostPID=false")["/proc"], "/node/proc")
        self.assertEqual(mounted("--set", "hostPID=false,hostPaths={/}"), {"/": "/node"})

    def test_rules_and_dashboards_of_the_package_are_the_projects_own(self):
        with tarfile.open(helm.package(self.folder)) as package:
            names = {name.partition("/")[2] for name in package.getnames()}
            for folder, suffix, where in (("rules", ".yml", ("alerts", "rules")),
                                          ("dashboards", ".json", ("dashboards",))):
                ours = sorted(name for name in os.listdir(os.path.join(support.SOURCE_DIR, *where))
                              if name.endswith(suffix))
                self.assertGreater(len(ours), 2)
                packed = sorted(name for name in names if name.startswith(f"files/{folder}/"))
                self.assertEqual(packed, [f"files/{folder}/{name}" for name in ours])
                for name in ours:
                    file = package.extractfile(
                        f"prometheus-sqlite-exporter/files/{folder}/{name}")
                    self.assertEqual(file.read(), read(*where, name), name)
        self.assertFalse([name for name in names if name.startswith("ci/")])

    def test_rules_arrive_as_they_are(self):
        objects = self.template("--set", "prometheusRule.enabled=true")
        arrived = [group for each in helm.of_kind(objects, "PrometheusRule")
                   for group in each["spec"]["groups"]]
        ours = [group for path in sorted(promql.RULES)
                for group in yaml.safe_load(read(path))["groups"]]
        self.assertEqual(arrived, ours)

    def test_rules_can_lead_to_other_runbooks_and_draw_other_lines(self):
        ours = "threshold:sqlite_reader_age:seconds"
        objects = self.template("--values", os.path.join(helm.CHART, "ci",
                                                         "rules-and-dashboards-values.yaml"))
        rules = [rule for each in helm.of_kind(objects, "PrometheusRule")
                 for group in each["spec"]["groups"] for rule in group["rules"]]
        for rule in rules:
            if "alert" in rule:
                self.assertEqual(rule["annotations"]["runbook_url"],
                                 "https://runbooks.example.org/sqlite/" + rule["alert"])
        self.assertEqual([rule["expr"] for rule in rules if rule.get("record") == ours],
                         ["vector(900)"])

    def test_dashboards_arrive_byte_by_byte(self):
        objects = self.template("--set", "dashboards.enabled=true,daemonSet.enabled=false")
        arrived = {name: text for each in helm.of_kind(objects, "ConfigMap")
                   for name, text in each["data"].items()}
        self.assertEqual(sorted(arrived), sorted(uid + ".json" for uid in grafana.uids()))
        for name, text in arrived.items():
            self.assertEqual(text.rstrip("\n"), read("dashboards", name).decode().rstrip("\n"))
        for each in helm.of_kind(objects, "ConfigMap"):
            self.assertEqual(each["metadata"]["labels"]["grafana_dashboard"], "1")

    def test_it_is_of_the_projects_version(self):
        chart = yaml.safe_load(read("helm", "prometheus-sqlite-exporter", "Chart.yaml"))
        _, out, _ = support.run("--version")
        self.assertEqual("sqlite_exporter " + chart["appVersion"], out.strip())
        self.assertTrue(chart["kubeVersion"].startswith(f">={kubernetes.VERSIONS[0]}.0"))

    def test_pods_start_anew_with_another_configuration(self):
        def checksum(*arguments):
            pod = helm.only(self.template(*arguments), "DaemonSet")["spec"]["template"]
            return pod["metadata"]["annotations"]["checksum/config"]

        text = read("docs", "kubernetes.toml")
        self.assertEqual(checksum(), hashlib.sha256(text).hexdigest())
        self.assertNotEqual(checksum("--set-string", "config=[poll]"), checksum())

    def test_the_configuration_is_one_the_program_takes(self):
        for path in [None, *helm.values_files()]:
            objects = self.template(*(("--values", path) if path else ()))
            for each in helm.of_kind(objects, "ConfigMap"):
                text = each["data"].get("sqlite_exporter.toml")
                if text is None:
                    continue
                tomllib.loads(text)
                config = self.config(text)
                self.assertEqual(support.run("check-config", config), (0, config + ": ok\n", ""))

    def test_the_flags_are_the_programs(self):
        _, usage, _ = support.run("--help")
        for path in helm.values_files():
            for each in helm.of_kind(self.template("--values", path), "DaemonSet"):
                for argument in each["spec"]["template"]["spec"]["containers"][0]["args"]:
                    self.assertIn(argument.partition("=")[0], usage)

    def test_a_monitor_names_the_job_as_the_rules_know_it(self):
        for kind, endpoints in (("service", "endpoints"), ("pod", "podMetricsEndpoints")):
            objects = self.template("--set", kind + "Monitor.enabled=true")
            monitor = helm.only(objects, kind.title() + "Monitor")
            endpoint, = monitor["spec"][endpoints]
            self.assertEqual((endpoint["port"], endpoint["interval"]), ("metrics", "30s"))
            job, = [each["replacement"] for each in endpoint["relabelings"]
                    if each.get("targetLabel") == "job"]
            self.assertRegex(job, "^sqlite.exporter$")
            self.assertIn(b'job=~"sqlite.exporter"', read("alerts", "rules", "exporter.yml"))

    def test_the_notes_say_what_is_next(self):
        for values, words in {
                "service.enabled=true": ("rollout status daemonset/", "Nothing scrapes them yet",
                                         "prometheusRule.enabled", "dashboards.enabled"),
                "podMonitor.enabled=true,prometheusRule.enabled=true,dashboards.enabled=true":
                    ("port-forward", "kubectl")}.items():
            # It asks no server, and renders the notes as well.
            code, out, err = helm.run("install", helm.RELEASE, helm.CHART, "--dry-run=client",
                                      "--set", values, folder=self.folder)
            if "cluster unreachable" in err and helm.FOLDER.endswith("helm3"):
                self.skipTest("Helm 3 asks a server all the same")
            self.assertEqual(code, 0, err)
            notes = out.partition("\nNOTES:\n")[2]
            for word in words:
                self.assertIn(word, notes)
        self.assertNotIn("Nothing scrapes", notes)

    def test_the_sidecar_is_restricted(self):
        pod = helm.only(self.template(chart=helm.application(self.folder)), "Pod")
        self.assertEqual(list(kubernetes.complaints([pod], {})), [])
        sidecar = pod["spec"]["containers"][1]
        security = sidecar["securityContext"]
        self.assertEqual(security, {
            "runAsNonRoot": True, "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"}})
        self.assertEqual(sidecar["volumeMounts"],
                         [{"name": "sqlite-data", "mountPath": "/data", "readOnly": True}])
        self.assertTrue(sidecar["resources"]["requests"] and sidecar["resources"]["limits"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

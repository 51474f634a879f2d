"""The alert rules: they load, each fires and is silent, and name nothing that does not exist."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import runbooks
import support
from promql import (PROMETHEUS_METRICS, RULES, code_of, described, known_labels, labels_in, load,
                    metrics_in, rules)

try:
    import yaml
except ImportError:
    yaml = None
try:
    import _gojsonnet
except ImportError:
    _gojsonnet = None

ALERTS = os.path.join(support.SOURCE_DIR, "alerts")
TESTS = sorted(glob.glob(os.path.join(support.SOURCE_DIR, "tests", "alerts", "*_test.yml")))
ALERTMANAGER = os.path.join(ALERTS, "alertmanager.yml")


def templates_of(rule):
    return " ".join(rule["annotations"].values())


def amtool(*arguments):
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)


@unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
class RulesTest(unittest.TestCase):
    def test_names_are_found_where_they_are(self):
        expression = ('sum by (instance) (rate(sqlite_a_total{x=~"sqlite_b"}[5m])) '
                      '> on () group_left (y) instance:sqlite_c:sum')
        self.assertEqual(metrics_in(expression), {"sqlite_a_total", "instance:sqlite_c:sum"})
        self.assertEqual(labels_in(expression), {"instance", "x", "y"})

    def test_every_metric_and_label_exists(self):
        metrics = described()
        recorded = {rule["record"] for rule in rules("record")}
        labels = known_labels()
        self.assertGreater(len(metrics), 50)
        for rule in rules("alert") + rules("record"):
            expressions = [rule["expr"]]
            if "alert" in rule:
                # The queries in templates, without the %s that a label set stands for.
                expressions += re.findall(r'printf\s+"([^"]*sqlite[^"]*)"', templates_of(rule))
            for expression in expressions:
                with self.subTest(rule.get("alert") or rule["record"], expression=expression):
                    self.assertLessEqual(metrics_in(expression.replace("%s", "")),
                                         metrics.keys() | recorded | PROMETHEUS_METRICS)
                    self.assertLessEqual(labels_in(expression), labels)
            if "alert" in rule:
                used = set(re.findall(r"(?:\$labels|\.Labels)\.(\w+)", templates_of(rule)))
                self.assertLessEqual(used, labels, rule["alert"])

    def test_no_alert_has_a_label_that_comes_and_goes(self):
        # One of these has another value, or none, while one fault of a database lasts.
        unsteady = {"state", "cause", "lock", "mountpoint", "owner_process", "owner_unit",
                    "owner_namespace", "owner_pod", "owner_container"}
        with_labels = described()
        of_mounts = {"SqliteFilesystemRisk", "SqliteFilesystemReadonly", "SqliteFilesystemFillsUp"}
        told = [rule for rule in rules("alert") if rule["alert"] not in of_mounts
                and "sqlite_cgroup" not in rule["expr"]]
        of_databases = [rule for rule in rules("record") if rule["record"].startswith("database:")
                        and ":info" not in rule["record"]
                        and any(rule["record"] in alert["expr"] for alert in told)]
        for rule in told + of_databases:
            expression = rule["expr"]
            with self.subTest(rule.get("alert") or rule["record"]):
                self.assertNotIn("group_left", expression)
                # What stands first gives the labels; the rest says whether it counts.
                first = re.search(r"\b(sqlite_\w+|database:sqlite_\w+:\w+)(?=[\s{[)]|$)",
                                  expression)
                labels = with_labels.get(first[1], set()) if first else set()
                for group in re.findall(r"\bwithout\s*\(([^)]*)\)", expression[:first.start()]
                                        if first else ""):
                    labels = labels - set(re.findall(r"\w+", group))
                self.assertEqual(labels & unsteady, set())

    def test_every_threshold_is_used(self):
        used = set().union(*(metrics_in(rule["expr"]) for rule in rules("alert") + rules("record")))
        thresholds = {rule["record"] for rule in rules("record")
                      if rule["record"].startswith("threshold:")}
        self.assertTrue(thresholds)
        self.assertEqual(thresholds - used, set())

    def test_thresholds_are_in_one_place(self):
        for rule in rules("alert"):
            numbers = re.findall(r"[<>]=?\s*(\d+(?:\.\d+)?)\b", code_of(rule["expr"]))
            self.assertLessEqual(set(numbers), {"0", "1"}, rule["alert"])

    def test_every_alert_is_in_the_list(self):
        with open(os.path.join(support.SOURCE_DIR, "docs", "alerts.md"), encoding="utf-8") as file:
            listed = re.findall(r"\| \[(\w+)\]\(runbooks/\1\.md\) \| (\w+) \| (\w+) \|",
                                file.read())
        self.assertEqual(sorted(listed), sorted(
            (rule["alert"], rule["labels"]["severity"], rule.get("for", "0s"))
            for rule in rules("alert")))

    def test_every_alert_says_what_it_must(self):
        self.assertGreater(len(rules("alert")), 14)
        for rule in rules("alert"):
            with self.subTest(rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("page", "ticket", "info"))
                self.assertEqual(set(rule["annotations"]),
                                 {"summary", "description", "runbook_url"})
                # What is no alert of one instance is told by any that is left.
                self.assertRegex(rule["annotations"]["runbook_url"],
                                 r"^http://\{\{.*\}\}/runbooks/" + rule["alert"] + "$")

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (package prometheus)")
    def test_rules_load_and_do_what_their_tests_say(self):
        for arguments in (["check", "rules", "--lint-fatal", *RULES], ["test", "rules", *TESTS]):
            done = subprocess.run(["promtool", *arguments], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_fires_once_and_is_silent_once(self):
        fires, silent = set(), set()
        for path in TESTS:
            for test in load(path)["tests"]:
                for case in test.get("alert_rule_test", []):
                    (fires if case["exp_alerts"] else silent).add(case["alertname"])
        alerts = {rule["alert"] for rule in rules("alert")}
        self.assertEqual(fires, alerts)
        self.assertEqual(silent, alerts)
        # Of one alert in two severities both.
        severities = {(rule["alert"], rule["labels"]["severity"]) for rule in rules("alert")}
        seen = {(case["alertname"], alert["exp_labels"]["severity"])
                for path in TESTS for test in load(path)["tests"]
                for case in test.get("alert_rule_test", []) for alert in case["exp_alerts"]}
        self.assertEqual(seen, severities)

    @unittest.skipUnless(_gojsonnet, "gojsonnet is not installed (pip install gojsonnet)")
    def test_the_mixin_has_the_same_rules(self):
        imported = f"(import '{ALERTS}/mixin.libsonnet')"
        mixin = json.loads(_gojsonnet.evaluate_snippet(
            "mixin", f"local mixin = {imported}; "
            "mixin.prometheusRules.groups + mixin.prometheusAlerts.groups"))
        groups = {group["name"]: group for path in RULES for group in load(path)["groups"]}
        self.assertEqual({group["name"]: group for group in mixin}, groups)
        moved = _gojsonnet.evaluate_snippet(
            "mixin", f"({imported} + {{_config+:: {{runbooks: 'https://wiki.example/'}}}})"
            ".prometheusAlerts")
        self.assertEqual(moved.count('"runbook_url": "https://wiki.example/Sqlite'),
                         len(rules("alert")))


@unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
class RunbooksTest(unittest.TestCase):
    def test_every_alert_has_one_and_it_says_what_it_must(self):
        metrics = described()
        self.assertEqual(set(runbooks.NAMES), {rule["alert"] for rule in rules("alert")})
        for alert in runbooks.NAMES:
            with self.subTest(alert):
                text = runbooks.page(alert)
                self.assertEqual(re.findall(r"(?m)^#+ .*", text),
                                 ["# " + alert, "## Meaning", "## Confirm", "## Do now",
                                  "## Prevent", "## Never"])
                values = re.search(r"\n\nValues: ((?:`[^`]+`[,.\n ]*)+)\n\n## Meaning", text)[1]
                for name in re.findall(r"`([^`]+)`", values):
                    self.assertIn(name.partition("{")[0], metrics)
                for other in re.findall(r"\]\((\w+)\.md\)", text):
                    self.assertIn(other, runbooks.NAMES)
                wide = [line for line in text.splitlines()
                        if len(line) > 100 and not line.startswith("|")]
                self.assertEqual(wide, [])

    def test_what_is_wrong_with_a_database_is_confirmed_by_inspect_first(self):
        for rule in rules("alert"):
            if "database" not in labels_in(rule["expr"]):
                continue
            self.assertIn("sqlite_exporter inspect DATABASE\n",
                          "".join(runbooks.section(rule["alert"], "Confirm")), rule["alert"])


@unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
@unittest.skipUnless(shutil.which("amtool"),
                     "amtool is not installed (package prometheus-alertmanager)")
class AlertmanagerTest(unittest.TestCase):
    def test_the_configuration_is_valid(self):
        done = amtool("check-config", ALERTMANAGER)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_severity_has_its_receiver(self):
        for severity in ("page", "ticket", "info"):
            done = amtool("config", "routes", "test", "--config.file=" + ALERTMANAGER,
                          "--verify.receivers=" + severity, "severity=" + severity,
                          "alertname=SqliteWalGrowing")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_inhibition_names_alerts_that_exist_and_never_lets_a_ticket_silence_a_page(self):
        alerts = {(rule["alert"], rule["labels"]["severity"]) for rule in rules("alert")}

        def matched(matchers):
            found = set()
            for alert, severity in alerts:
                values = {"alertname": alert, "severity": severity}
                for matcher in matchers:
                    label, operator, text = re.fullmatch(r'(\w+) *(=~|!~|!=|=) *"?([^"]*)"?',
                                                         matcher).groups()
                    if label not in values:
                        continue
                    same = (re.fullmatch(text, values[label]) is not None if "~" in operator
                            else values[label] == text)
                    if same == operator.startswith("!"):
                        break
                else:
                    found.add((alert, severity))
            return found

        config = load(ALERTMANAGER)
        self.assertEqual(config["route"]["group_by"], ["cluster", "instance"])
        for rule in config["inhibit_rules"]:
            with self.subTest(rule=rule):
                sources = matched(rule["source_matchers"])
                targets = matched(rule["target_matchers"])
                self.assertTrue(sources)
                self.assertTrue(targets)
                self.assertEqual(sources & targets, set())
                for name in re.findall(r"Sqlite\w+", json.dumps(rule)):
                    self.assertIn(name, {alert for alert, _ in alerts})
                if any(severity == "page" for _, severity in targets):
                    self.assertEqual({severity for _, severity in sources}, {"page"})


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

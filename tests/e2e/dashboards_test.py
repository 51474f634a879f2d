"""The dashboards as files: up to date, right by Grafana's types, and naming only what exists."""

import copy
import os
import re
import subprocess
import sys
import tempfile
import unittest

import dashboard_schema
import grafana
from promql import PROMETHEUS_METRICS, described, known_labels, labels_in, metrics_in, rules

try:
    import grafana_foundation_sdk
except ImportError:
    grafana_foundation_sdk = None
try:
    import yaml
except ImportError:
    yaml = None

UIDS = ["sqlite-database", "sqlite-exporter", "sqlite-fleet"]
GENERATOR = os.path.join(grafana.DASHBOARDS, "generate.py")
# What Grafana fills in itself.
BUILT_IN = {"__range", "__rate_interval", "__url_time_range", "__data", "datasource"}
SENTENCE = re.compile(r"([^\n]+ )?Good: [^\n]+ Metrics?: [^\n]*`[^\n]+\.")


def urls(dashboard):
    """Of data links and of links on top."""
    for panel in grafana.panels(dashboard):
        yield from (link["url"] for link in grafana.links(panel))
    yield from (link["url"] for link in dashboard["links"] if link["type"] == "link")


class DashboardsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.dashboards = {uid: grafana.load(uid) for uid in grafana.uids()}

    def each_panel(self, check):
        for uid, dashboard in self.dashboards.items():
            for panel in grafana.panels(dashboard):
                with self.subTest(uid, panel=panel["title"]):
                    check(panel)

    def test_all_are_there(self):
        self.assertEqual(list(self.dashboards), UIDS)
        for uid, dashboard in self.dashboards.items():
            self.assertEqual(dashboard["uid"], uid)
            self.assertTrue(dashboard["title"] and dashboard["description"])

    @unittest.skipUnless(grafana_foundation_sdk,
                         "Grafana's foundation SDK is not installed (pip: grafana-foundation-sdk)")
    def test_they_are_what_their_sources_make(self):
        subprocess.run([sys.executable, GENERATOR, self.folder], check=True)
        self.assertEqual(sorted(os.listdir(self.folder)), [uid + ".json" for uid in UIDS])
        for uid in UIDS:
            with open(os.path.join(self.folder, uid + ".json"), encoding="utf-8") as file, \
                    open(os.path.join(grafana.DASHBOARDS, uid + ".json"), encoding="utf-8") as kept:
                self.assertTrue(file.read() == kept.read(), f"{uid}: run ./dev dashboards")

    @unittest.skipIf(dashboard_schema.missing(), dashboard_schema.missing())
    def test_they_are_right_by_the_types_of_grafana(self):
        for uid, dashboard in self.dashboards.items():
            self.assertEqual(
                dashboard_schema.complaints(dashboard, os.path.join(self.folder, uid)), "")

    @unittest.skipIf(dashboard_schema.missing(), dashboard_schema.missing())
    def test_what_is_wrong_by_these_types_is_found(self):
        def said_of(number, change):
            wrong = copy.deepcopy(self.dashboards["sqlite-fleet"])
            change(wrong, {panel["type"]: panel for panel in grafana.panels(wrong)})
            return dashboard_schema.complaints(wrong, os.path.join(self.folder, str(number)))

        def inside(_, panels):
            panels["stat"]["options"]["graphMode"] = "curve"
            panels["timeseries"]["fieldConfig"]["defaults"]["custom"]["fill"] = 1
            panels["table"]["targets"][0]["format"] = "tabular"
            panels["table"]["gridPos"]["width"] = 24

        said = said_of(1, inside)
        for word in ("curve", "'\"fill\"'", "tabular", "'\"width\"'"):
            self.assertIn(word, said)
        self.assertIn("timezon", said_of(2, lambda dashboard, _: dashboard.update(timezon="utc")))

    @unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
    def test_every_metric_and_label_exists(self):
        metrics = described().keys() | PROMETHEUS_METRICS | {rule["record"]
                                                             for rule in rules("record")}
        labels = known_labels()
        for uid, dashboard in self.dashboards.items():
            expressions = grafana.expressions(dashboard)
            self.assertGreater(len(expressions), 20)
            for expression in expressions:
                with self.subTest(uid, expression=expression):
                    self.assertLessEqual(metrics_in(expression), metrics)
                    self.assertLessEqual(labels_in(expression), labels)
            for each in grafana.variables(dashboard).values():
                self.assertIn(grafana.label_values(each["query"])[1], labels)
        self.each_panel(lambda panel: self.assertLessEqual(
            set(re.findall(r"\{\{(\w+)\}\}", " ".join(
                target.get("legendFormat", "") for target in panel["targets"]))), labels))

    def test_every_panel_says_what_good_looks_like_and_names_its_metrics(self):
        metrics = described().keys() | PROMETHEUS_METRICS

        def check(panel):
            self.assertRegex(panel["description"], SENTENCE)
            named = set(re.findall(r"`([^`]+)`", panel["description"]))
            self.assertLessEqual(named, metrics)

        self.each_panel(check)

    def test_every_number_has_a_unit(self):
        def check(panel):
            defaults = panel["fieldConfig"]["defaults"]
            if panel["type"] == "timeseries":
                self.assertTrue(defaults.get("unit"))
            elif panel["type"] == "stat" and panel["options"]["textMode"] == "value":
                self.assertTrue(defaults.get("unit") or defaults.get("mappings"))

        self.each_panel(check)

    def test_panels_fill_rows_and_have_numbers_of_their_own(self):
        for uid, dashboard in self.dashboards.items():
            numbers = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(set(numbers)), len(numbers))
            taken = set()
            for panel in dashboard["panels"]:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                         for y in range(at["y"], at["y"] + at["h"])}
                with self.subTest(uid, panel=panel["title"]):
                    self.assertFalse(cells & taken)
                    self.assertLessEqual(at["x"] + at["w"], 24)
                taken |= cells
            wide = {y: sum(1 for x, row in taken if row == y) for _, y in taken}
            self.assertEqual(set(wide.values()), {24}, uid)

    def test_variables_are_declared(self):
        for uid, dashboard in self.dashboards.items():
            declared = {each["name"] for each in dashboard["templating"]["list"]} | BUILT_IN
            texts = [*grafana.expressions(dashboard), *urls(dashboard),
                     *(panel["title"] for panel in dashboard["panels"])]
            for text in texts:
                with self.subTest(uid, text=text):
                    self.assertLessEqual(set(re.findall(r"\$\{?(\w+)", text)), declared)

    def test_links_lead_to_what_exists(self):
        runbook = re.compile(r"http://\$\{(__data\.fields\.)?instance\}/runbooks/"
                             r"(\$\{__data\.fields\.alertname\})?$")
        seen = set()
        for uid, dashboard in self.dashboards.items():
            for url in urls(dashboard):
                with self.subTest(uid, url=url):
                    to = re.match(r"/d/([\w-]+)\?", url)
                    if not to:
                        self.assertRegex(url, runbook)
                        seen.add("runbook")
                        continue
                    variables = {each["name"] for each in
                                 self.dashboards[to[1]]["templating"]["list"]}
                    self.assertLessEqual(set(re.findall(r"&var-(\w+)=", url)), variables)
                    seen.add(to[1])
            tagged = [link for link in dashboard["links"] if link["type"] == "dashboards"]
            self.assertEqual([link["tags"] for link in tagged], [dashboard["tags"]])
        self.assertEqual(seen, {"runbook", "sqlite-database", "sqlite-exporter"})

    @unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
    def test_a_threshold_that_is_no_product_is_refused(self):
        limits = grafana.source("limits")
        path = os.path.join(self.folder, "thresholds.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("groups: [{rules: [{record: a, expr: vector(2 * 3)}]}]")
        self.assertEqual(limits.read(path), {"a": 6})
        with open(path, "w", encoding="utf-8") as file:
            file.write("groups: [{rules: [{record: a, expr: vector(1 + 1)}]}]")
        with self.assertRaisesRegex(ValueError, "1 \\+ 1 is no number and no product of numbers"):
            limits.read(path)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

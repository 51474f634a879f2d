"""Every query of every dashboard, asked of a real Prometheus that scrapes the demo's incidents."""

import os
import re
import shutil
import sys
import tempfile
import time
import unittest

import fleet
import grafana
import short_rules
import support

try:
    import yaml
except ImportError:
    yaml = None

PATIENCE = 300  # for all together
FLEET, DATABASE, EXPORTER = "sqlite-fleet", "sqlite-database", "sqlite-exporter"
# What the kernel tells of a pod, and only of one.
OF_CGROUPS = re.compile(r"sqlite_cgroup_")


@unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (package prometheus)")
class DashboardsDataTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        rules = short_rules.write(os.path.join(folder.name, "rules"), thresholds={})
        cls.fleet = fleet.Fleet(cls.addClassCleanup, folder.name, "500ms", [rules])
        cls.prometheus = cls.fleet.prometheus
        cls.deadline = time.monotonic() + PATIENCE
        cls.databases = [(node, name) for node in cls.fleet.nodes
                         for name in cls.fleet.databases_of(node)]

    def await_that(self, condition, what):
        support.await_that(condition, what, max(1, self.deadline - time.monotonic()))

    def page(self, uid, node=None, database=None):
        values = {**self.fleet.variables_of(node), "database": database} if node else {}
        return grafana.Page(grafana.load(uid), self.prometheus, values)

    def pages(self, uid):
        """As an operator may open it: of the fleet there is one, of others one for each."""
        if uid == FLEET:
            return [self.page(uid)]
        if uid == EXPORTER:
            return [self.page(uid, node) for node in self.fleet.nodes]
        return [self.page(uid, node, database) for node, database in self.databases]

    def check_queries(self, is_meant):
        asked = 0
        for uid in grafana.uids():
            for panel in grafana.panels(grafana.load(uid)):
                for target in filter(is_meant, panel["targets"]):
                    asked += 1
                    with self.subTest(uid, panel=panel["title"], expression=target["expr"]):
                        self.await_that(
                            lambda uid=uid, target=target: any(
                                grafana.has_data(page.run(target)) for page in self.pages(uid)),
                            f"data for {target['expr']}")
        return asked

    def test_every_query_has_data(self):
        asked = self.check_queries(lambda target: not OF_CGROUPS.search(target["expr"]))
        self.assertGreater(asked, 90)

    def test_every_query_about_cgroups_has_data(self):
        if self.fleet.shop.pod.missing:
            self.skipTest(self.fleet.shop.pod.missing)
        self.assertGreater(
            self.check_queries(lambda target: OF_CGROUPS.search(target["expr"])), 5)

    def test_every_variable_offers_what_there_is(self):
        for uid in grafana.uids():
            offers = {name for name in grafana.variables(grafana.load(uid)) if name != "namespace"}
            page = self.page(uid, None if uid == FLEET else "shop", "outbox")
            # Of a dashboard of one node the nodes of its cluster.
            nodes = {address for node, address in self.fleet.nodes.items()
                     if uid == FLEET or self.fleet.clusters[node] == page.values["cluster"]}
            expected = {"cluster": set(fleet.CLUSTERS), "instance": nodes, "database": {"outbox"}}
            for name in offers:
                with self.subTest(uid, variable=name):
                    self.await_that(
                        lambda page=page, choices=expected[name], name=name:
                        set(page.choices(name)) == choices,
                        f"all choices of {name}")
        if not self.fleet.shop.pod.missing:
            page = self.page(FLEET)
            self.await_that(lambda: page.choices("namespace") == ["shop"], "a namespace")

    def test_alerts_become_annotations(self):
        for uid, database in ((FLEET, None), (DATABASE, "replaced-file"), (EXPORTER, None)):
            page = self.page(uid, None if uid == FLEET else "replaced-file", database)
            [expression] = grafana.annotations(page.dashboard)
            self.await_that(lambda page=page, expression=expression: "SqliteDatabaseReplaced" in {
                series["metric"]["alertname"] for series in page.range(expression)["result"]},
                "its alert")

    def empty_panels(self):
        """What says nothing, and not why; some part of a panel is enough."""
        return [(uid, page.values, panel["title"]) for uid in grafana.uids()
                for page in self.pages(uid) for panel in grafana.panels(page.dashboard)
                if "noValue" not in panel["fieldConfig"]["defaults"]
                and not any(grafana.has_data(page.run(target)) for target in panel["targets"])]

    def test_no_panel_is_empty_without_a_word(self):
        empty = []

        def none_is():
            empty[:] = self.empty_panels()
            return not empty

        try:
            self.await_that(none_is, "all panels")
        except AssertionError:
            self.fail("\n".join(map(str, empty)))

    def test_the_thresholds_that_are_drawn_are_those_of_the_alerts(self):
        drawn = grafana.source("limits").read()

        def thresholds():
            return {labels["__name__"]: value for labels, value in
                    self.prometheus.query('{__name__=~"threshold:.+"}')}

        self.await_that(lambda: len(thresholds()) == len(drawn), "all thresholds")
        self.assertEqual(thresholds(), drawn)

    def test_the_worst_database_is_on_top(self):
        [panel] = [panel for panel in grafana.panels(grafana.load(FLEET))
                   if panel["title"] == "Databases, the worst first"]
        score = panel["targets"][0]

        def is_ranked():
            rows = self.page(FLEET).run(score)["result"]
            rows.sort(key=lambda row: -float(row["value"][1]))
            order = [row["metric"]["database"] for row in rows]
            # The one page; then the tickets, before all that is well.
            return (len(order) == len(self.databases) and order[0] == "replaced-file"
                    and {"no-checkpoint", "stuck-writer"} <= set(order[1:6])
                    and order[-1] == "healthy")

        self.await_that(is_ranked, "the worst on top")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

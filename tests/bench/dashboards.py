#!/usr/bin/env python3
"""What one refresh of each dashboard costs a real Prometheus that watches 5,000 databases.

Counted in samples that the queries touch, as Prometheus itself counts them, over the time and with
the steps that Grafana would ask for; and the curves of the fleet with and without recording rules.
"""

import os
import resource
import sqlite3
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import grafana  # noqa: E402
import monitoring  # noqa: E402
import support  # noqa: E402

NODES, DATABASES_OF_A_NODE = 20, 250
INTERVAL = 15  # seconds
HOURS, STEPS = 6, 480  # what the dashboards show, and points in a panel of usual width
MEASURED = 20  # steps that are asked for; the rest costs as much
FILLED = 360  # seconds of samples there are: enough for all windows but those of an hour

# The curves of the fleet, as they would be without recording rules.
RAW = {
    "Transactions": "sum by (cluster) (rate(sqlite_transactions_total[5m]))",
    "Waiting in WALs": "sum by (cluster) ((sqlite_wal_frames - sqlite_wal_backfilled_frames) "
                       "* sqlite_database_page_size_bytes)",
    "Databases by state": "count by (state) (sqlite_database_state)",
    "Size of databases": "sum by (cluster) (sqlite_database_file_size_bytes)",
    "Size of WALs": "sum by (cluster) (sqlite_wal_file_size_bytes)",
}


def samples(answer):
    return answer["stats"]["samples"]["totalQueryableSamples"]


def in_full(expression, touched, steps):
    """With all of its windows full, over all steps: an upper bound."""
    if "[1h]" in expression:
        touched *= 3600 // FILLED
    # What is looked at once, over all that is shown, of each node.
    once = expression.count("[$__range]") * NODES * HOURS * 3600 // INTERVAL
    return touched * steps // MEASURED + once


class Bench(unittest.TestCase):
    def nodes(self, folder):
        for number in range(NODES):
            home = os.path.join(folder, f"node{number:02}")
            os.mkdir(home)
            for database in range(DATABASES_OF_A_NODE):
                connection = sqlite3.connect(os.path.join(home, f"{database:03}.db"))
                connection.execute("PRAGMA synchronous=OFF")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("CREATE TABLE t (v)")
                connection.close()
            # Open, so that there is a WAL to tell of.
            kept = [sqlite3.connect(os.path.join(home, f"{database:03}.db"))
                    for database in range(DATABASES_OF_A_NODE)]
            for connection in kept:
                connection.execute("INSERT INTO t VALUES (1)")
                connection.commit()
                self.addCleanup(connection.close)
            exporter = support.Exporter(os.path.join(home, "*.db"), interval=f"{INTERVAL}s")
            exporter.drain_log()
            self.addCleanup(exporter.end)
            exporter.ready()
            yield exporter.address

    def test_dashboards(self):
        # Its own connections take three descriptors each.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        addresses = list(self.nodes(folder.name))
        rules = os.path.abspath(os.path.join(support.SOURCE_DIR, "alerts", "rules", "*.yml"))
        self.prometheus = monitoring.Prometheus(
            self.addCleanup, folder.name,
            {address: {"cluster": f"cluster{number % 4}"}
             for number, address in enumerate(addresses)}, f"{INTERVAL}s", [rules])
        began = time.time()
        support.await_that(lambda: time.time() > began + FILLED
                           and self.prometheus.query("count(database:sqlite_trouble:score)"),
                           "windows full of samples", 600)
        node = {"cluster": "cluster0", "instance": addresses[0]}
        values = {"sqlite-fleet": {}, "sqlite-database": {**node, "database": "000"},
                  "sqlite-exporter": node}
        print(f"{NODES * DATABASES_OF_A_NODE} databases of {NODES} nodes; a refresh shows "
              f"{HOURS} hours in {STEPS} steps")
        for uid in grafana.uids():
            self.measure(uid, values[uid])
        self.compare()

    def page(self, uid, values):
        step = HOURS * 3600 // STEPS
        # Steps of a second over the time there is: each touches as many samples as a long one.
        return grafana.Page(grafana.load(uid), self.prometheus, values,
                            seconds=MEASURED - 1, step=1, scrape=max(step, INTERVAL))

    def measure(self, uid, values):
        page = self.page(uid, values)
        now = over_time = 0
        began = time.monotonic()
        queries = [target for panel in grafana.panels(page.dashboard)
                   for target in panel["targets"]]
        for target in queries:
            touched = samples(page.run(target, stats="all"))
            if target.get("instant"):
                now += in_full(target["expr"], touched, MEASURED)
            else:
                over_time += in_full(target["expr"], touched, STEPS)
        for expression in grafana.annotations(page.dashboard):
            over_time += in_full(expression, samples(page.range(expression, stats="all")), STEPS)
        print(f"  {uid}: {len(queries)} queries, {(now + over_time) / 1e6:.2f} million samples "
              f"({now} of them for numbers and tables), "
              f"{time.monotonic() - began:.2f} s as measured")

    def compare(self):
        page = self.page("sqlite-fleet", {})
        panels = {panel["title"]: panel["targets"][0]["expr"]
                  for panel in grafana.panels(page.dashboard)}
        total = {"recorded": 0, "raw": 0}
        for title, raw in RAW.items():
            touched = [samples(page.range(expression, stats="all"))
                       for expression in (panels[title], raw)]
            total["recorded"] += touched[0]
            total["raw"] += touched[1]
            print(f"  {title}: {touched[0] // MEASURED} samples a step by recording rules, "
                  f"{touched[1] // MEASURED} without")
        print(f"  the curves of the fleet: {total['recorded'] / total['raw']:.4f} of what they "
              "would touch without")


if __name__ == "__main__":
    unittest.main()

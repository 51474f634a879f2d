#!/usr/bin/env python3
"""What the shipped rules cost a real Prometheus that watches a thousand databases of one node.

CPU time of Prometheus for scraping alone, and for scraping and evaluating all rules, at the same
interval in one run; and how long each group of rules takes.
"""

import os
import select
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import monitoring  # noqa: E402
import support  # noqa: E402

DATABASES = 1000
INTERVAL = 5  # seconds: six times as often as most do
SECONDS = 60


def used(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait(seconds):
    select.select([], [], [], seconds)


class Bench(unittest.TestCase):
    def test_rules(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        for number in range(DATABASES):
            connection = sqlite3.connect(os.path.join(folder.name, f"{number:04}.db"))
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (v)")
            connection.close()
        exporter = support.Exporter(os.path.join(folder.name, "*.db"), interval="5s")
        exporter.drain_log()
        self.addCleanup(exporter.end)
        exporter.ready()
        rules = os.path.join(support.SOURCE_DIR, "alerts", "rules", "*.yml")
        servers = {}
        for name, files in (("without", ()), ("with", (os.path.abspath(rules),))):
            home = os.path.join(folder.name, name)
            os.mkdir(home)
            servers[name] = monitoring.Prometheus(self.addCleanup, home, [exporter.address],
                                                  f"{INTERVAL}s", files)
        support.await_that(
            lambda: servers["with"].query("count(database:sqlite_mountpoint:info)")[:1]
            and servers["without"].query("count(sqlite_up)")[:1], "both to have all")
        before = {name: used(server.process) for name, server in servers.items()}
        wait(SECONDS)
        share = {name: (used(server.process) - before[name]) / SECONDS
                 for name, server in servers.items()}
        print(f"{DATABASES} databases, scraped and evaluated every {INTERVAL} s: scraping "
              f"{100 * share['without']:.2f} % of a core, with all rules "
              f"{100 * share['with']:.2f} %, ratio {share['with'] / share['without']:.2f}")
        _, _, page = support.http_get(f"http://{servers['with'].address}/metrics")
        for line in support.samples(page):
            if line.startswith("prometheus_rule_group_last_duration_seconds"):
                group, value = line.rsplit(" ", 1)
                print(f"  {group.rpartition(';')[2][:-2]}: {1000 * float(value):.1f} ms")
        failures = support.value(page, "prometheus_rule_evaluation_failures_total",
                                 rule_group=os.path.abspath(rules).replace("*", "wal")
                                 + ";sqlite_wal")
        self.assertEqual(failures, 0)


if __name__ == "__main__":
    unittest.main()

"""A real Prometheus scrapes the running exporter and answers what SQLite itself says."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import unittest
import urllib.parse

import support

# As PromQL, and as SQLite's own statement.
EQUALITIES = {
    "sqlite_database_pages": "pragma page_count",
    "sqlite_database_freelist_pages": "pragma freelist_count",
    "sqlite_database_page_size_bytes": "pragma page_size",
    "sqlite_database_schema_version": "pragma schema_version",
    "sqlite_database_user_version": "pragma user_version",
    "sqlite_database_application_id": "pragma application_id",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (package prometheus)")
class PrometheusTest(support.TestCase):
    def prometheus(self, target):
        with open(self.path("prometheus.yml"), "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 300ms}\nscrape_configs:\n"
                       f"- {{job_name: sqlite, static_configs: [{{targets: ['{target}']}}]}}\n")
        address = f"127.0.0.1:{free_port()}"
        with open(self.path("prometheus.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                ["prometheus", "--config.file=" + self.path("prometheus.yml"),
                 "--storage.tsdb.path=" + self.path("tsdb"), "--web.listen-address=" + address],
                stderr=log, stdout=log)
        self.addCleanup(process.wait, support.PATIENCE)
        self.addCleanup(process.send_signal, signal.SIGTERM)
        return address

    def query(self, address, expression):
        """The value of the one series of the answer, or None."""
        try:
            _, _, body = support.http_get(f"http://{address}/api/v1/query?query="
                                          + urllib.parse.quote(expression))
            result = json.loads(body)["data"]["result"]
        except (OSError, ValueError, KeyError):
            return None  # not up yet
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def await_query(self, address, expression, expected):
        support.await_that(lambda: self.query(address, expression) == expected,
                           f"{expression} to be {expected}")

    def test_prometheus_answers_what_sqlite_says(self):
        app = self.application("edge.db")
        app.exec("pragma auto_vacuum=incremental", "pragma journal_mode=wal",
                 "pragma wal_autocheckpoint=0", "create table t(x)", "pragma user_version=-3")
        exporter = self.exporter(self.path("edge.db"))
        exporter.metrics()
        prometheus = self.prometheus(exporter.address)
        for rounds in range(1, 4):
            app.exec("insert into t values (randomblob(50000))", "delete from t where rowid % 2",
                     "pragma application_id=%d" % rounds)
            for family, statement in EQUALITIES.items():
                self.await_query(prometheus, family + '{database="edge"}', app.number(statement))
            self.await_query(prometheus, 'sqlite_transactions_total{database="edge"}', 3 * rounds)
            _, log, checkpointed = map(int, app.query("pragma wal_checkpoint").split("|"))
            self.await_query(prometheus, "sqlite_wal_frames", log)
            self.await_query(prometheus, "sqlite_wal_backfilled_frames", checkpointed)
        self.await_query(prometheus, 'up{job="sqlite"}', 1)
        self.await_query(prometheus, "sum(sqlite_up)", 1)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""A real Prometheus scrapes the running exporter and answers what SQLite itself says."""

import shutil
import sys
import unittest

import monitoring
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


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (package prometheus)")
class PrometheusTest(support.TestCase):
    def await_query(self, prometheus, expression, expected):
        support.await_that(
            lambda: [value for _, value in prometheus.query(expression)] == [expected],
            f"{expression} to be {expected}")

    def test_prometheus_answers_what_sqlite_says(self):
        app = self.application("edge.db")
        app.exec("pragma auto_vacuum=incremental", "pragma journal_mode=wal",
                 "pragma wal_autocheckpoint=0", "create table t(x)", "pragma user_version=-3")
        exporter = self.exporter(self.path("edge.db"))
        exporter.metrics()
        prometheus = monitoring.Prometheus(self.addCleanup, self.folder, [exporter.address])
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

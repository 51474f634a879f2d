"""A node with 5,000 databases: found by one pattern, all of them seen, and no descriptor each."""

import os
import re
import shutil
import sqlite3
import unittest

import support

COUNT = 5000
SITES, SHELVES = 10, 10
# The exporter keeps the last sixteen from databases: with more open than this looks would fail.
MOST_DESCRIPTORS = 64


class ManyTest(support.TestCase):
    def bytes_of_a_database(self):
        connection = sqlite3.connect(self.path("seed"))
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table t(x)")
        connection.close()
        with open(self.path("seed"), "rb") as file:
            return file.read()

    def create(self):
        """A tree of folders; the names below `data`, without extension."""
        content = self.bytes_of_a_database()
        names = [f"site{number % SITES}/shelf{number // SITES % SHELVES}/{number:04}"
                 for number in range(COUNT)]
        for name in names:
            os.makedirs(os.path.dirname(self.path("data/" + name)), exist_ok=True)
            with open(self.path(f"data/{name}.db"), "wb") as file:
                file.write(content)
        return names

    def watch(self):
        exporter = support.Exporter(
            "--config.file=" + self.config(f"""
                [poll]
                max_databases = {COUNT + 1}
                [[database]]
                path = "{self.path("data")}/**/*.db"
                """), interval="5s", prefix=("prlimit", f"--nofile={MOST_DESCRIPTORS}"))
        self.addCleanup(exporter.end)
        exporter.drain_log()
        return exporter.ready()

    def await_up(self, exporter, names):
        """Until these are up and there is no other; the page that says so."""
        def told():
            page = exporter.get("/metrics")[2]
            if f"\nsqlite_exporter_databases {len(names)}\n" not in page:
                return None
            found = dict(re.findall(r'^sqlite_up\{database="([^"]*)"\} (\d)$', page, re.M))
            return page if found == dict.fromkeys(names, "1") else None

        page = support.await_that(told, f"{len(names)} databases to be up, and none else")
        self.assertEqual(support.value(page, "sqlite_exporter_databases_over_limit"), 0)
        failed = [line for line in support.samples(page)
                  if line.startswith("sqlite_exporter_collector_errors_total")
                  and not line.endswith(" 0")]
        self.assertEqual(failed, [])
        return page

    def test_five_thousand_databases_on_one_node(self):
        names = self.create()
        live = self.application(f"data/{names[1]}.db").exec("insert into t values (1)")
        exporter = self.watch()
        page = self.await_up(exporter, names)
        before = support.value(page, "sqlite_transactions_total", database=names[1])
        live.exec("insert into t values (2)")
        exporter.await_sample(f'sqlite_transactions_total{{database="{names[1]}"}} {before + 1:g}')

        self.application("data/site0/shelf0/late.db").exec(
            "pragma journal_mode=wal", "create table t(x)")
        names.append("site0/shelf0/late")
        self.await_up(exporter, names)

        os.unlink(self.path(f"data/{names[0]}.db"))
        shutil.rmtree(self.path("data/site9/shelf9"))
        names = [name for name in names[1:] if not name.startswith("site9/shelf9/")]
        self.await_up(exporter, names)
        self.assertEqual(exporter.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

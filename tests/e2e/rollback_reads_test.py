"""Queries in rollback mode: what they give is of one moment, and no writer notices."""

import os
import select
import sqlite3
import subprocess
import sys
import unittest

import scenes
import sql
import support

ROWS = 1000
QUERIES = 400  # of each mode
LEAST_COMMITS = 20
MODES = ("delete", "persist", "truncate", "memory", "off")
SUM = "select (select sum(x) from a) + (select sum(x) from b) as v"


def write(path, mode):
    """An application without busy_timeout that moves amounts from one table to another, until its
    input ends; says "ready", each commit, and how often it was refused. With its small cache a
    large transaction writes pages long before its end."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    for pragma in (f"journal_mode={mode}", "cache_size=5", "synchronous=off"):
        connection.execute("pragma " + pragma)
    refused = 0
    print("ready", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        number += 1
        where = f"where id = {number % ROWS + 1}" if number % 2 else ""
        end = "rollback" if number % 8 == 0 and mode != "off" else "commit"
        try:
            connection.execute("begin immediate")
            connection.execute(f"update a set x = x - 1 {where}")
            connection.execute(f"update b set x = x + 1 {where}")
            connection.execute(end)
            print(end, flush=True)
        except sqlite3.OperationalError:
            refused += 1
            if connection.in_transaction:
                connection.execute("rollback")
    print(refused, flush=True)


class Writer:
    def __init__(self, test, path, mode):
        self.process = subprocess.Popen([sys.executable, __file__, "--write", path, mode],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        test.addCleanup(self.process.stdout.close)
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.stdin.close)
        self.said = b""
        support.await_that(lambda: self.hear() or self.said, "the writer")

    def hear(self):
        """The number of its commits until now."""
        while select.select([self.process.stdout], [], [], 0)[0]:
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                break
            self.said += more
        return self.said.count(b"commit")

    def end(self):
        """How often it was refused."""
        self.process.stdin.close()
        self.process.wait()
        self.hear()
        return int(self.said.split()[-1])


class RollbackReadsTest(scenes.EveryState):
    def database(self, name):
        """The sum of both tables is always the same."""
        path = self.path(name)
        connection = sqlite3.connect(path)
        for table in "ab":
            connection.execute(f"create table {table}(id integer primary key, x, pad)")
            connection.executemany(f"insert into {table}(x, pad) values (?, ?)",
                                   ((i, "p" * 200) for i in range(ROWS)))
        connection.commit()
        connection.close()
        return path

    def test_every_result_is_of_one_moment_and_no_commit_is_lost(self):
        worker = sql.Worker(self)
        for mode in MODES:
            with self.subTest(mode):
                path = self.database(mode + ".db")
                writer = Writer(self, path, mode)
                found = []
                while len(found) < QUERIES or writer.hear() < LEAST_COMMITS:
                    answer = worker.ask(path, SUM)
                    if "rows" in answer:
                        found.append(answer["rows"][0][1][0])
                    else:
                        self.assertEqual(answer["code"], "busy", answer)
                self.assertEqual(set(found), {ROWS * (ROWS - 1)})
                self.assertEqual(writer.end(), 0)

    def test_a_long_query_reads_a_copy_of_one_moment(self):
        worker = sql.Worker(self)
        path = self.database("app.db")
        writer = Writer(self, path, "delete")
        support.await_that(lambda: writer.hear() > 0, "a commit")
        before = writer.hear()
        # Both sums, and between them much longer than any pause of the writer.
        wait = ("(select count(*) from (with recursive n(i) as (select 1 union all select i + 1 "
                "from n limit 1000000) select i from n))")
        answer = worker.ask(path, "select (select sum(x) from a) + " + wait + " * 0 + "
                            "(select sum(x) from b) as v", timeout=60_000)
        self.assertEqual(answer.get("rows"), [[[], [ROWS * (ROWS - 1)]]], answer)
        self.assertGreater(writer.hear(), before)
        self.assertEqual(writer.end(), 0)

    def test_a_database_that_is_too_large_to_copy_and_changes_all_the_while_gives_nothing(self):
        app = self.application("app.db")
        app.exec("create table t(x)", "insert into t values (zeroblob(20000000))",
                 "create table u(x)", "insert into u values (1)", "pragma busy_timeout=0")
        worker = sql.Worker(self)
        worker.begin(self.path("app.db"), sql.LONG.replace("from t", "from u"), timeout=1000)
        answer = None
        while answer is None:
            app.exec("update u set x = x + 1")
            answer = worker.answer(patience=0)
        self.assertEqual(answer["code"], "busy", answer)
        self.assertRegex(answer["error"], "^the database changed under the query, ")

    def test_a_commit_goes_through_a_query_that_runs(self):
        app = self.application("app.db")
        app.exec("create table t(x)", "insert into t values (1)", "pragma busy_timeout=0")
        exporter = self.exporter("--config.file=" + self.config(
            f"[[database]]\npath = '{self.path('app.db')}'\n[sql]\nallow_rollback = true\n" +
            sql.query("long", sql.LONG, timeout="1m", interval="1h")))

        def is_open(pid):
            return any(os.path.realpath(f"/proc/{pid}/fd/{number}") == self.path("app.db")
                       for number in os.listdir(f"/proc/{pid}/fd"))

        support.await_that(lambda: any(map(is_open, sql.workers_of(exporter))),
                           "the worker to read")
        for _ in range(20):
            app.exec("insert into t values (2)")
        self.assertNotIn("sqlite_query_success{", exporter.metrics())

    def test_a_crash_that_left_a_transaction_half_done_is_said(self):
        app = self.application("app.db")
        app.exec("create table t(x)", "insert into t values (zeroblob(1000000))",
                 "pragma cache_size=5", "begin", "update t set x = zeroblob(1000001)")
        app.kill()
        answer = sql.Worker(self).ask(self.path("app.db"), "select count(*) as v from t")
        self.assertEqual(answer, {"code": "busy", "error": "a crash left a transaction half done, "
                                  "and its journal is hot"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(*sys.argv[2:])
    else:
        unittest.main(argv=[*sys.argv, "-v"])

"""The user's own queries in the running exporter: what they give, and that nobody waits."""

import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

import scenes
import support
from sql import LONG, STUCK, check_it_is_not_blamed, query, workers_of

class QueriesTest(scenes.EveryState):
    def database(self, name="app.db", *statements):
        """In WAL mode, with three rows in `t`, and its application."""
        app = self.application(name)
        app.exec("pragma journal_mode=wal", "create table t(x integer, kind text)",
                 "insert into t values (1, 'one'), (2, 'two'), (9007199254740993, null)",
                 *statements)
        return app

    def running(self, *queries, path="app.db", head=""):
        config = self.config(head + f"[[database]]\npath = '{self.path(path)}'\n"
                             + "".join(queries))
        return self.exporter("--config.file=" + config)

    def restarts(self, exporter, reason):
        return support.value(exporter.page(), "sqlite_exporter_worker_restarts_total",
                             reason=reason)

    def await_restart(self, exporter, reason):
        support.await_that(lambda: self.restarts(exporter, reason) >= 1, "a restart: " + reason)

    def test_a_service_reads_what_it_may_read_and_its_worker_has_no_capability(self):
        """As its unit starts it: another user, whom no folder is open to."""
        nobody = self.prefixed("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               "--inh-caps=+dac_read_search,+sys_ptrace",
                               "--ambient-caps=+dac_read_search,+sys_ptrace", "--no-new-privs")
        self.prefixed(*nobody, support.EXPORTER, "--version")  # it may lie in a closed folder, too
        os.mkdir(self.path("closed"), mode=0o700)
        self.database("closed/app.db")
        os.chmod(self.path("closed/app.db"), 0o600)
        config = self.config(f"[[database]]\npath = '{self.path('closed/')}'\n"
                             + query("rows", "select count(*) as v from t"))
        os.chmod(config, 0o644)
        os.chmod(self.folder, 0o755)
        exporter = self.exporter("--config.file=" + config, prefix=nobody)
        exporter.await_sample('shop_rows{database="app"} 3')
        exporter.await_sample("sqlite_exporter_worker_sandboxed 1")
        [worker] = workers_of(exporter)
        with open(f"/proc/{worker}/status", encoding="ascii") as file:
            self.assertIn("\nCapPrm:\t0000000000000000\n", file.read())

    def test_rows_become_samples_with_all_their_digits(self):
        self.database()
        exporter = self.running(
            query("things", "select kind, x, x * 0.5 as half, null as absent from t",
                  values=("x", "half", "absent"), labels=("kind",), more="value_label = 'what'"),
            query("sum_total", "select sum(x) as v from t",
                  more="type = 'counter'", metric="shop_sum_total"),
            path="*.db", head="")
        exporter.await_sample('sqlite_query_success{database="app",query="things"} 1')
        exporter.await_sample('sqlite_query_success{database="app",query="sum_total"} 1')
        page = exporter.metrics()
        self.assertEqual(
            [line for line in support.samples(page) if line.startswith("shop_")],
            ['shop_sum_total{database="app"} 9007199254740996',
             'shop_things{database="app",kind="one",what="x"} 1',
             'shop_things{database="app",kind="one",what="half"} 0.5',
             'shop_things{database="app",kind="two",what="x"} 2',
             'shop_things{database="app",kind="two",what="half"} 1',
             'shop_things{database="app",what="x"} 9007199254740993',
             'shop_things{database="app",what="half"} 4503599627370496'])
        self.assertIn("# HELP shop_things Of things.\n# TYPE shop_things gauge\n", page)
        self.assertIn("# TYPE shop_sum_total counter\n", page)
        self.assertGreater(support.value(page, "sqlite_query_duration_seconds", query="things"), 0)
        self.assertEqual(support.value(page, "sqlite_exporter_worker_sandboxed"), 1)
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                                     capture_output=True, check=False)
            self.assertEqual(checked.stdout + checked.stderr, "")

    def test_the_examples_of_the_page_run(self):
        with open(os.path.join(support.SOURCE_DIR, "docs/queries.md"), encoding="utf-8") as file:
            examples = re.findall(r"^```toml\n(.*?)^```$", file.read(), re.M | re.S)
        self.database("shop.db", "create table orders(state, created_at)",
                      "insert into orders values ('open', 1795231440), ('open', 1795231441), "
                      "('open', 1795231442)", "create table MarketPrices(Market, UpdateTime)",
                      "insert into MarketPrices values ('Oslo', 7)",
                      "create table IoStall(db, reads, writes)",
                      "insert into IoStall values ('a', 0.5, 1.5)")
        expected = [
            ['shop_orders{database="shop",state="open"} 3',
             'shop_oldest_order_timestamp_seconds{database="shop",state="open"} 1795231440'],
            ['pricing_update_time{database="shop",Market="Oslo",portfolio="income"} 7',
             'io_stall_seconds_total{database="shop",db="a",operation="read"} 0.5',
             'io_stall_seconds_total{database="shop",db="a",operation="write"} 1.5']]
        self.assertEqual(len(examples), len(expected))
        for example, lines in zip(examples, expected):
            text = example.replace("/var/lib/apps", self.folder)
            exporter = self.exporter("--config.file=" + self.config(text))
            for line in lines:
                exporter.await_sample(line)
            self.assertEqual(exporter.stop(), 0)

    def test_what_they_give_follows_the_database(self):
        app = self.database()
        exporter = self.running(query("rows", "select count(*) as v from t"))
        exporter.await_sample('shop_rows{database="app"} 3')
        app.exec("delete from t where x < 3")
        exporter.await_sample('shop_rows{database="app"} 1')
        app.exec("drop table t")
        exporter.await_sample('sqlite_query_success{database="app",query="rows"} 0')
        self.assertNotIn("shop_rows", exporter.page())
        app.exec("create table t(x)")
        exporter.await_sample('shop_rows{database="app"} 0')

    def test_one_that_is_wrong_says_so_once_and_disturbs_no_other(self):
        self.database()
        wrong = {"text": "select 'many' as v", "typo": "select absent as v from t",
                 "write": "delete from t", "attach": "attach ':memory:' as v",
                 "pragma": "pragma journal_mode = delete", "rows": LONG.replace("count(*)", "i"),
                 "twice": "select 1 as v from t", "endless": LONG}
        exporter = self.running(
            *(query(name, statement, timeout="200ms") for name, statement in wrong.items()),
            query("good", "select count(*) as v from t"))
        exporter.await_sample('shop_good{database="app"} 3')
        for name in wrong:
            exporter.await_sample(f'sqlite_query_success{{database="app",query="{name}"}} 0')
        # They run again and again.
        support.await_that(
            lambda: support.value(exporter.page(),
                                  "sqlite_exporter_collector_errors_total", collector="query",
                                  reason="config") > 12, "second runs")
        self.assertEqual(support.value(exporter.metrics(), "shop_good", database="app"), 3)
        self.assertEqual(exporter.stop(), 0)
        log = "".join(exporter.log)
        for name in wrong:
            said = re.findall(f'level=warn msg="a query failed" query={name} .*', log)
            self.assertEqual(len(said), 1, log)
        self.assertIn("two of its rows have the same labels", log)

    def test_a_statement_that_cannot_be_ended_costs_its_worker(self):
        self.database()
        exporter = self.running(query("stuck", STUCK, timeout="100ms", interval="1h"),
                                query("good", "select count(*) as v from t"))
        self.await_restart(exporter, "timeout")
        exporter.await_sample('sqlite_query_success{database="app",query="stuck"} 0')
        exporter.await_sample('shop_good{database="app"} 3')
        self.assertEqual(self.restarts(exporter, "ended"), 0)

    def test_a_worker_that_dies_is_replaced(self):
        self.database()
        exporter = self.running(query("good", "select count(*) as v from t"))
        exporter.await_sample('shop_good{database="app"} 3')
        [before] = workers_of(exporter)
        os.kill(before, signal.SIGKILL)
        self.await_restart(exporter, "ended")
        support.await_that(lambda: workers_of(exporter) not in ([], [before]), "another worker")

    def test_a_statement_that_pins_too_many_frames_is_ended(self):
        app = self.database()
        exporter = self.running(query("long", LONG, timeout="1m", interval="1h"),
                                head="[sql]\nmax_pinned_frames = 20\n")
        support.await_that(lambda: any(scenes.locks_of(pid) for pid in workers_of(exporter)),
                           "the worker to read")
        for _ in range(30):
            app.exec("insert into t values (4, 'four')")
        self.await_restart(exporter, "pinned_frames")
        self.assertEqual(app.query("pragma wal_checkpoint(truncate)"), "0|0|0")

    def test_it_is_never_blamed(self):
        app = self.database()
        exporter = self.running(query("long", LONG, timeout="1m", interval="1h"))
        support.await_that(lambda: any(scenes.locks_of(pid) for pid in workers_of(exporter)),
                           "the worker to read")
        app.exec("insert into t values (4, 'four')", "insert into t values (5, 'five')")
        check_it_is_not_blamed(self, exporter, ended="sqlite_query_success.*")

    def test_what_must_not_be_opened_is_not(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        before = scenes.fingerprint(data)
        exporter = self.running(query("rows", "select count(*) as v from sqlite_schema"),
                                path="data/")
        opened = {"live", "midway", "pinned"}
        for name in opened:
            exporter.await_sample(f'sqlite_query_success{{database="{name}",query="rows"}} 1')
        reasons = {"clean": "not_open", "kept": "not_open", "rollback": "rollback",
                   "writing": "rollback", "crashed": "state", "hot": "state", "pending": "state",
                   "exclusive": "state", "careless": "state", "garbage": "state"}
        for name, reason in reasons.items():
            exporter.await_sample(
                f'sqlite_query_skipped{{database="{name}",query="rows",reason="{reason}"}} 1')
        page = exporter.metrics()
        succeeded = set(re.findall(r'sqlite_query_success\{database="(\w+)"', page))
        self.assertEqual(succeeded, opened)
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(scenes.fingerprint(data), before)

    def test_the_last_close_still_removes_the_wal(self):
        app = self.database()
        exporter = self.running(query("good", "select count(*) as v from t", interval="1h"))
        exporter.await_sample('shop_good{database="app"} 3')
        app.close()
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("app.db")],
                         ["app.db"])

    def test_no_query_no_worker(self):
        self.database()
        exporter = self.running()
        exporter.metrics()
        self.assertEqual(workers_of(exporter), [])
        page = exporter.page()
        self.assertNotIn("sqlite_exporter_worker", page)
        self.assertNotIn("sqlite_query", page)

    def test_a_reload_brings_queries_and_takes_them(self):
        self.database()
        exporter = self.running()
        self.running_config(query("rows", "select count(*) as v from t"))
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample('shop_rows{database="app"} 3')
        self.running_config(query("sum", "select max(x) as v from t"))
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample('shop_sum{database="app"} 9007199254740993')
        self.assertNotIn("shop_rows", exporter.page())
        self.running_config()
        os.kill(exporter.process.pid, signal.SIGHUP)
        support.await_that(lambda: workers_of(exporter) == [], "the worker to go")
        support.await_that(lambda: "shop_sum" not in exporter.page(), "no samples")

    def test_a_reload_in_the_middle_of_a_statement_drops_what_it_finds(self):
        self.database()
        wait = LONG.replace("from n)", "from n limit 2000000)")
        exporter = self.running(query("rows", wait, timeout="1m"))
        support.await_that(lambda: any(scenes.locks_of(pid) for pid in workers_of(exporter)),
                           "the worker to read")
        # The same name, other columns.
        self.running_config(query("rows", "select kind, x, 2 as y from t where x < 3",
                                  values=("x", "y"), labels=("kind",),
                                  more="value_label = 'what'"))
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample('shop_rows{database="app",kind="two",what="y"} 2')
        self.assertEqual(exporter.stop(), 0)

    def test_a_reload_in_the_middle_of_a_statement_keeps_what_an_unchanged_query_finds(self):
        self.database()
        wait = query("rows", LONG.replace("from n)", "from n limit 2000000)"), timeout="1m",
                     interval="1h")
        exporter = self.running(wait)
        support.await_that(lambda: any(scenes.locks_of(pid) for pid in workers_of(exporter)),
                           "the worker to read")
        # In front of it, so that it has another place.
        self.running_config(query("first", "select count(*) as v from t"), wait)
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample('shop_first{database="app"} 3')
        exporter.await_sample('shop_rows{database="app"} 2000000')
        self.assertEqual(exporter.stop(), 0)

    def test_a_link_that_leads_elsewhere_is_another_database(self):
        self.database("one.db")
        self.database("two.db", "delete from t")
        os.symlink("one.db", self.path("app.db"))
        exporter = self.running(query("rows", "select count(*) as v from t", interval="1h"))
        exporter.await_sample('shop_rows{database="app"} 3')
        os.symlink("two.db", self.path("next"))
        os.rename(self.path("next"), self.path("app.db"))
        exporter.await_sample('shop_rows{database="app"} 0')

    def test_a_query_may_be_asked_for_more_often_than_databases_are_looked_at(self):
        self.database()
        config = self.config(f"[[database]]\npath = '{self.path('app.db')}'\n"
                             + query("rows", "select count(*) as v from t", interval="1s"))
        exporter = self.exporter("--config.file=" + config, interval="3200ms")
        exporter.await_sample('shop_rows{database="app"} 3')

    def running_config(self, *queries):
        self.config(f"[[database]]\npath = '{self.path('app.db')}'\n" + "".join(queries))

    def test_the_exporter_does_not_wait_for_a_statement_at_its_end(self):
        for number, statement in enumerate((LONG, STUCK)):
            self.database(f"app{number}.db")
            exporter = self.running(query("long", statement, timeout="1m", interval="1h"),
                                    path=f"app{number}.db")
            support.await_that(lambda: any(scenes.locks_of(pid) for pid in workers_of(exporter)),
                               "the worker to read")
            [worker] = workers_of(exporter)
            begun = time.monotonic()
            self.assertEqual(exporter.stop(), 0)
            self.assertLess(time.monotonic() - begun, 30)
            support.await_that(lambda: not os.path.exists(f"/proc/{worker}"), "the worker's end")

    def test_under_load_no_statement_of_the_application_fails(self):
        app = self.database("app.db", "pragma busy_timeout=0")
        exporter = self.running(
            *(query(f"rows{i}", "select count(*) as v from t") for i in range(5)),
            *(query(f"long{i}", LONG, timeout="150ms") for i in range(5)))
        exporter.drain_log()
        app.ask("load 0 0 begin immediate|insert into t values (@, 'x')|commit")
        rng = random.Random(20)
        killed = set()
        # A sanitizer makes starts slow, and would find no more in the last ones.
        while len(killed) < (8 if os.environ.get("SANITIZED") else 30):
            support.await_that(lambda: set(workers_of(exporter)) - killed, "another worker")
            # At any point of its life: no event tells of most of them.
            select.select([], [], [], rng.choice((0, 0.001, 0.01, 0.1)) * rng.random())
            for pid in set(workers_of(exporter)) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        # It answers an error if a single one of them was refused.
        app.ask("stop")
        app.exec("delete from t", "begin exclusive", "commit", "vacuum")
        exporter.stop()
        self.assertEqual(app.query("pragma integrity_check"), "ok")
        app.close()
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("app.db")],
                         ["app.db"])


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

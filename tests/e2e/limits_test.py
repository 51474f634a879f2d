"""At its limits the exporter gives up what is idle first, and says what it gives up."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import unittest

import support

STRANGERS = 1500
IN_USE = 400
DESCRIPTORS = 64

# Holds databases open in WAL mode, each by one connection, until its input ends.
HOLDER = """
import resource, sqlite3, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
held = []
for path in sys.argv[1:]:
    held.append(sqlite3.connect(path, isolation_level=None))
    held[-1].execute("pragma journal_mode=wal").fetchall()
    held[-1].execute("create table if not exists t(x)")
    held[-1].execute("insert into t values (1)")
print("open", flush=True)
for command in sys.stdin:
    for connection in held:
        connection.execute("insert into t values (1)")
    print("written", flush=True)
"""


class Holder:
    def __init__(self, paths):
        self.process = subprocess.Popen([sys.executable, "-c", HOLDER, *paths], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "open\n"

    def write(self):
        self.process.stdin.write("write\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "written\n"

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class LimitsCase(support.TestCase):
    def hold(self, *names):
        holder = Holder([self.path(name) for name in names])
        self.addCleanup(holder.stop)
        return holder

    def strangers(self, count=STRANGERS):
        """Small databases that nobody uses, whose names come before all others."""
        if not os.path.exists(self.path("seed")):
            connection = sqlite3.connect(self.path("seed"))
            connection.execute("create table t(x)")
            connection.close()
        for number in range(count):
            shutil.copyfile(self.path("seed"), self.path(f"data/0{number:04}.db"))

    def value(self, exporter, name, **labels):
        return support.value(exporter.get("/metrics")[2], name, **labels)

    def lines(self, exporter, words):
        return [line for line in exporter.log if words in line]


class MaxDatabasesTest(LimitsCase):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("data"))
        os.mkdir(self.path("named"))

    def watch(self, most=3):
        return self.exporter("--config.file=" + self.config(f"""
            [poll]
            max_databases = {most}
            [[database]]
            path = "{self.path("data")}/*.db"
            [[database]]
            path = "{self.path("named")}/zzz.db"
            """))

    def up(self, exporter, name):
        return f'\nsqlite_up{{database="{name}"}} 1\n' in exporter.get("/metrics")[2]

    def test_over_a_restart_what_is_in_use_or_named_comes_first(self):
        self.hold("data/used.db", "data/used2.db")
        self.strangers()
        for _ in range(2):
            exporter = self.watch()
            for name in ("used", "used2", "zzz"):
                support.await_that(lambda name=name: self.up(exporter, name), name + " to be up")
            self.assertEqual(self.value(exporter, "sqlite_exporter_databases"), 3)
            self.assertEqual(self.value(exporter, "sqlite_exporter_databases_over_limit"),
                             STRANGERS)
            self.assertEqual(exporter.stop(), 0)
            told = self.lines(exporter, "more databases than max_databases")
            self.assertEqual(len(told), 1, exporter.log)
            self.assertIn(f" not_watched={STRANGERS} in_use=0 among_them=", told[0])
            self.assertIn(self.path("data/0"), told[0])

    def test_strangers_push_nobody_out_while_it_runs(self):
        application = self.application("data/used.db").exec(
            "pragma journal_mode=wal", "create table t(x)")
        rollback = self.application("data/used2.db").exec("create table t(x)")
        exporter = self.watch()
        self.assertTrue(self.up(exporter, "used") and self.up(exporter, "used2"))
        self.strangers()
        # So many at once take a walk, and walks wait for their share of the CPU.
        support.await_that(lambda: self.value(
            exporter, "sqlite_exporter_databases_over_limit") == STRANGERS, "the strangers",
                           5 * support.PATIENCE)
        application.exec("insert into t values (1)")
        rollback.exec("insert into t values (1)")
        # The sampler looks at a database in rollback mode once a second.
        for name in ("used", "used2"):
            support.await_that(lambda name=name: support.value(
                exporter.page(), "sqlite_transactions_total", database=name) > 0, name)
        page = exporter.metrics()
        for name in ("used", "used2", "zzz"):
            self.assertEqual(support.value(page, "sqlite_up", database=name), 1)

    def test_one_that_comes_into_use_takes_the_place_of_an_idle_one(self):
        self.strangers(5)
        for number in range(5):  # written to long ago: by name
            os.utime(self.path(f"data/0{number:04}.db"), (1e9, 1e9))
        exporter = self.watch()
        self.assertTrue(self.up(exporter, "00000") and self.up(exporter, "00001"))
        self.hold("data/used.db")
        support.await_that(lambda: self.up(exporter, "used"), "the one in use")
        self.assertTrue(self.up(exporter, "00000") and self.up(exporter, "zzz"))
        self.assertFalse(self.up(exporter, "00001"))


class DescriptorsTest(LimitsCase):
    def test_with_few_descriptors_all_are_looked_at_in_turn(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 3 * IN_USE + 100:
            self.skipTest("an application may not open 400 databases here (RLIMIT_NOFILE)")
        names = [f"{number:03}" for number in range(IN_USE)]
        holder = self.hold(*[name + ".db" for name in names])
        exporter = support.Exporter(self.path("*.db"),
                                    prefix=("prlimit", f"--nofile={DESCRIPTORS}"))
        self.addCleanup(exporter.end)
        exporter.ready()

        def all_up(page):
            ups = [line for line in support.samples(page) if line.startswith("sqlite_up{")]
            self.assertEqual([line for line in ups if not line.endswith(" 1")], [])
            self.assertEqual(len(ups), IN_USE)

        all_up(exporter.page())
        before = exporter.metrics()
        all_up(before)
        holder.write()
        for name in names:
            counted = support.value(before, "sqlite_transactions_total", database=name)
            exporter.await_sample(
                f'sqlite_transactions_total{{database="{name}"}} {counted + 1:g}')
        page = exporter.metrics()
        all_up(page)
        self.assertGreater(support.value(page, "sqlite_exporter_databases_opened_each_time"),
                           IN_USE / 2)
        self.assertLess(support.value(page, "process_open_fds"), DESCRIPTORS)
        failed = [line for line in support.samples(page)
                  if line.startswith("sqlite_exporter_collector_errors_total")
                  and not line.endswith(" 0")]
        self.assertEqual(failed, [])
        self.assertEqual(exporter.stop(), 0)
        told = self.lines(exporter, "too few descriptors")
        self.assertEqual(len(told), 1, exporter.log)
        self.assertIn("LimitNOFILE=", told[0])
        self.assertEqual(self.lines(exporter, "look failed"), [])


class ProcfsTest(LimitsCase):
    @unittest.skipIf(os.environ.get("SANITIZED"), "without /proc a leak sanitizer fails")
    def test_an_empty_proc_is_said(self):
        os.mkdir(self.path("empty"))
        enter = ("unshare", "--mount")
        self.prefixed(*enter)
        live = self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")
        exporter = self.exporter(self.path("app.db"), prefix=(
            "sh", "-c", 'exec unshare --mount sh -c \'mount --bind "$0" /proc && exec "$@"\' "$@"',
            "sh", self.path("empty")))
        live.exec("insert into t values (1)")
        page = exporter.metrics()
        self.assertEqual(support.value(page, "sqlite_up", database="app"), 1)
        self.assertEqual(support.value(page, "sqlite_attribution_limited", reason="procfs"), 1)
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(len(self.lines(exporter, "there is no procfs")), 1, exporter.log)

    def test_a_proc_that_is_there_is_nothing_to_speak_of(self):
        exporter = self.exporter(self.path("app.db"))
        self.assertNotIn('reason="procfs"', exporter.metrics())
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(self.lines(exporter, "procfs"), [])

    def test_an_empty_folder_is_refused_as_a_procfs(self):
        os.mkdir(self.path("empty"))
        code, _, error = support.run("--path.procfs=" + self.path("empty"), self.path("app.db"))
        self.assertEqual(code, 2)
        self.assertIn("--path.procfs: ", error)
        self.assertIn("has no self/mountinfo", error)


class ChurnTest(LimitsCase):
    def test_a_folder_with_churn_does_not_fill_the_log(self):
        os.mkdir(self.path("data"))
        exporter = self.exporter(self.path("data/*.db"))
        self.strangers(100)
        support.await_that(lambda: self.value(exporter, "sqlite_exporter_databases") == 100, "all")
        shutil.rmtree(self.path("data"))
        support.await_that(lambda: self.value(exporter, "sqlite_exporter_databases") == 0, "none")
        self.assertEqual(exporter.stop(), 0)
        told = self.lines(exporter, "database is watched")
        self.assertIn(" path=" + self.path("data/0"), told[0])
        self.assertLessEqual(len(told), 10, exporter.log)


if __name__ == "__main__":
    unittest.main(verbosity=2)

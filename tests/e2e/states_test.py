"""States that take a filesystem of their own to bring about, or must not flicker."""

import os
import sys
import unittest

import support


class StatesTest(support.TestCase):
    def test_through_the_upper_directory_of_an_overlay_locks_are_unobservable_and_nothing_crashed(
            self):
        for name in ("lower", "upper", "work"):
            os.mkdir(self.path(name))
        self.mount("merged", "-t", "overlay", "overlay", "-o",
                   ",".join(f"{key}={self.path(folder)}" for key, folder in
                            (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))))
        app = self.application("merged/app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        exporter = self.exporter(self.path("upper/app.db"))
        for _ in range(3):  # idle: nothing shows that somebody is there, and nothing that nobody is
            self.assertNotIn("wal_unrecovered", "\n".join(support.samples(exporter.metrics())))
        unobservable = 'sqlite_database_state{database="app",state="locks_unobservable"} 1'

        def seen_after_a_commit():
            app.exec("insert into t values (1)")
            page = exporter.get("/metrics")[2]
            return page if unobservable in page.splitlines() else None

        page = support.await_that(seen_after_a_commit, unobservable)
        self.assertNotIn("wal_unrecovered", "\n".join(support.samples(page)))
        # What the application's own path shows is all there.
        merged = self.exporter(self.path("merged/app.db"))
        merged.await_sample('sqlite_database_state{database="app",state="wal_live"} 1')

    def test_a_checkpoint_that_finds_no_space_is_a_failure(self):
        mountpoint = self.mount("mnt", "-t", "tmpfs", "-o", "size=1m", "none")
        app = self.application("mnt/app.db")
        app.exec("pragma journal_mode=wal", "pragma wal_autocheckpoint=0", "create table t(x)")
        exporter = self.exporter(os.path.join(mountpoint, "app.db"))
        exporter.await_sample('sqlite_checkpoint_failures_total{database="app"} 0')
        with self.assertRaisesRegex(AssertionError, "full"):
            while True:
                app.exec("insert into t values (randomblob(20000))")
        with self.assertRaisesRegex(AssertionError, "full"):
            app.exec("pragma wal_checkpoint")
        exporter.await_sample('sqlite_checkpoint_failures_total{database="app"} 1')
        # The same look twice is the same failure.
        page = exporter.metrics()
        self.assertEqual(support.value(page, "sqlite_checkpoint_failures_total"), 1)

    def test_a_database_that_one_connection_keeps_for_itself_is_so_at_every_scrape(self):
        paths = {name: self.path(name + ".db") for name in ("rollback", "wal", "excl")}
        databases = {name: self.application() for name in paths}
        for name, app in databases.items():
            path = paths[name]
            app.ask("open " + (f"file:{path}?vfs=unix-excl" if name == "excl" else path))
            if name != "excl":
                app.exec("pragma locking_mode=exclusive")
            app.exec("pragma journal_mode=" + ("wal" if name == "wal" else "delete"),
                     "pragma synchronous=off", "create table t(x)", "insert into t values (1)")
        exporter = self.exporter(*paths.values())
        states = {name: f'sqlite_database_state{{database="{name}",state="{state}"}} 1'
                  for name, state in (("rollback", "rollback_exclusive"), ("wal", "wal_exclusive"),
                                      ("excl", "rollback_exclusive"))}
        for line in states.values():
            exporter.await_sample(line)
        for app in databases.values():
            app.ask("load 2000 0 begin|insert into t values (randomblob(3000))|commit")
        before = 0
        for _ in range(40):
            page = exporter.metrics()
            lines = support.samples(page)
            for name, line in states.items():
                of_database = f'database="{name}"'
                told = [line for line in lines
                        if of_database in line and line.startswith("sqlite_database_state")]
                self.assertEqual(told, [line])
                self.assertEqual(support.value(page, "sqlite_database_info", database=name), 1)
                self.assertEqual(
                    support.value(page, "sqlite_database_page_size_bytes", database=name), 4096)
                self.assertFalse([line for line in lines if of_database in line and
                                  line.startswith("sqlite_lock_current_hold_seconds")])
            counted = [line for line in lines if line.startswith("sqlite_transactions_total")]
            self.assertEqual(len(counted), 1)  # in a WAL alone commits can be counted
            now = support.value(page, "sqlite_transactions_total", database="wal")
            self.assertGreater(now, before)
            before = now
        databases["wal"].ask("stop")
        pages = databases["wal"].number("pragma page_count")
        page = exporter.metrics()
        self.assertEqual(support.value(page, "sqlite_database_pages", database="wal"), pages)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""Zero touch: whatever state a database is in, watching it changes nothing and holds nobody up."""

import os
import re
import shutil
import sys
import unittest

import scenes
import support
from scenes import fingerprint, locks_of


class InterferenceTest(scenes.EveryState):
    def paths(self, data):
        return [os.path.join(data, name) for name in os.listdir(data) if name.endswith(".db")]

    def test_nothing_is_created_changed_or_locked(self):
        data, _ = self.every_state()
        before = fingerprint(data)
        exporter = self.exporter(*self.paths(data), os.path.join(data, "absent.db"), data + "/*")
        for _ in range(3):
            page = exporter.metrics()
            self.assertEqual(locks_of(exporter.process.pid), [])
        self.assertEqual(support.value(page, "sqlite_up", database="live"), 1)
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(fingerprint(data), before)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_strace_shows_no_write_no_lock_and_no_sqlite(self):
        data, apps = self.every_state()
        trace = self.path("trace")
        exporter = self.exporter(*self.paths(data), data + "/*",
                                 prefix=("strace", "-f", "-y", "-o", trace))
        apps["live.db"].exec("insert into t values (2)")
        apps["rollback.db"].exec("insert into t values (2)")
        exporter.metrics()
        self.assertEqual(exporter.stop(), 0)
        with open(trace, encoding="utf-8", errors="replace") as file:
            calls = [line.split(None, 1)[1] for line in file if data in line]
        self.assertGreater(len(calls), 100)
        allowed = re.compile(
            r"(openat2?\(|close\(|pread64\(|fstat\(|newfstatat\(|stat\(|lstat\(|statx\(|readlink\(|"
            r"readlinkat\(|getdents64\(|inotify_add_watch\(|fcntl\(|<\.\.\. \w+ resumed|execve\(|"
            r"write\(2<|writev\(2<)")
        for call in calls:
            self.assertRegex(call, allowed)
            if call.startswith("openat"):
                self.assertNotRegex(call, r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
                self.assertRegex(call, r"O_RDONLY|unfinished")
            if call.startswith("fcntl("):
                self.assertRegex(call, r"F_GETLK|F_GETFD|F_GETFL|F_SETFD|F_SETFL, .*O_NOATIME")

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_the_locks_of_the_machine_are_read_once_in_five_seconds(self):
        data, apps = self.every_state()
        trace = self.path("trace")
        exporter = self.exporter(*self.paths(data), interval="100ms", prefix=(
            "strace", "-f", "-tt", "-e", "trace=openat", "-P", "/proc/locks", "-o", trace))
        writer = apps["live.db"]

        def readings():
            writer.exec("insert into t values (2)")
            with open(trace, encoding="utf-8", errors="replace") as file:
                return [line for line in file if "/proc/locks" in line]

        support.await_that(lambda: len(readings()) >= 3, "three readings of /proc/locks")
        self.assertEqual(exporter.stop(), 0)
        hours = [[float(part) for part in line.split()[1].split(":")] for line in readings()]
        times = [(hour * 60 + minute) * 60 + second for hour, minute, second in hours]
        for before, after in zip(times, times[1:]):
            self.assertGreaterEqual((after - before) % 86400, 4.9)

    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime maps other libraries")
    def test_the_last_close_still_removes_the_wal(self):
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        exporter = self.exporter(self.path("app.db"))
        exporter.metrics()
        app.close()
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("app.db")],
                         ["app.db"])
        exporter.await_sample('sqlite_database_state{database="app",state="wal_clean"} 1')

    def test_no_statement_of_the_application_is_refused(self):
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        self.exporter(self.path("app.db"), interval="100ms").metrics()
        for mode in ("delete", "wal", "truncate", "wal"):
            self.assertEqual(app.query("pragma journal_mode=" + mode), mode)
            for _ in range(50):
                app.exec("insert into t values (zeroblob(500))")
            app.exec("vacuum", "begin exclusive", "commit")
            if mode == "wal":
                self.assertEqual(app.query("pragma wal_checkpoint(truncate)"), "0|0|0")

    def test_a_filesystem_can_be_unmounted_once_its_application_is_gone(self):
        mountpoint = self.mount("mnt", "-t", "tmpfs", "none")
        app = self.application("mnt/app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        exporter = self.exporter(self.path("mnt/app.db"))
        exporter.await_sample('sqlite_database_state{database="app",state="wal_live"} 1')
        app.close()
        support.await_that(lambda: self.unmount(mountpoint), "umount")
        exporter.await_sample('sqlite_database_state{database="app",state="absent"} 1')

    def test_a_read_only_mount_is_watched_as_any_other(self):
        data = self.path("data")
        os.mkdir(data)
        app = self.application("data/app.db")
        app.exec("pragma journal_mode=wal", "pragma wal_autocheckpoint=0", "create table t(x)")
        self.mount("view", "-o", "bind,ro", data)
        exporter = self.exporter(self.path("view/app.db"))
        exporter.metrics()
        app.exec("insert into t values (1)")
        exporter.await_sample('sqlite_transactions_total{database="app"} 1')
        exporter.await_sample(
            'sqlite_database_pages{database="app"} ' + app.query("pragma page_count"))
        self.assertEqual(exporter.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

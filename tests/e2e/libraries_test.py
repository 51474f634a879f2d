#!/usr/bin/env python3
"""The WAL-reset bug is told by the SQLite that the processes run, and not by who wrote page 1."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from unittest import mock

import fuse
import support

# 3.54.1 is fixed. apsw brings its own SQLite; this process loads no other one.
PACKAGE = "apsw-3.54.1.0"
APSW = os.path.join(support.SOURCE_DIR, "build-ports", "python", PACKAGE)
FIXED = "3.54.1"
METRIC = "sqlite_engine_known_bug"

DRIVER = """
import sys
import apsw
for module in sys.argv[2:]:
    __import__(module)
connection = apsw.Connection(sys.argv[1])
print(apsw.sqlite_lib_version(), flush=True)
for line in sys.stdin:
    print(next(iter(connection.cursor().execute(line)), ["done"])[0], flush=True)
"""


class Fixed:
    """An application with apsw; `modules` are loaded beside it."""

    def __init__(self, path, *modules):
        self.process = subprocess.Popen([sys.executable, "-c", DRIVER, path, *modules],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1, env={**os.environ, "PYTHONPATH": APSW})
        self.version = self.process.stdout.readline().strip()

    def ask(self, sql):
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(support.PATIENCE)
        self.process.stdout.close()


def has_bug(version):
    """As collectors/sqlite/known_bug.h says, of versions from 3.7 on."""
    minor, patch = (int(part) for part in version.split(".")[1:3])
    if minor == 44 and patch >= 6 or minor == 50 and patch >= 7:
        return False
    return (minor, patch) <= (51, 2)


class LibrariesTest(support.TestCase):
    def setUp(self):
        super().setUp()
        if not os.path.isdir(APSW):
            self.skipTest(f"{APSW} is not installed: ./dev ports or ./dev test does that")

    def fixed(self, *modules):
        application = Fixed(self.path("app.db"), *modules)
        self.addCleanup(application.stop)
        self.assertEqual(application.version, FIXED)
        return application

    def affected(self):
        application = self.application("app.db")
        version = application.query("select sqlite_version()")
        if not has_bug(version):
            self.skipTest(f"the system's SQLite {version} has no such bug")
        return application

    def written_by_affected(self):
        """A database whose page 1 is of the system's library; nobody has it open."""
        writer = self.affected()
        writer.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (0)")
        writer.close()

    def written_by_fixed(self):
        writer = self.fixed()
        for sql in ("pragma journal_mode=wal", "create table t(x)", "insert into t values (0)"):
            writer.ask(sql)
        return writer

    def look(self):
        """The page of a pass that knows who they are: the pass before it had them asked."""
        exporter = self.exporter(self.path("app.db"))
        support.await_that(lambda: 'sqlite_holder_processes{database="app"' in exporter.page(),
                           "the holders")
        exporter.metrics()
        return exporter.metrics()

    def written_version(self, page):
        line = next(line for line in support.samples(page)
                    if line.startswith("sqlite_database_info{"))
        return line.split('sqlite_version="')[1].split('"')[0]

    def notes(self):
        report = json.loads(support.run("inspect", "--format=json", self.path("app.db"))[1])[0]
        return [advice["meaning"] for advice in report["advice"]
                if advice["subject"] == "wal_reset_bug"]

    def test_a_fixed_library_clears_what_the_header_accuses(self):
        self.written_by_affected()
        for application in (self.fixed(), self.fixed()):
            application.ask("update t set x = x + 1")
        page = self.look()
        self.assertTrue(has_bug(self.written_version(page)))
        self.assertNotIn(METRIC + "{", page)
        self.assertEqual(self.notes(), [])

    def test_an_old_library_accuses_where_the_header_clears(self):
        writer = self.written_by_fixed()
        for application in (self.affected(), self.affected()):
            application.exec("update t set x = x + 1")
        writer.stop()
        page = self.look()
        self.assertEqual(self.written_version(page), FIXED)
        self.assertEqual(support.value(page, METRIC, database="app", bug="wal_reset"), 1)
        self.assertIn("by which a process has it open", self.notes()[0])

    def test_one_old_library_beside_a_fixed_one_is_enough(self):
        writer = self.written_by_fixed()
        self.affected().exec("update t set x = x + 1")
        writer.ask("update t set x = x + 1")
        page = self.look()
        self.assertEqual(support.value(page, METRIC, database="app", bug="wal_reset"), 1)

    def test_who_has_both_libraries_is_not_judged_by_them(self):
        """The module sqlite3 loads the system's library, and nobody can see which one is used."""
        self.written_by_affected()
        for application in (self.fixed("sqlite3"), self.fixed("sqlite3")):
            application.ask("update t set x = x + 1")
        page = self.look()
        self.assertEqual(support.value(page, METRIC, database="app", bug="wal_reset"), 1)
        self.assertIn("which wrote page 1 last", self.notes()[0])

    def test_processes_that_come_and_go_do_not_make_it_flicker(self):
        self.written_by_affected()
        held = self.fixed()
        held.ask("update t set x = x + 1")
        other = self.fixed()
        other.ask("select x from t")
        exporter = self.exporter(self.path("app.db"))
        support.await_that(lambda: 'sqlite_holder_processes{database="app"' in exporter.page(),
                           "the holders")
        exporter.metrics()
        for _ in range(3):
            self.assertNotIn(METRIC + "{", exporter.metrics())
            visitor = Fixed(self.path("app.db"))
            visitor.ask("select x from t")
            for _ in range(3):
                self.assertNotIn(METRIC + "{", exporter.page())
            visitor.stop()


def mapped(pid, name):
    """The path of a file of this name that the process runs code of."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return next((line.split()[-1] for line in maps if name in line), None)


def threads(pid):
    """The names of its threads."""
    names = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        except OSError:
            continue  # it has ended
    return names


class HangingLibraryTest(fuse.TestCase):
    PASSES = 5

    def setUp(self):
        """Two applications whose library lies on a mount, and their database elsewhere."""
        super().setUp()
        probe = self.application()
        probe.ask("open :memory:")
        self.version = probe.query("select sqlite_version()")
        library = mapped(probe.process.pid, "libsqlite3.so")
        if library is None:
            self.skipTest("sqlite_app has no library of SQLite")
        self.mount_of_library = self.filesystem("mount")
        shutil.copy(library, os.path.join(self.path("backing-mount"), "libsqlite3.so.0"))
        with mock.patch.dict(os.environ, LD_LIBRARY_PATH=self.mount_of_library.mountpoint):
            holders = [self.application("app.db"), self.application("app.db")]
        for holder in holders:
            self.assertEqual(mapped(holder.process.pid, "libsqlite3.so"),
                             self.mount_of_library.path("libsqlite3.so.0"))
            holder.exec("pragma journal_mode=wal", "create table if not exists t(x)",
                        "insert into t values (1)")
        self.hang(self.mount_of_library)

    def watching(self):
        """An exporter with a thread at the library."""
        exporter = self.exporter(self.path("app.db"))
        support.await_that(lambda: "libraries" in threads(exporter.process.pid), "the thread")
        return exporter

    def test_a_library_on_a_mount_that_hangs_holds_up_no_look(self):
        """Neither the database's mount nor /proc is said to hang: it is a thread of its own."""
        exporter = self.watching()
        for _ in range(self.PASSES):
            page = exporter.metrics()
            self.assertEqual(support.value(page, "sqlite_up", database="app"), 1)
            self.assertEqual(support.value(page, "sqlite_exporter_stalled_mounts"), 0)
            self.assertEqual(support.value(page, "sqlite_holder_processes", database="app"), 2)
            self.assertNotIn(METRIC + "{", page)  # nobody knows yet
        self.assertIn("libraries", threads(exporter.process.pid))
        self.mount_of_library.go_on()
        support.await_that(lambda: "libraries" not in threads(exporter.process.pid),
                           "the thread to end")
        self.assertEqual(METRIC + "{" in exporter.metrics(), has_bug(self.version))

    @unittest.skipIf("address" in os.environ.get("SANITIZED", ""),
                     "LeakSanitizer waits at the end for every thread, also one that hangs")
    def test_the_exporter_ends_while_a_library_hangs(self):
        self.assertEqual(self.watching().stop(), 0)


class CostTest(support.TestCase):
    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_each_program_is_asked_once_and_one_process_alone_is_not(self):
        for name in ("app.db", "app.db", "alone.db"):
            self.application(name).exec("pragma journal_mode=wal",
                                        "create table if not exists t(x)")
        trace = self.path("trace")
        exporter = self.exporter(self.path("app.db"), self.path("alone.db"), prefix=(
            "strace", "-f", "-e", "trace=openat,openat2", "-o", trace))

        def opened(what):
            with open(trace, encoding="utf-8", errors="replace") as file:
                return [line for line in file if re.search(what, line)]

        maps = r'"/proc/\d+/maps"'
        support.await_that(lambda: len(opened(maps)) >= 2, "two programs to be asked")
        for _ in range(5):
            exporter.metrics()
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(len(opened(maps)), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)

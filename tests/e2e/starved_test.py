"""Too little CPU: what is not reached is late, and never called a disk that does not answer."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import unittest

import fuse
import support

COUNT = 400
PERCENT = 1  # of one core
BUSY = 8
CGROUPS = "/sys/fs/cgroup"


class CpuLimit:
    """A cgroup, below that of this process, whose processes get so much of a core."""

    def __init__(self, name, percent):
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            own = dict(line.rstrip("\n").split(":", 2)[1:] for line in file)
        unified = os.path.exists(CGROUPS + "/cgroup.controllers")
        root = CGROUPS if unified else CGROUPS + "/cpu"
        self.folder = os.path.join(root + own.get("" if unified else "cpu", "/"), name)
        os.mkdir(self.folder)
        try:
            if unified:
                self._write("cpu.max", f"{1000 * percent} 100000")
            else:
                self._write("cpu.cfs_period_us", "100000")
                self._write("cpu.cfs_quota_us", str(1000 * percent))
        except OSError:
            self.end()
            raise

    def _write(self, file, text):
        with open(os.path.join(self.folder, file), "w", encoding="ascii") as stream:
            stream.write(text)

    def add(self, process):
        self._write("cgroup.procs", str(process.pid))

    def add_below(self, process):
        """Into a cgroup of its own, which has no limit: that of this one stops it all the same."""
        os.mkdir(os.path.join(self.folder, "inner"))
        self._write("inner/cgroup.procs", str(process.pid))

    def end(self):
        """Once its processes are gone; one that was waited for is listed for a moment yet."""
        def removed():
            try:
                if os.path.exists(os.path.join(self.folder, "inner")):
                    os.rmdir(os.path.join(self.folder, "inner"))
                os.rmdir(self.folder)
            except OSError:
                return False
            return True

        support.await_that(removed, "the cgroup to be empty")


class Watched:
    """An exporter, all that it logs, and all that its pages ever said."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.lines = []
        self.up = {}  # the last value, by database
        self.seen = set()  # those that were up
        self.stalled = set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.exporter.process.stderr:
            self.lines.append(line)

    def look(self):
        """The page now, or None if it is too old; what it says is kept."""
        status, _, page = self.exporter.get("/metrics")
        if status != 200:
            return None
        self.up = dict(re.findall(r'^sqlite_up\{database="([^"]*)"\} (\d)$', page, re.M))
        self.seen |= {name for name, value in self.up.items() if value == "1"}
        self.stalled |= {name for name, value in self.up.items() if value == "0"}
        return page

    def logged(self, words):
        return [line for line in self.lines if words in line]


class StarvedTestCase(fuse.TestCase):
    def databases(self):
        """400 of them, each fourth in rollback mode; their paths, by name."""
        for mode in ("wal", "delete"):
            connection = sqlite3.connect(self.path(mode))
            connection.execute("pragma journal_mode=" + mode)
            connection.execute("create table t(x)")
            connection.close()
        os.mkdir(self.path("data"))
        names = [f"{number:03}" for number in range(COUNT)]
        for number, name in enumerate(names):
            shutil.copy(self.path("delete" if number % 4 == 0 else "wal"),
                        self.path(f"data/{name}.db"))
        return names

    def limit(self):
        try:
            limit = CpuLimit(f"starved-{os.getpid()}", PERCENT)
        except OSError as error:
            self.skipTest(f"a cgroup with a CPU limit cannot be made here: {error}")
        self.addCleanup(limit.end)
        return limit

    def keep_busy(self):
        """Until the end of the test."""
        for _ in range(BUSY):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)

    def watch(self, *arguments, interval="1s"):
        exporter = support.Exporter(*arguments, interval=interval)
        self.addCleanup(exporter.process.wait)
        self.addCleanup(exporter.process.kill)  # to stop at its leisure may take it long
        return Watched(exporter)

    def await_all(self, watched, names):
        """Until each was looked at; a scrape costs CPU as well, so they are few."""
        def done():
            if watched.look() is None or not watched.seen >= set(names):
                self.wait(2)
                return False
            return True

        support.await_that(done, "every database to have had its turn", 10 * support.PATIENCE)

    def wait(self, seconds):
        threading.Event().wait(seconds)

    def assert_nothing_stalls(self, watched):
        self.assertEqual(watched.stalled, set())
        self.assertEqual(watched.logged("does not answer"), [])
        self.assertEqual(watched.logged("stalled"), [])
        page = support.await_that(watched.look, "a page")
        self.assertEqual(support.value(page, "sqlite_exporter_stalled_mounts"), 0)
        self.assertEqual([line for line in support.samples(page) if 'reason="stalled"' in line
                          and not line.endswith(" 0")], [])


class StarvedTest(StarvedTestCase):
    def test_a_limit_of_a_cgroup_above_is_named(self):
        limit = self.limit()
        self.databases()
        watched = self.watch(self.path("data/*.db"), interval="1s")
        limit.add_below(watched.exporter.process)
        support.await_that(lambda: watched.logged("too little CPU"), "it to be told",
                           10 * support.PATIENCE)
        line = watched.logged("too little CPU")[0]
        self.assertRegex(line, rf"throttled=.*cgroup=\S*/{os.path.basename(limit.folder)} ")
        self.assertIn("raise the CPU limit of this cgroup", line)

    def test_a_hundredth_of_a_core(self):
        limit = self.limit()
        names = self.databases()
        watched = self.watch(self.path("data/*.db"), interval="1s")
        limit.add(watched.exporter.process)
        self.await_all(watched, names)
        support.await_that(lambda: watched.look() and watched.logged("too little CPU"),
                           "it to be told")
        self.assertIn("throttled=", watched.logged("too little CPU")[0])
        self.assert_nothing_stalls(watched)
        # On a fast machine it may suffice for whole passes.
        page = support.await_that(watched.look, "a page")
        if support.value(page, "sqlite_exporter_passes_cut_total") > 0:
            support.await_that(
                lambda: watched.logged("a pass ended before every database was looked at"),
                "cut passes to be told")

    def test_eight_busy_loops_beside_it(self):
        names = self.databases()
        self.keep_busy()
        watched = self.watch(self.path("data/*.db"))
        self.await_all(watched, names)
        self.assert_nothing_stalls(watched)

    def test_a_mount_that_hangs_is_told_while_the_machine_is_busy(self):
        mount = self.filesystem("mnt")
        for name in ("near", "mnt/far"):
            self.application(name + ".db").exec("create table t(x)").stop()
        self.keep_busy()
        watched = self.watch(self.path("near.db"), mount.path("far.db"))
        self.await_all(watched, ["near", "far"])
        self.hang(mount)
        told = lambda: watched.look() and watched.up == {"near": "1", "far": "0"}
        support.await_that(told, "the mount to be told")
        page = support.await_that(watched.look, "a page")
        self.assertEqual(support.value(page, "sqlite_exporter_stalled_mounts"), 1)
        support.await_that(lambda: watched.logged("mountpoint=" + mount.mountpoint), "a line of it")
        mount.go_on()
        back = lambda: watched.look() and watched.up == {"near": "1", "far": "1"}
        support.await_that(back, "the mount to answer")
        self.assertEqual(watched.stalled, {"far"})


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

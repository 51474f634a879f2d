"""Reported situations of locks: readers, forgotten or in turn, and a stopped writer."""

import os
import re
import signal
import sys
import time
import unittest

import cases
import support
from cases import MANY, WAL

BLOCKED = r'^sqlite_commit_blocked_seconds{{.*cause="{}".*owner_process="sqlite_app".*}} (\S+)$'


def is_stopped(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


class ReaderTest(cases.TestCase):
    """In WAL mode."""

    def read_behind(self, frames):
        """A reader, and commits since it began."""
        writer = self.application("app.db").exec(*WAL, "pragma wal_autocheckpoint=0",
                                                 "pragma synchronous=off", MANY.format(50, 20))
        reader = self.application("app.db")
        reader.ask("step select rowid from t")
        for _ in range(frames):
            writer.exec("update t set x = randomblob(20) where rowid = 1")
        return writer, reader

    def test_a_report_that_is_read_for_a_second_is_no_incident(self):
        _, reader = self.read_behind(7)
        said = self.inspect()
        self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)
        # It is a line all the same.
        self.assertEqual(said.fields["wal_pinned_frames"], 7)
        self.assertEqual([held["pid"] for held in said.fields["readers"]], [reader.process.pid])

    def test_readers_that_come_and_go_are_never_accused(self):
        writer, reader = self.read_behind(1)
        with self.doing(lambda: writer.exec("update t set x = randomblob(20) where rowid = 2")):
            for _ in range(5):
                reader.ask("finish")
                reader.ask("step select rowid from t")
                said = self.inspect()
                self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)

    def test_a_reader_with_a_backlog_behind_it_is_told(self):
        _, reader = self.read_behind(5000)
        said = self.inspect()
        self.assertEqual(said.code, 1, said.fields)
        self.assertIn("reader", said.subjects("attention"))
        self.assertIn(str(reader.process.pid), said.text("reader"))

    def test_readers_in_turn_never_leave_a_moment_without_one(self):
        """No reader is old, and yet the WAL never starts again: that is a cause of its own."""
        writer = self.application("app.db").exec(*WAL, "pragma synchronous=off",
                                                 MANY.format(50, 20))
        readers = [self.application("app.db") for _ in range(2)]
        readers[0].ask("step select rowid from t")
        exporter = self.exporter(self.path("app.db"))
        turn = [0]

        def pass_on():
            for _ in range(200):
                writer.exec("update t set x = randomblob(3000) where rowid = 3")
            turn[0] += 1
            readers[turn[0] % 2].ask("step select rowid from t")
            readers[(turn[0] + 1) % 2].ask("finish")

        # It takes half a minute to be sure; both look on at the same time.
        with self.doing(pass_on, pause=0.2):
            said = self.watch(lambda said: "readers_in_turn" in said.subjects())
            self.assertNotIn("reader", said.subjects("attention"))
            exporter.await_sample(
                'sqlite_checkpoint_blocked{database="app",cause="readers_in_turn"} 1')


class RollbackTest(cases.TestCase):
    """In rollback mode, which is SQLite's default, one reader keeps all from committing."""

    def assert_named(self, culprit, cause):
        said = self.watch(lambda said: cause in said.subjects("attention"))
        self.assertIn(str(culprit.process.pid), said.text(cause))

    def await_blocked(self, exporter, cause, seconds):
        pattern = re.compile(BLOCKED.format(cause), re.MULTILINE)

        def blocked():
            found = pattern.search(exporter.page())
            return found and float(found.group(1)) >= seconds

        support.await_that(blocked, f"a {cause} to block commits for {seconds} s")

    def test_a_forgotten_reader(self):
        writer = self.application("app.db").exec("create table t(x)", MANY.format(2000, 100),
                                                 "pragma busy_timeout=300")
        reader = self.application("app.db")
        reader.ask("step select rowid from t")
        with self.assertRaisesRegex(AssertionError, "locked"):
            writer.exec("insert into t values (1)")
        exporter = self.exporter(self.path("app.db"))

        def try_again():
            with self.assertRaisesRegex(AssertionError, "locked"):
                writer.exec("insert into t values (1)")

        with self.doing(try_again):
            self.await_blocked(exporter, "reader", 5)
            self.assert_named(reader, "reader")
        reader.ask("finish")
        writer.exec("insert into t values (1)")
        support.await_that(lambda: "sqlite_commit_blocked_seconds{" not in exporter.page(),
                           "nobody to be in the way")

    def forgotten(self, busy_timeout):
        """A reader that was forgotten, and a step of a writer that is refused each time."""
        writer = self.application("app.db").exec("create table t(x)", MANY.format(2000, 100),
                                                 f"pragma busy_timeout={busy_timeout}")
        reader = self.application("app.db")
        reader.ask("step select rowid from t")

        def try_again():
            with self.assertRaisesRegex(AssertionError, "locked"):
                writer.exec("insert into t values (1)")

        return reader, try_again

    def test_a_writer_without_a_busy_timeout(self):
        """It holds its locks for a tenth of a millisecond; no sample meets them."""
        reader, try_again = self.forgotten(busy_timeout=0)
        exporter = self.exporter(self.path("app.db"))
        with self.doing(try_again, pause=0.3):
            said = self.inspect()
            self.assertEqual((said.code, said.verdict), (1, "attention"), said.fields)
            self.assertIn(str(reader.process.pid), said.text("reader"))
            self.await_blocked(exporter, "reader", 5)
            self.assert_named(reader, "reader")
        # A reading of it all is not lost between two scrapes.
        self.assertRegex(exporter.metrics(), r"sqlite_commit_blocked_seconds{.*reader")

    def test_a_writer_that_waits_now_and_then(self):
        """A busy timeout of 2 s, and a try every 10 s: told at all scrapes from the second on."""
        reader, try_again = self.forgotten(busy_timeout=2000)
        exporter = self.exporter(self.path("app.db"))
        with self.doing(try_again, pause=8):
            self.await_blocked(exporter, "reader", 15)
            self.await_blocked(exporter, "reader", 18)  # in the pause
            self.assertRegex(exporter.metrics(), r"sqlite_commit_blocked_seconds{.*reader")
            self.assertIn(f'sqlite_commit_blocked_pid{{database="app",cause="reader"}} '
                          f"{reader.process.pid}", exporter.metrics())

    def test_a_long_report_of_which_nobody_suffers(self):
        self.forgotten(busy_timeout=0)
        exporter = self.exporter(self.path("app.db"))
        for _ in range(3):
            said = self.inspect()
            self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)
            self.assertNotIn("sqlite_commit_blocked_seconds{", exporter.metrics())

    def test_a_writer_that_is_refused_once(self):
        reader, try_again = self.forgotten(busy_timeout=0)
        exporter = self.exporter(self.path("app.db"))
        exporter.await_sample('sqlite_readers{database="app"} 1')
        try_again()
        said = self.inspect()
        self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)
        self.assertNotIn("sqlite_commit_blocked_seconds{", exporter.metrics())
        reader.ask("finish")
        said = self.inspect()
        self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)

    def test_short_readers_beside_a_writer_that_commits(self):
        writer = self.application("app.db").exec("create table t(x)", MANY.format(2000, 100),
                                                 "pragma busy_timeout=5000")
        readers = [self.application("app.db").exec("pragma busy_timeout=5000") for _ in range(2)]
        exporter = self.exporter(self.path("app.db"))

        def read_on(reader):
            reader.ask("step select rowid from t")
            time.sleep(0.2)  # what it reads for, and not what the test waits for
            reader.ask("finish")

        # Each on its own: who waits for the writer must keep nobody else from ending.
        with self.doing(lambda: read_on(readers[0])), self.doing(lambda: read_on(readers[1])), \
                self.doing(lambda: writer.exec("insert into t values (1)")):
            for _ in range(5):
                said = self.inspect()
                self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)
                self.assertNotIn("sqlite_commit_blocked_seconds{", exporter.metrics())

    def test_a_write_transaction_that_never_ends(self):
        writer = self.application("app.db").exec("create table t(x)", "begin immediate",
                                                 "insert into t values (1)")
        exporter = self.exporter(self.path("app.db"))
        self.await_blocked(exporter, "writer", 5)
        self.assert_named(writer, "writer")

    def test_ordinary_commits_accuse_nobody(self):
        app = self.application("app.db").exec("create table t(x)")
        exporter = self.exporter(self.path("app.db"))
        with self.doing(lambda: app.exec("insert into t values (1)"), pause=0.02):
            for _ in range(5):
                self.assertNotIn("sqlite_commit_blocked_seconds{", exporter.metrics())
                said = self.inspect()
                self.assertEqual((said.code, said.verdict), (0, "healthy"), said.fields)


class StoppedTest(cases.TestCase):
    def test_a_holder_that_is_stopped_has_to_be_continued(self):
        """A backup stops the container in a write transaction: all others find it locked."""
        holder = self.application("app.db").exec(*WAL, "begin immediate",
                                                 "insert into t values (1)")
        exporter = self.exporter(self.path("app.db"))
        os.kill(holder.process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, holder.process.pid, signal.SIGCONT)
        support.await_that(lambda: is_stopped(holder.process), "it to be stopped")
        with self.assertRaisesRegex(AssertionError, "locked"):
            self.application("app.db").exec("insert into t values (2)")
        support.await_that(
            lambda: re.search(r"^sqlite_holder_stopped{.*} 1$", exporter.page(), re.MULTILINE),
            "the stopped holder")
        said = self.watch(lambda said: "writer" in said.subjects("attention"))
        self.assertIn(str(holder.process.pid), said.text("writer"))
        self.assertRegex(said.text(), r"(?i)stopped")
        self.assertRegex(said.text(), r"(?i)continue|CONT\b")


class FrozenTest(cases.TestCase):
    def test_a_holder_in_a_frozen_cgroup_has_to_be_thawed(self):
        """`docker pause` or `systemctl freeze` in a write transaction: no state tells it."""
        holder = self.application("app.db").exec(*WAL, "begin immediate",
                                                 "insert into t values (1)")
        unit = f"sqlite_exporter_frozen_{os.getpid()}.service"
        freeze = self.freezer(unit, holder.process.pid)
        exporter = self.exporter(self.path("app.db"))
        stopped = re.compile(rf'^sqlite_holder_stopped{{.*owner_unit="{unit}".*}} ([01])$',
                             re.MULTILINE)

        def told(value):
            return lambda: (found := stopped.search(exporter.page())) and found.group(1) == value

        support.await_that(told("0"), "a holder that runs")
        freeze(True)
        self.assertFalse(is_stopped(holder.process))
        support.await_that(told("1"), "the frozen holder")
        said = self.watch(lambda said: "writer" in said.subjects("attention"))
        self.assertIn(f"pid {holder.process.pid}, {unit}, frozen", said.text("writer"))
        self.assertIn(f"thaw it (systemctl thaw {unit})", said.text("writer"))
        self.assertTrue(said.fields["locks"][0]["process_frozen"])
        freeze(False)
        support.await_that(told("0"), "the holder that goes on")
        holder.exec("commit")

    def freezer(self, name, pid):
        """A new cgroup with this process; what freezes and thaws it. Skips where it is refused."""
        root = "/sys/fs/cgroup"
        if not os.path.exists(root + "/cgroup.controllers"):
            root += "/unified"
        with open("/proc/self/cgroup", encoding="ascii") as file:
            own = next((line[3:] for line in file.read().splitlines() if line.startswith("0::")),
                       None)
        folder = f"{root}{own}/{name}"
        try:
            os.mkdir(folder)
        except OSError as error:
            self.skipTest(f"no cgroup of v2 can be made here: {error}")

        def write(path, text):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)

        def remove():
            write(f"{folder}/cgroup.freeze", "0")
            write(f"{root}{own}/cgroup.procs", str(pid))
            os.rmdir(folder)

        self.addCleanup(remove)
        write(f"{folder}/cgroup.procs", str(pid))

        def freeze(wanted):
            write(f"{folder}/cgroup.freeze", "1" if wanted else "0")
            with open(f"{folder}/cgroup.events", encoding="ascii") as events:
                support.await_that(
                    lambda: events.seek(0) or f"frozen {int(wanted)}" in events.read(),
                    "the cgroup's answer")

        return freeze


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

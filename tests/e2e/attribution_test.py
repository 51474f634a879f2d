"""Who pins the WAL: named where the kernel tells, and never guessed where it does not."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import support


# One connection in WAL mode that reads through READ1, its locks taken by F_OFD_SETLK.
DESCRIPTION_READER = """
import fcntl, os, struct, sys
def lock(name, first, length):
    file = os.open(name, os.O_RDWR)
    fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, first, length, 0))
lock(sys.argv[1], 0x40000002, 510)
lock(sys.argv[1] + "-shm", 128, 1)
lock(sys.argv[1] + "-shm", 124, 1)
print("locked", flush=True)
sys.stdin.read()
"""

LEAK = """
import resource, sqlite3, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
held = []
try:
    while True:
        held.append(sqlite3.connect(sys.argv[1], isolation_level=None))
        held[-1].execute("pragma journal_mode=wal").fetchall()
        held[-1].execute("create table if not exists t(x)")
except sqlite3.OperationalError:
    print("full", flush=True)
sys.stdin.read()
"""


def description_reader(path):
    reader = subprocess.Popen([sys.executable, "-c", DESCRIPTION_READER, path],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdout.readline() == "locked\n"
    return reader


def end(process):
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def procfs_hides_processes():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounts = [line for line in file if line.split()[4] == "/proc"]
    return re.search(r"\bhidepid=(?!0|off)", mounts[-1]) is not None


def comm_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().rstrip("\n")


class AttributionTest(support.TestCase):
    def pinned(self):
        """A live database: a writer, and a reader that has forgotten its transaction."""
        writer = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
        reader = self.application("app.db")
        reader.ask("step select x from t")
        writer.exec("insert into t values (3)")
        return reader.process.pid

    def check_numbers(self, page):
        """What needs no name is right in any namespace and under any user."""
        self.assertEqual(support.value(page, "sqlite_wal_pinned_frames", database="app"), 1)
        self.assertEqual(support.value(page, "sqlite_readers", database="app"), 1)
        self.assertEqual(
            support.value(page, "sqlite_checkpoint_blocked", database="app", cause="reader"), 1)

    def test_the_process_that_pins_is_named(self):
        pid = self.pinned()
        exporter = self.exporter(self.path("app.db"))
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = exporter.metrics()
        self.check_numbers(page)
        self.assertEqual(support.value(page, "sqlite_oldest_reader_pid"), pid)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process="sqlite_app"), 1)
        self.assertEqual(support.value(page, "sqlite_holder_processes",
                                       owner_process="sqlite_app"), 2)
        self.assertNotIn("sqlite_attribution_limited{", page)

    def test_who_reads_by_locks_of_an_open_file_description_is_named(self):
        """As ncruces/go-sqlite3 does: the kernel gives such a lock no pid."""
        writer = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
        writer.query("select x from t")  # leaves READ1 at the last commit
        reader = description_reader(self.path("app.db"))
        self.addCleanup(end, reader)
        writer.exec("insert into t values (3)")
        exporter = self.exporter(self.path("app.db"))
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = support.await_that(
            lambda: (page := exporter.metrics()) and "sqlite_oldest_reader_pid{" in page and page,
            "the reader's pid")
        self.check_numbers(page)
        self.assertEqual(support.value(page, "sqlite_oldest_reader_pid"), reader.pid)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process=comm_of(reader.pid)), 1)
        self.assertEqual(support.value(page, "sqlite_holder_processes",
                                       owner_process="sqlite_app"), 1)
        self.assertEqual(support.value(page, "sqlite_holder_processes",
                                       owner_process=comm_of(reader.pid)), 1)
        self.assertNotIn("sqlite_attribution_limited{", page)
        report = json.loads(support.run("inspect", "--format=json", self.path("app.db"))[1])[0]
        self.assertTrue(report["holders_complete"])
        self.assertEqual([holder["pid"] for holder in report["readers"]], [reader.pid])

    def test_an_open_file_description_of_another_pid_namespace_leaves_the_list_open(self):
        self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
        self.addCleanup(end, description_reader(self.path("app.db")))
        prefix = self.prefixed("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        exporter = self.exporter(self.path("app.db"), prefix=prefix)
        exporter.await_sample('sqlite_attribution_limited{reason="open_file_description"} 1')
        self.assertNotIn("sqlite_holder_processes{", exporter.metrics())

    def test_a_stopped_writer_is_to_be_continued(self):
        writer = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "begin immediate",
            "insert into t values (1)")
        os.kill(writer.process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, writer.process.pid, signal.SIGCONT)
        exporter = self.exporter(self.path("app.db"))
        support.await_that(
            lambda: "sqlite_holder_stopped{" in exporter.metrics(), "the state of the holder")
        self.assertEqual(support.value(exporter.page(), "sqlite_holder_stopped",
                                       owner_process="sqlite_app"), 1)
        report = json.loads(support.run("inspect", "--format=json", self.path("app.db"))[1])[0]
        self.assertTrue(report["locks"][0]["process_stopped"])

    def test_a_process_that_runs_out_of_descriptors_is_named(self):
        leak = subprocess.Popen([sys.executable, "-c", LEAK, self.path("app.db")],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(end, leak)
        self.assertEqual(leak.stdout.readline(), "full\n")
        code, text, _ = support.run("inspect", "--format=json", self.path("app.db"))
        self.assertEqual(code, 1)
        advice = json.loads(text)[0]["advice"]
        self.assertEqual([each["subject"] for each in advice if each["severity"] == "attention"],
                         ["connection_leak"])
        self.assertIn(f"pid {leak.pid}", advice[0]["meaning"])
        exporter = self.exporter(self.path("app.db"))
        page = support.await_that(
            lambda: (page := exporter.metrics()) and "sqlite_holder_open_fds{" in page and page,
            "the descriptors of the holder")
        self.assertEqual(support.value(page, "sqlite_holder_max_fds"), 128)
        self.assertGreater(support.value(page, "sqlite_holder_open_fds"), 110)

    def test_in_another_pid_namespace_numbers_are_right_and_nobody_is_named(self):
        self.pinned()
        prefix = self.prefixed("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        exporter = self.exporter(self.path("app.db"), prefix=prefix)
        exporter.await_sample('sqlite_attribution_limited{reason="pid_namespace"} 1')
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = exporter.metrics()
        self.check_numbers(page)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames", owner_process=""), 1)
        self.assertNotIn("sqlite_oldest_reader_pid{", page)
        self.assertNotIn("sqlite_holder_processes{", page)

    def test_with_the_hosts_procfs_another_pid_namespace_names_them_all(self):
        self.pinned()
        host = self.mount("host_proc", "--bind", "/proc")
        prefix = self.prefixed("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        exporter = self.exporter(self.path("app.db"), "--path.procfs=" + host, prefix=prefix)
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = exporter.metrics()
        self.check_numbers(page)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process="sqlite_app"), 1)
        self.assertEqual(support.value(page, "sqlite_holder_processes",
                                       owner_process="sqlite_app"), 2)

    def test_as_another_user_what_f_getlk_names_is_told(self):
        if os.geteuid() != 0:
            self.skipTest("putting on another user takes root")
        if procfs_hides_processes():
            self.skipTest("/proc is mounted with hidepid: no name is told to another user")
        pid = self.pinned()
        exporter = self.exporter(self.path("app.db"), prefix=self.another_user())
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = exporter.metrics()
        self.check_numbers(page)
        # The dead man's switch names the one, READ1 the other: together they may be all there are.
        self.assertEqual(support.value(page, "sqlite_oldest_reader_pid"), pid)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process="sqlite_app"), 1)

    def another_user(self):
        """A command that makes another user of the exporter, who may read the database."""
        program = shutil.copy(support.EXPORTER, self.path("program"))  # its folder may be closed
        prefix = self.prefixed("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        original, support.EXPORTER = support.EXPORTER, program
        self.addCleanup(setattr, support, "EXPORTER", original)
        os.chmod(self.folder, 0o755)
        for name in os.listdir(self.folder):
            if name.startswith("app.db"):
                os.chmod(self.path(name), 0o644)
        return prefix

    def test_whoever_may_not_ask_the_living_accuses_nobody_who_wrote_lately(self):
        if os.geteuid() != 0:
            self.skipTest("putting on another user takes root")
        app = support.Application(f"file:{self.path('app.db')}?vfs=unix-none")
        self.addCleanup(lambda: app.process.poll() is None and app.kill())
        app.exec("pragma locking_mode=exclusive", "pragma journal_mode=wal", "create table t(x)")
        prefix = self.another_user()
        exporter = self.exporter(self.path("app.db"), prefix=prefix)
        for _ in range(3):
            page = exporter.metrics()
            self.assertEqual(support.value(page, "sqlite_up", database="app"), 1)
            self.assertNotIn('sqlite_database_state{database="app",state="wal_unrecovered"} 1',
                             support.samples(page))
        exporter.end()
        long_ago = time.time() - 3600
        for name in ("app.db", "app.db-wal"):
            os.utime(self.path(name), (long_ago, long_ago))
        # One without a single lock cannot be told from the dead after so long.
        self.exporter(self.path("app.db"), prefix=prefix).await_sample(
            'sqlite_database_state{database="app",state="wal_unrecovered"} 1')

    def test_of_a_file_of_ones_own_one_can_ask_whoever_matters(self):
        if os.geteuid() != 0:
            self.skipTest("putting on another user takes root")
        app = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        app.kill()
        prefix = self.another_user()
        told = subprocess.run([*prefix, support.EXPORTER, "inspect", self.path("app.db")],
                              capture_output=True, text=True, check=False)
        self.assertIn("CANNOT SAY", told.stdout)
        self.assertIn("not_all_asked", told.stdout)
        for name in os.listdir(self.folder):
            if name.startswith("app.db"):
                os.chown(self.path(name), 65534, 65534)
        told = subprocess.run([*prefix, support.EXPORTER, "inspect", self.path("app.db")],
                              capture_output=True, text=True, check=False)
        self.assertIn("wal_unrecovered", told.stdout)
        self.assertNotIn("could be asked", told.stdout)

    @unittest.skipUnless(shutil.which("mkfs.btrfs"), "mkfs.btrfs is not installed")
    def test_on_btrfs_equal_inodes_of_two_subvolumes_name_nobody_wrongly(self):
        image = self.path("btrfs.img")
        with open(image, "wb") as file:
            file.truncate(200 << 20)
        subprocess.run(["mkfs.btrfs", "--quiet", image], capture_output=True, check=True)
        mountpoint = self.mount("btrfs", "-o", "loop", image)
        readers = {}
        for volume in ("one", "two"):
            subprocess.run(["btrfs", "subvolume", "create", os.path.join(mountpoint, volume)],
                           capture_output=True, check=True)
            name = f"btrfs/{volume}/app.db"
            writer = self.application(name).exec(
                "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
            reader = self.application(name)
            reader.ask("step select x from t")
            writer.exec("insert into t values (3)")
            readers[volume] = reader.process.pid
        inodes = {os.stat(os.path.join(mountpoint, volume, "app.db-shm")).st_ino
                  for volume in readers}
        self.assertEqual(len(inodes), 1)  # the trap
        exporter = self.exporter(mountpoint + "/*/app.db")
        for volume, pid in readers.items():
            exporter.await_sample(f'sqlite_checkpoint_blocked{{database="{volume}/app",'
                                  'cause="reader"} 1')
            page = exporter.metrics()
            self.assertEqual(support.value(page, "sqlite_oldest_reader_pid",
                                           database=volume + "/app"), pid)
            self.assertEqual(support.value(page, "sqlite_holder_processes",
                                           database=volume + "/app"), 2)

    def test_litestreams_reader_is_a_replicator_and_no_culprit(self):
        writer = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
        program = shutil.copy(support.SQLITE_APP, self.path("litestream"))
        original, support.SQLITE_APP = support.SQLITE_APP, program
        self.addCleanup(setattr, support, "SQLITE_APP", original)
        replicator = self.application("app.db")
        replicator.ask("step select x from t")
        writer.exec("insert into t values (3)")
        exporter = self.exporter(self.path("app.db"))
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="replicator"} 1')
        page = exporter.metrics()
        self.assertNotIn('cause="reader"', page)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process="litestream"), 1)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

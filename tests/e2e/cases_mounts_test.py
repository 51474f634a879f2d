"""Reported situations of mounts: another host, a file alone, a full, dead or hung disk."""

import fcntl
import os
import struct
import subprocess
import sys
import unittest

import cases
import fuse
import support
from cases import MANY, WAL

EXT4_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_LOG = struct.pack("I", 2)


class TestCase(cases.TestCase, fuse.TestCase):
    def loop_mount(self, name, megabytes, *options):
        """An ext4 of its own on a loop device; skips the test where there is none."""
        image = self.path(name + ".img")
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        made = subprocess.run(["mkfs.ext4", "-q", "-m0", image], capture_output=True, check=False)
        self.assertEqual(made.returncode, 0, made.stderr)
        return self.mount(name, "-o", ",".join(("loop", *options)), image)


class OtherHostTest(TestCase):
    """Somebody writes through another filesystem, whose locks do not arrive here."""

    def write_through_fuse(self, *statements):
        mount = self.filesystem("far")
        app = self.application("far/app.db").exec(*statements)
        return mount, app, self.path("backing-far/app.db")

    def test_in_wal_mode(self):
        _, app, path = self.write_through_fuse(*WAL)
        exporter = self.exporter(path)
        with self.doing(lambda: app.exec("insert into t values (randomblob(3000))")):
            # Until something shows that somebody is there, nothing may say that nobody is.
            self.await_state(exporter, "locks_unobservable")
            for _ in range(3):
                self.assertEqual(cases.states_of(exporter.metrics()), {"locks_unobservable"})
            said = self.inspect(path=path)
            self.assertEqual((said.code, said.states), (1, {"locks_unobservable"}), said.fields)
            # An advice to start it would add a second, unlocked writer.
            self.assertNotRegex(said.text(), r"(?i)start the application")

    def test_in_rollback_mode(self):
        _, app, path = self.write_through_fuse("create table t(x)")
        exporter = self.exporter(path)
        with self.doing(lambda: app.exec("insert into t values (1)"), pause=0.1):
            self.await_state(exporter, "locks_unobservable")


class FileAloneTest(TestCase):
    def test_a_file_that_is_mounted_alone(self):
        """Its -wal is made in the container's layer, and dies with it."""
        for folder in ("srv", "layer"):
            os.mkdir(self.path(folder))
        self.application("srv/app.db").exec(*WAL).close()
        with open(self.path("layer/app.db"), "wb"):
            pass
        mounted = subprocess.run(["mount", "--bind", self.path("srv/app.db"),
                                  self.path("layer/app.db")], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("a file cannot be mounted here: " + mounted.stderr.decode().strip())
        self.addCleanup(self.unmount, self.path("layer/app.db"), "--lazy")
        app = self.application("layer/app.db").exec(MANY.format(20, 3000))
        self.assertEqual(sorted(os.listdir(self.path("srv"))), ["app.db"])
        self.assertIn("app.db-wal", os.listdir(self.path("layer")))
        exporter = self.exporter(self.path("srv/app.db"))
        with self.doing(lambda: app.exec("insert into t values (1)")):
            page = support.await_that(
                lambda: (page := exporter.page()) and "file_mount" in cases.risks_of(page) and page,
                "the risk file_mount")
            # What cannot be counted is not 0.
            self.assertNotIn("sqlite_transactions_total{", page)
            said = self.inspect("srv/app.db")
            self.assertNotEqual(said.verdict, "healthy", said.fields)
            self.assertIn("file_mount", said.subjects())


class DiskTest(TestCase):
    def test_a_full_disk_is_not_healthy(self):
        mountpoint = self.loop_mount("mnt", 24)
        app = self.application("mnt/app.db").exec(*WAL)
        exporter = self.exporter(os.path.join(mountpoint, "app.db"))
        for size in (500_000, 60_000, 3000, 1):
            with self.assertRaisesRegex(AssertionError, "full"):
                while True:
                    app.exec(f"insert into t values (randomblob({size}))")
        said = self.inspect("mnt/app.db")
        self.assertEqual((said.code, said.states), (1, {"wal_live"}), said.fields)
        self.assertIn("filesystem_full", said.subjects("attention"))
        page = exporter.metrics()
        self.assertLess(support.value(page, "sqlite_filesystem_avail_bytes"), 500_000)

    def test_a_disk_that_vanishes(self):
        """A USB disk is pulled out, a card dies: each read answers EIO."""
        mountpoint = self.loop_mount("mnt", 48)
        app = self.application("mnt/app.db").exec(*WAL)
        exporter = self.exporter(os.path.join(mountpoint, "app.db"))
        exporter.await_sample('sqlite_up{database="app"} 1')
        folder = os.open(mountpoint, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_SHUTDOWN, WITHOUT_LOG)
        except OSError as error:
            self.skipTest(f"this ext4 cannot be shut down: {error}")
        finally:
            os.close(folder)
        self.assertRaises(AssertionError, app.exec, "insert into t values (1)")
        exporter.await_sample('sqlite_up{database="app"} 0')
        said = self.inspect("mnt/app.db")
        self.assertEqual((said.code, said.fields["error"]["reason"]), (2, "io"), said.fields)
        self.assertIn("kernel log", said.text())

    def test_a_mount_that_hangs_and_a_local_database(self):
        mount = self.filesystem("mnt")
        self.application("mnt/far.db").exec("create table t(x)").close()
        near = self.application("near.db").exec(*WAL)
        exporter = self.exporter(self.path("mnt/far.db"), self.path("near.db"), interval="500ms")
        exporter.await_sample('sqlite_up{database="far"} 1')
        self.hang(mount)
        exporter.await_sample('sqlite_up{database="far"} 0')
        near.exec("insert into t values (1)")
        page = exporter.metrics()
        self.assertEqual(cases.states_of(page, "near"), {"wal_live"})
        self.assertEqual(cases.states_of(page, "far"), set())
        said = self.inspect("mnt/far.db")
        self.assertEqual((said.code, said.fields["error"]["reason"]), (2, "stalled"))
        self.assertEqual(exporter.stop(), 0)


class OverlayTest(TestCase):
    def test_a_database_of_an_image_is_copied_up(self):
        """It was opened to be read before the first write made another file of it."""
        for folder in ("lower", "upper", "work"):
            os.mkdir(self.path(folder))
        self.application("lower/app.db").exec("create table t(x)", "insert into t values (1)",
                                              ).close()
        self.mount("merged", "-t", "overlay", "overlay", "-o",
                   ",".join(f"{key}={self.path(folder)}" for key, folder in
                            (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))))
        reader = self.application()
        reader.ask(f"open file:{self.path('merged/app.db')}?mode=ro")
        self.assertEqual(reader.number("select count(*) from t"), 1)
        writer = self.application("merged/app.db").exec("insert into t values (2)")
        self.assertEqual(reader.number("select count(*) from t"), 2)  # this kernel shows it
        writer.exec("begin immediate")
        said = self.inspect("merged/app.db")
        self.assertEqual(said.states, {"rollback_active"}, said.fields)
        self.assertIn("overlay_upper", cases.risks_of(self.page_of("merged/app.db")))


class TimesTest(TestCase):
    def test_a_look_changes_no_time_of_access(self):
        """Where each read writes the time of access, an observer would wear the card."""
        mountpoint = self.mount("mnt", "-t", "tmpfs", "-o", "strictatime", "none")
        path = os.path.join(mountpoint, "app.db")
        self.application("mnt/app.db").exec("create table t(x)", "insert into t values (1)").close()
        os.utime(path, (1_000_000, 1_000_000))
        self.inspect("mnt/app.db")
        self.page_of("mnt/app.db")
        self.assertEqual(os.stat(path).st_atime, 1_000_000)
        with open(path, "rb") as file:  # this mount does keep them
            file.read(1)
        self.assertNotEqual(os.stat(path).st_atime, 1_000_000)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

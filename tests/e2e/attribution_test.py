"""Who pins the WAL: named where the kernel tells, and never guessed where it does not."""

import os
import shutil
import subprocess
import sys
import unittest

import support


class AttributionTest(support.TestCase):
    def pinned(self):
        """A live database: a writer, and a reader that has forgotten its transaction."""
        os.chmod(self.folder, 0o755)
        writer = self.application("app.db").exec(
            "pragma journal_mode=wal", "create table t(x)", "insert into t values (1), (2)")
        reader = self.application("app.db")
        reader.ask("step select x from t")
        writer.exec("insert into t values (3)")
        for name in ("app.db", "app.db-wal", "app.db-shm"):
            os.chmod(self.path(name), 0o644)
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
        pid = self.pinned()
        program = shutil.copy(support.EXPORTER, self.path("program"))  # its folder may be closed
        prefix = self.prefixed("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        original, support.EXPORTER = support.EXPORTER, program
        self.addCleanup(setattr, support, "EXPORTER", original)
        exporter = self.exporter(self.path("app.db"), prefix=prefix)
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        page = exporter.metrics()
        self.check_numbers(page)
        # The dead man's switch names the one, READ1 the other: together they may be all there are.
        self.assertEqual(support.value(page, "sqlite_oldest_reader_pid"), pid)
        self.assertEqual(support.value(page, "sqlite_reader_pinned_frames",
                                       owner_process="sqlite_app"), 1)

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

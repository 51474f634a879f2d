"""A disk that fails: its database is down, says why, and comes back; the others do not notice."""

import subprocess

import support

DISK = "/dev/disk/by-id/virtio-faulty"
MOUNTPOINT = "/srv/faulty"
DATABASE = MOUNTPOINT + "/faulty.db"


def map_disk(target):
    """All of the disk, as it is or as errors; what the page cache has of it is dropped."""
    sectors = support.command("blockdev", "--getsz", DISK)
    table = {"linear": f"0 {sectors} linear {DISK} 0", "error": f"0 {sectors} error"}[target]
    exists = subprocess.run(["dmsetup", "info", "faulty"], capture_output=True, check=False)
    if exists.returncode != 0:
        support.command("dmsetup", "create", "faulty", "--table", table)
    else:
        # Not frozen: the filesystem would write to a disk that fails.
        support.command("dmsetup", "suspend", "--nolockfs", "faulty")
        support.command("dmsetup", "load", "faulty", "--table", table)
        support.command("dmsetup", "resume", "faulty")
    support.write("/proc/sys/vm/drop_caches", "1")


class IoErrorTest(support.TestCase):
    applications = ("unlimited.service",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        map_disk("linear")
        cls.addClassCleanup(support.command, "dmsetup", "remove", "faulty")
        support.command("mkdir", "-p", MOUNTPOINT)
        support.command("mount", "-o", "noatime", "/dev/mapper/faulty", MOUNTPOINT)
        cls.addClassCleanup(support.unmount, MOUNTPOINT)
        support.command("sqlite3", DATABASE, "CREATE TABLE t(x); INSERT INTO t VALUES (1);")
        support.command("sync")

    def io_errors(self):
        return sum(support.new_page().find("sqlite_exporter_collector_errors_total", reason="io"))

    def test_a_failing_disk(self):
        self.await_value(1, "sqlite_up", database="faulty")
        before = self.io_errors()
        self.addCleanup(map_disk, "linear")
        map_disk("error")
        self.await_value(0, "sqlite_up", database="faulty")
        after = self.io_errors()
        self.note('errors with reason="io"', f"{before}, then {after}")
        self.assertGreater(after, before)
        page = support.new_page()
        told = {name for name, labels in page.samples if ("database", "faulty") in labels}
        self.check_equal("what is told of it", told, {"sqlite_up"})
        self.check_equal("the others", page.value("sqlite_up", database="unlimited"), 1)
        self.check_equal("ready", support.get("/-/ready")[0], 200)
        self.check_equal("stalled mounts", page.value("sqlite_exporter_stalled_mounts"), 0)
        map_disk("linear")
        self.await_value(1, "sqlite_up", database="faulty")

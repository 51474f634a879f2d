"""Another procfs and sysfs, written by hand: they are told, and nothing of this machine is."""

import os
import unittest

import support

OWN = "/system.slice/sqlite_exporter.service"
K3S = "/system.slice/k3s.service"
# Numbers of another pid namespace: no process of this machine is meant.
OWN_PID, K3S_PID = 4700001, 4700002
# Bytes of SQLite's file format: SHARED of a connection in WAL mode, and its dead man's switch.
SHARED, SWITCH = (0x40000002, 0x400001FF), (128, 128)

# The file of a cgroup, its text, and what is told of it: family, number, one more label.
FILES = {
    "cpu.stat": ("usage_usec 5000000\nnr_periods 30\nnr_throttled 20\nthrottled_usec 1500000\n", (
        ("cpu_usage_seconds_total", "5"), ("cpu_periods_total", "30"),
        ("cpu_throttled_periods_total", "20"), ("cpu_throttled_seconds_total", "1.5"))),
    "cpu.max": ("150000 100000\n", (("cpu_limit_cores", "1.5"),)),
    "memory.current": ("1000\n", (("memory_current_bytes", "1000"),)),
    "memory.stat": ("anon 1\ninactive_file 400\n", (("memory_working_set_bytes", "600"),)),
    "memory.max": ("2000\n", (("memory_max_bytes", "2000"),)),
    "memory.high": ("max\n", ()),
    "memory.events": ("high 1\noom_kill 4\n", (
        ("memory_events_total", "1", 'event="high"'),
        ("memory_events_total", "4", 'event="oom_kill"'))),
    "io.stat": ("8:0 rbytes=10 wbytes=20 rios=1 wios=1\n253:7 rbytes=3 wbytes=4\n", (
        ("io_read_bytes_total", "10", 'device="sda"'),
        ("io_written_bytes_total", "20", 'device="sda"'),
        ("io_read_bytes_total", "3", 'device="253:7"'),
        ("io_written_bytes_total", "4", 'device="253:7"'))),
    "io.pressure": ("some avg10=9.00 total=2000000\nfull avg10=9.00 total=1000000\n", (
        ("pressure_waiting_seconds_total", "2", 'resource="io"'),
        ("pressure_stalled_seconds_total", "1", 'resource="io"'))),
    "pids.current": ("7\n", (("pids_current", "7"),)),
}


def cgroup_sample(cgroup, family, number, label=None):
    labels = [f'cgroup="{cgroup}"', f'owner_unit="{os.path.basename(cgroup)}"',
              'owner_namespace=""', 'owner_pod=""', 'owner_container=""', *filter(None, [label])]
    return f"sqlite_cgroup_{family}{{{','.join(labels)}}} {number}"


class NodePathsTest(support.TestCase):
    def setUp(self):
        super().setUp()
        for folder in ("data", "far"):
            os.mkdir(self.path(folder))
        self.write("proc/stat", "cpu 1 2 3\nbtime 1700000000\n")
        self.write("proc/locks", "")
        os.symlink(str(OWN_PID), self.path("proc/self"))
        self.process(OWN_PID, "sqlite_exporter", OWN)
        self.write(f"proc/{OWN_PID}/mountinfo", "".join(
            f"{number} 1 8:{number} / {mountpoint} rw - {fstype} {device} rw\n"
            for number, (mountpoint, fstype, device) in enumerate([
                ("/", "ext4", "/dev/root"), (self.path("data"), "xfs", "/dev/mapper/data"),
                (self.path("far"), "nfs4", "server:/export")], 1)))
        self.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")
        os.makedirs(self.path("sys/dev/block"))
        os.symlink("../../devices/pci0000:00/block/sda", self.path("sys/dev/block/8:0"))

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        # Whole or not at all: the exporter reads while a test writes.
        with open(self.path(name) + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path(name) + ".new", self.path(name))

    def process(self, pid, command, cgroup):
        self.write(f"proc/{pid}/stat",
                   f"{pid} ({command}) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 4711 4096 1\n")
        self.write(f"proc/{pid}/comm", command + "\n")
        self.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")

    def cgroup(self, path):
        """All its files; what they say."""
        for name, (text, _) in FILES.items():
            self.write(f"sys/fs/cgroup{path}/{name}", text)
        return [cgroup_sample(path, *told) for _, samples in FILES.values() for told in samples]

    def holds(self, pid, *locks):
        """Of each file, the range that a process of this procfs holds, and its descriptor."""
        table = []
        for number, (path, (first, last)) in enumerate(locks, 1):
            status = os.stat(path)
            device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
            table.append(f"{number}: POSIX  ADVISORY  READ {pid} {device}:{status.st_ino}"
                         f" {first} {last}\n")
            self.write(f"proc/{pid}/fdinfo/{number}", "pos:\t0\nlock:\t" + table[-1])
            os.makedirs(self.path(f"proc/{pid}/fd"), exist_ok=True)
            os.symlink(path, self.path(f"proc/{pid}/fd/{number}"))
        self.write("proc/locks", "".join(table))

    def open(self, name):
        return self.application(name).exec("pragma journal_mode=wal", "create table t(x)")

    def watch(self, *names):
        return self.exporter("--path.procfs=" + self.path("proc"),
                             "--path.sysfs=" + self.path("sys"), *map(self.path, names))

    def told(self, page, prefix):
        return sorted(line for line in support.samples(page) if line.startswith(prefix))

    def test_the_exporters_own_cgroup_is_the_one_of_that_procfs(self):
        expected = self.cgroup(OWN)
        exporter = self.watch("data/app.db")
        self.assertEqual(self.told(exporter.metrics(), "sqlite_cgroup_"), sorted(expected))

        # What is not there any more is not told: not as it was, nor as 0.
        os.unlink(self.path(f"sys/fs/cgroup{OWN}/io.pressure"))
        os.unlink(self.path(f"sys/fs/cgroup{OWN}/memory.current"))
        left = sorted(line for line in expected if not line.startswith(
            ("sqlite_cgroup_pressure_", "sqlite_cgroup_memory_")))
        support.await_that(lambda: self.told(exporter.metrics(), "sqlite_cgroup_") == left,
                           "what is left to be all that is told")
        self.write(f"sys/fs/cgroup{OWN}/pids.current", "8\n")
        exporter.await_sample(cgroup_sample(OWN, "pids_current", "8"))

    def test_who_holds_a_database_is_told_by_that_procfs(self):
        expected = self.cgroup(OWN) + self.cgroup(K3S)
        self.open("data/app.db")
        self.process(K3S_PID, "k3s server", K3S)
        self.holds(K3S_PID, (self.path("data/app.db"), SHARED),
                   (self.path("data/app.db-shm"), SWITCH))
        exporter = self.watch("data/app.db")
        exporter.await_sample(
            'sqlite_holder_processes{database="app",owner_process="k3s server",'
            'owner_unit="k3s.service",owner_namespace="",owner_pod="",owner_container=""} 1')
        page = exporter.metrics()
        self.assertEqual(self.told(page, "sqlite_cgroup_"), sorted(expected))
        self.assertEqual(self.told(page, "sqlite_attribution_limited"), [])

    def test_a_filesystem_is_the_one_of_that_mount_table(self):
        for name in ("data/app.db", "far/away.db"):
            self.open(name)
        page = self.watch("data/app.db", "far/away.db").metrics()
        self.assertEqual(self.told(page, "sqlite_filesystem_readonly{"), sorted(
            f'sqlite_filesystem_readonly{{device="{device}",mountpoint="{self.path(folder)}",'
            f'fstype="{fstype}"}} 0' for device, folder, fstype in (
                ("/dev/mapper/data", "data", "xfs"), ("server:/export", "far", "nfs4"))))
        self.assertEqual(self.told(page, "sqlite_filesystem_risk{"), [
            f'sqlite_filesystem_risk{{database="away",mountpoint="{self.path("far")}",'
            'fstype="nfs4",reason="network"} 1'])
        status = os.statvfs(self.folder)
        self.assertEqual(support.value(page, "sqlite_filesystem_size_bytes", fstype="xfs"),
                         status.f_blocks * status.f_frsize)


if __name__ == "__main__":
    unittest.main(verbosity=2)

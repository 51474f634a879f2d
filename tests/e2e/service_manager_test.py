"""What the service manager is told: ready, reloading, alive, stopping; by a socket as systemd's."""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
import unittest

import fuse
import support

WATCHDOG = 8_000_000  # microseconds; four times as often it is fed
FUTEX = {"x86_64": (202,), "aarch64": (98,), "armv7l": (240, 422)}


class Ptrace:
    """Stops one thread of another process, and no other."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
    WALL = 0x40000000

    def __init__(self, tid):
        self.tid = tid
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long

    def _call(self, request):
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def stop(self):
        self._call(self.SEIZE)
        self._call(self.INTERRUPT)
        os.waitpid(self.tid, self.WALL)

    def go_on(self):
        self._call(self.DETACH)


class ServiceManagerTest(fuse.TestCase):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path("notify"))
        self.socket.settimeout(support.PATIENCE)
        self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")

    def started(self, *arguments, watchdog=None):
        """The exporter, and this socket in its environment alone."""
        told = {"NOTIFY_SOCKET": self.path("notify")}
        if watchdog:
            told["WATCHDOG_USEC"] = str(watchdog)
        os.environ.update(told)
        try:
            exporter = support.Exporter(*arguments)
        finally:
            for name in told:
                del os.environ[name]
        self.addCleanup(exporter.end)
        return exporter

    def hear(self):
        """The next message: its assignments."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def hear_all(self):
        """What has been said and not been heard."""
        messages = []
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self.hear())
        self.socket.settimeout(support.PATIENCE)
        return messages

    def test_ready_when_every_database_was_looked_at(self):
        exporter = self.started(self.path("app.db"), self.path("absent.db"))
        self.assertEqual(self.hear(), {"READY": "1", "STATUS": "Watching 2 databases"})
        self.assertEqual(exporter.get("/-/ready")[0], 200)
        self.assertEqual(support.value(exporter.page(), "sqlite_up", database="app"), 1)
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(self.hear(), {"STOPPING": "1"})
        self.assertEqual(self.hear_all(), [])  # without a watchdog nobody is to be told

    def test_ready_when_a_mount_was_declared_stalled(self):
        mount = self.filesystem("mount")
        self.hang(mount)
        exporter = self.started(self.path("app.db"), mount.path("far.db"))
        self.assertEqual(self.hear(), {"READY": "1", "STATUS": "Watching 2 databases"})
        page = exporter.page()
        self.assertEqual(support.value(page, "sqlite_up", database="app"), 1)
        self.assertEqual(support.value(page, "sqlite_up", database="far"), 0)

    def test_a_reload_and_one_that_fails(self):
        wrong = '[poll]\nintervall = "5s"\n'
        right = f'[[database]]\npath = "{self.path("app.db")}"\n'
        config = self.config(right)
        exporter = self.started("--config.file=" + config)
        self.assertEqual(self.hear()["READY"], "1")
        for text, status in ((right, "Watching 1 database"),
                             (wrong, "Watching 1 database; the last reload failed: " + config),
                             (right, "Watching 1 database")):
            self.config(text)
            before = time.monotonic_ns() // 1000
            os.kill(exporter.process.pid, signal.SIGHUP)
            reloading = self.hear()
            self.assertEqual(reloading["RELOADING"], "1")
            now = time.monotonic_ns() // 1000
            self.assertTrue(before <= int(reloading["MONOTONIC_USEC"]) <= now)
            ready = self.hear()
            self.assertEqual(ready["READY"], "1")
            self.assertTrue(ready["STATUS"].startswith(status), ready)

    def test_the_status_follows_what_is_found(self):
        self.started(self.path("*.db"))
        self.assertEqual(self.hear()["STATUS"], "Watching 1 database")
        self.application("late.db").exec("create table t(x)")
        self.assertEqual(self.hear(), {"STATUS": "Watching 2 databases"})

    def sampler_of(self, exporter):
        """Its thread that takes samples."""
        folder = f"/proc/{exporter.process.pid}/task"
        for tid in os.listdir(folder):
            with open(f"{folder}/{tid}/comm", encoding="ascii") as file:
                if file.read() == "sampler\n":
                    return int(tid)
        return self.fail("there is no sampler")

    def stop_while_it_waits(self, thread, pid):
        """One that is stopped in the middle of its bookkeeping would stop the loop as well."""
        def stopped():
            thread.stop()
            with open(f"/proc/{pid}/task/{thread.tid}/syscall", encoding="ascii") as file:
                if int(file.read().split()[0]) in FUTEX[os.uname().machine]:
                    return True
            thread.go_on()
            return False

        support.await_that(stopped, "the sampler to wait")

    def test_the_watchdog_is_fed_while_the_sampler_gets_on(self):
        exporter = self.started(self.path("app.db"), watchdog=WATCHDOG)
        heard = []
        while heard.count({"WATCHDOG": "1"}) < 2 or not any("READY" in each for each in heard):
            heard.append(self.hear())
        sampler = Ptrace(self.sampler_of(exporter))
        try:
            self.stop_while_it_waits(sampler, exporter.process.pid)
        except PermissionError:
            self.skipTest("threads of other processes may not be stopped here")
        try:
            support.await_that(lambda: "the sampler is stuck" in exporter.process.stderr.readline(),
                               "the log to say so")
            self.hear_all()
            fed_before = time.monotonic() + WATCHDOG / 4e6  # at the latest, were it fed
            while time.monotonic() < fed_before:  # the loop turns
                exporter.page()
            self.assertNotIn({"WATCHDOG": "1"}, self.hear_all())
            support.await_that(lambda: exporter.get("/-/healthy")[0] == 503, "it to be unhealthy")
        finally:
            sampler.go_on()
        self.assertEqual(self.hear(), {"WATCHDOG": "1"})
        self.assertEqual(exporter.get("/-/healthy")[0], 200)

    def test_the_watchdog_is_fed_while_a_mount_hangs(self):
        mount = self.filesystem("mount")
        self.application("mount/far.db").exec("pragma journal_mode=wal", "create table t(x)")
        exporter = self.started(self.path("app.db"), mount.path("far.db"), watchdog=WATCHDOG)
        exporter.ready()
        self.hang(mount)
        exporter.await_sample("sqlite_exporter_stalled_mounts 1")
        self.hear_all()
        for _ in range(3):
            self.assertEqual(self.hear(), {"WATCHDOG": "1"})


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

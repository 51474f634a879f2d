"""A FUSE filesystem of the tests' own: its server hangs, or answers EIO, when it is told to."""

import os
import subprocess

import support

PASSTHROUGH_FS = os.environ["PASSTHROUGH_FS"]


class NotMounted(Exception):
    """FUSE cannot be used here; says why."""


class Filesystem:
    """Shows the folder `backing` at `mountpoint` until `end`, or until this process ends."""

    def __init__(self, backing, mountpoint, *options):
        self.mountpoint = mountpoint
        self.process = subprocess.Popen(
            [PASSTHROUGH_FS, backing, mountpoint, *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        if self.process.stdout.readline() != "ok\n":
            reason = self.end()
            raise NotMounted(reason.strip() or "passthrough_fs gave no reason")
        self.connection = os.minor(os.stat(mountpoint).st_dev)

    def path(self, name):
        return os.path.join(self.mountpoint, name)

    def hang(self):
        """Returns when the server has stopped: whoever asks it anything waits from now on."""
        self._ask("stop")

    def go_on(self):
        self._ask("continue")

    def fail(self, what):
        """From now on `what`, which is read, readdir or statfs, answers EIO."""
        self._ask("fail " + what)

    def heal(self):
        self._ask("heal")

    def _ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer != "ok\n":
            raise AssertionError(f"{command}: {answer}")

    def end(self):
        """Ends the server, and so whatever waits for it, and unmounts; what it complained of."""
        self.process.stdin.close()
        complaints = self.process.stderr.read()
        self.process.wait(support.PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        return complaints


class TestCase(support.TestCase):
    """Removes the filesystems that it mounted, whether their servers answer or not."""

    def filesystem(self, name, *options):
        """At a new folder `name`; skips the test where FUSE cannot be used."""
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            self.skipTest("needs /dev/fuse, and root to open it")
        for folder in ("backing-" + name, name):
            os.makedirs(self.path(folder))
        try:
            filesystem = Filesystem(self.path("backing-" + name), self.path(name), *options)
        except NotMounted as error:
            self.skipTest(f"a FUSE filesystem cannot be mounted here: {error}")
        self.addCleanup(filesystem.end)
        return filesystem

    def hang(self, *filesystems):
        """Until the test ends: what ends applications and the exporter must not wait for them."""
        for filesystem in filesystems:
            self.addCleanup(filesystem.go_on)
            filesystem.hang()

    def requests(self):
        """A function that tells how many requests a filesystem's server has not answered."""
        control = self.mount("connections", "-t", "fusectl", "none")

        def waiting(filesystem):
            with open(f"{control}/{filesystem.connection}/waiting", encoding="ascii") as file:
                return int(file.read())

        return waiting

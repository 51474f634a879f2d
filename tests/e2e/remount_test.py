"""Mounts in place of one that hangs for good and below it, and files on it that are closed."""

import os
import signal
import shutil
import subprocess
import unittest

import fuse
import stalls_test
import support


class RemountTest(stalls_test.StallTestCase):
    def test_what_is_mounted_in_place_of_a_mount_that_hangs_is_looked_at(self):
        first = self.filesystem("mnt")
        live = self.live("near")
        self.closed("mnt/named", "mnt/found")
        far = ("named", "found")
        # By its name, and by a walk.
        exporter = self.exporter(*self.paths(*live, "mnt/named"), self.path("mnt") + "/f*",
                                 interval="200ms")
        self.await_up(exporter, *live, *far)
        self.hang(first)
        self.await_stalled(exporter, 1, live)
        subprocess.run(["umount", "--lazy", first.mountpoint], check=True)
        shutil.copytree(self.path("backing-mnt"), self.path("backing-second"))
        try:
            second = fuse.Filesystem(self.path("backing-second"), self.path("mnt"))
        except fuse.NotMounted as error:
            self.skipTest(f"a FUSE filesystem cannot be mounted here: {error}")
        self.addCleanup(second.end)
        self.await_up(exporter, *live, *far)
        self.assertEqual(support.value(self.page(exporter), "sqlite_exporter_stalled_mounts"), 1)
        self.hang(second)
        self.await_stalled(exporter, 2, live)
        second.go_on()
        self.await_up(exporter, *live, *far)
        first.go_on()
        self.await_stalled(exporter, 0, live)
        self.assert_up(self.page(exporter), [*live, *far])

    def mounted_below_one_that_hangs(self, *arguments):
        """One database on the local disk and one below the mount; what is up when it hangs."""
        first = self.filesystem("mnt")
        live = self.live("near")
        os.mkdir(first.path("nested"))
        subprocess.run(["mount", *arguments, first.path("nested")], check=True)
        self.addCleanup(self.unmount, first.path("nested"), "--lazy")
        self.closed("mnt/nested/in")
        exporter = self.exporter(*self.paths(*live, "mnt/nested/in"), interval="200ms")
        self.await_up(exporter, *live, "in")
        self.hang(first)
        self.await_stalled(exporter, 1)
        self.assert_goes_on(exporter, live, ["in"])
        first.go_on()
        self.await_up(exporter, *live, "in")

    def test_a_folder_of_the_local_disk_below_a_mount_that_hangs(self):
        os.mkdir(self.path("local"))
        self.mounted_below_one_that_hangs("--bind", self.path("local"))

    def test_another_filesystem_below_a_mount_that_hangs(self):
        self.mounted_below_one_that_hangs("-t", "tmpfs", "none")

    def configure(self, *names):
        return self.config("".join(f'[[database]]\npath = "{path}"\n'
                                   for path in self.paths(*names)))

    def test_no_file_of_a_mount_that_hangs_is_left_to_close(self):
        mount = self.filesystem("mnt", "flush")
        live = self.live("near", "mnt/far")
        exporter = self.exporter("--config.file=" + self.configure(*live), interval="1s")
        self.await_up(exporter, *live)
        self.await_commit(exporter, live.pop("mnt/far"), "far")
        self.hang(mount)
        self.await_stalled(exporter, 1, live)
        self.configure(*live)
        os.kill(exporter.process.pid, signal.SIGHUP)
        support.await_that(lambda: 'database="far"' not in self.page(exporter), "far to be gone")
        self.assert_goes_on(exporter, live, ())
        self.assert_ends(exporter, signal.SIGTERM)

    def test_files_on_a_mount_that_hangs_do_not_keep_the_process(self):
        mount = self.filesystem("mnt", "flush")
        live = self.live("near", "mnt/far")
        exporter = self.exporter(*self.paths(*live), interval="1h")
        self.await_up(exporter, *live)
        self.hang(mount)
        self.assert_ends(exporter, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()

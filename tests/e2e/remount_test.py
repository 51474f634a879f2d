"""A mount that hangs for good, and what its mountpoint stands for once it was mounted anew."""

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


if __name__ == "__main__":
    unittest.main()

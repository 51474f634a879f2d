"""A real NFS mount with a database in use: told as a risk, not sampled; and then it hangs."""

import subprocess

import support

EXPORT = "/srv/data/export"
MOUNTPOINT = "/srv/remote"
DATABASE = MOUNTPOINT + "/remote.db"
HANG = """\
table inet hang {
  chain input {
    type filter hook input priority 0
    tcp dport 2049 drop
  }
}
"""
OTHER_ADDRESS = "127.0.0.1:10004"


def answer():
    """The server's packets pass again, if they did not."""
    subprocess.run(["nft", "delete", "table", "inet", "hang"], capture_output=True, check=False)


class NfsTest(support.TestCase):
    applications = ("unlimited.service",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.command("mkdir", "-p", EXPORT, MOUNTPOINT)
        support.write("/etc/exports", EXPORT + " 127.0.0.1(rw,no_root_squash,insecure,fsid=1)\n")
        support.command("systemctl", "start", "nfs-server.service")
        support.command("mount", "-t", "nfs", "-o", "vers=4.2,hard", "127.0.0.1:" + EXPORT,
                        MOUNTPOINT)
        # Each undoes what is above it: a hard mount without its server cannot be unmounted.
        cls.addClassCleanup(support.unmount, MOUNTPOINT)
        cls.addClassCleanup(support.command, "systemctl", "stop", "remote.service")
        cls.addClassCleanup(answer)
        support.command("systemctl", "start", "remote.service")

    def test_a_network_filesystem_is_a_risk(self):
        self.await_value(1, "sqlite_up", database="remote")
        page = support.new_page()
        self.check_equal("info", page.labels("sqlite_database_info", database="remote")[0]
                         ["mountpoint"], MOUNTPOINT)
        risk = {"mountpoint": MOUNTPOINT, "fstype": "nfs4", "reason": "network"}
        self.check_equal("risk", page.value("sqlite_filesystem_risk", **risk), 1)
        self.check_equal("risks of the local disk",
                         page.find("sqlite_filesystem_risk", database="unlimited"), [])

    def test_it_is_not_sampled(self):
        exporter = subprocess.Popen([support.PROGRAM, "--web.listen-address=" + OTHER_ADDRESS,
                                     "--poll.interval=1s", DATABASE])
        self.addCleanup(exporter.wait)
        self.addCleanup(exporter.terminate)
        address = "http://" + OTHER_ADDRESS
        support.new_page(address)
        page = support.new_page(address)
        self.check_equal("up", page.value("sqlite_up", database="remote"), 1)
        self.check_equal("samples", page.value("sqlite_exporter_sampler_looks_total"), 0)

    def test_a_mount_that_hangs_stalls_its_own_databases_and_nothing_else(self):
        self.await_value(1, "sqlite_up", database="remote")
        self.await_value(0, "sqlite_exporter_stalled_mounts")
        support.command("nft", HANG)
        self.await_value(1, "sqlite_exporter_stalled_mounts")
        self.await_value(0, "sqlite_up", database="remote")
        for _ in range(3):  # snapshots go on
            page = support.new_page()
            told = {name for name, labels in page.samples if ("database", "remote") in labels}
            self.check_equal("what is told of it", told, {"sqlite_up"})
            self.check_equal("the others", page.value("sqlite_up", database="unlimited"), 1)
            self.check_equal("ready", support.get("/-/ready")[0], 200)
        support.command("systemctl", "stop", support.EXPORTER)
        # Not "timeout": it was not killed for taking longer than systemd's default.
        self.check_equal("how it ended", support.unit_property(support.EXPORTER, "Result"),
                         "success")
        answer()
        support.command("systemctl", "start", support.EXPORTER)
        self.await_value(1, "sqlite_up", database="remote")
        self.await_value(0, "sqlite_exporter_stalled_mounts")

"""The package's life: installed, upgraded, removed, purged; and what stays of what was changed."""

import os
import re
import shutil
import tempfile

import nodes
import support

TIMER = "sqlite_exporter-textfile.timer"
TEXTFILE = "/run/sqlite_exporter/sqlite_exporter.prom"
COLLECTED = "/var/lib/prometheus/node-exporter/sqlite_exporter.prom"


def next_version(folder, config=None):
    """The same package with another number, and perhaps another configuration in it."""
    root = os.path.join(folder, "root")
    support.command("dpkg-deb", "--raw-extract", nodes.CURRENT, root)
    control = os.path.join(root, "DEBIAN/control")
    with open(control, encoding="utf-8") as file:
        text = file.read()
    with open(control, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^Version: (.*)$", r"Version: \1+next", text))
    if config:
        with open(root + nodes.CONFIG, "a", encoding="utf-8") as file:
            file.write(config)
    package = os.path.join(folder, "next.deb")
    support.command("dpkg-deb", "--root-owner-group", "--build", root, package)
    return package


class PackageTest(nodes.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def version(self):
        return support.command("dpkg-query", "--show", "--showformat=${Version}", nodes.PACKAGE)

    def test_an_upgrade_restarts_it_and_keeps_the_configuration(self):
        self.configure('[[database]]\npath = "/srv/mine.db"\nname = "mine"\n')
        pid = self.main_pid()
        nodes.dpkg("--install", next_version(self.folder))
        self.assertTrue(self.version().endswith("+next"))
        self.assertNotIn(self.main_pid(), (0, pid))
        self.await_value(1, "sqlite_up", database="mine")

    def test_an_upgrade_with_another_configuration_keeps_the_administrators(self):
        self.configure('[[database]]\npath = "/srv/mine.db"\nname = "mine"\n')
        nodes.dpkg("--force-confold", "--install", next_version(self.folder, "# new\n"))
        self.await_value(1, "sqlite_up", database="mine")
        self.assertIn("# new\n", support.read(nodes.CONFIG + ".dpkg-dist"))

    def test_an_upgrade_leaves_a_service_off_that_was_switched_off(self):
        support.command("systemctl", "disable", "--now", nodes.UNIT)
        nodes.dpkg("--install", next_version(self.folder))
        self.check_equal("enabled", support.unit_property(nodes.UNIT, "UnitFileState"), "disabled")

    def test_removed_it_leaves_the_configuration_and_purged_nothing(self):
        self.configure("# mine\n[discovery]\nprocesses = true\n")
        nodes.dpkg("--remove", nodes.PACKAGE)
        self.check_equal("state", support.unit_property(nodes.UNIT, "LoadState"), "not-found")
        self.check_equal("port", support.get("/-/ready")[0], 0)
        self.assertTrue(os.path.exists(nodes.CONFIG))
        nodes.dpkg("--install", nodes.CURRENT)
        self.await_ready()
        self.assertIn("# mine", support.read(nodes.CONFIG))
        nodes.dpkg("--purge", nodes.PACKAGE)
        for path in ("/etc/sqlite_exporter", "/etc/default/prometheus-sqlite-exporter",
                     "/usr/bin/sqlite_exporter", "/usr/share/doc/prometheus-sqlite-exporter",
                     "/etc/systemd/system/multi-user.target.wants/" + nodes.UNIT):
            self.assertFalse(os.path.lexists(path), path)

    def test_the_timer_has_node_exporter_serve_the_metrics(self):
        support.command("systemctl", "disable", "--now", nodes.UNIT)
        self.folder_of("/srv/closed")
        self.application("/srv/closed/a.db")
        self.configure('[[database]]\npath = "/srv/closed/a.db"\n' + nodes.QUERY)
        self.drop_in("[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=100ms\n"
                     "OnUnitInactiveSec=200ms\nAccuracySec=10ms\n", TIMER)
        self.addCleanup(self.remove_drop_in, TIMER)
        support.command("systemctl", "enable", "--now", TIMER)
        support.await_that(lambda: os.path.exists(TEXTFILE), "the file")
        os.symlink(TEXTFILE, COLLECTED)
        self.addCleanup(os.unlink, COLLECTED)
        self.addCleanup(support.command, "systemctl", "disable", "--now", TIMER)
        first = os.stat(TEXTFILE).st_ino
        support.await_that(lambda: os.stat(TEXTFILE).st_ino != first, "another one")
        support.command("systemctl", "start", "prometheus-node-exporter.service")

        def served():
            status, text = support.get("/metrics", "http://127.0.0.1:9100")
            return support.Page(text) if status == 200 else None

        page = support.await_that(served, "node_exporter")
        self.check_equal("up", page.find("sqlite_up", database="a"), [1])
        self.check_equal("its rows", page.find("app_rows", database="a"), [1])
        self.check_equal("whole sandbox", page.find("sqlite_exporter_worker_sandboxed"), [1])
        self.check_equal("errors", page.find("node_textfile_scrape_error"), [0])
        self.check_equal("port", support.get("/-/ready")[0], 0)

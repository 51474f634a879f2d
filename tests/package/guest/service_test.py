"""The service as the package starts it: what it sees from its sandbox, and when it is restarted."""

import os
import signal

import nodes
import support

K3S = "/var/lib/rancher/k3s/server/db/state.db"
CLOSED = ("/srv/closed/a.db", "/home/alice/h.db")
OPEN = ("/dev/shm/s.db", "/tmp/t.db")


def config_of(*paths):
    return "".join(f'[[database]]\npath = "{path}"\n' for path in paths)


def name_of(path):
    return os.path.basename(path).removesuffix(".db")


class ServiceTest(nodes.TestCase):
    def test_it_runs_as_its_own_user_and_is_enabled(self):
        self.check_equal("enabled", support.unit_property(nodes.UNIT, "UnitFileState"), "enabled")
        self.check_equal("status", support.unit_property(nodes.UNIT, "StatusText"),
                         "Watching 0 databases")
        status = support.read(f"/proc/{self.main_pid()}/status")
        user = support.command("id", "--user", "sqlite_exporter")
        self.assertIn(f"\nUid:\t{user}\t{user}\t{user}\t{user}\n", status)
        self.assertIn("\nCapEff:\t0000000000000004\n", status)  # dac_read_search
        self.assertIn("\nCapBnd:\t0000000000000004\n", status)
        self.assertIn("\nNoNewPrivs:\t1\n", status)
        self.check_equal("timer", support.unit_property("sqlite_exporter-textfile.timer",
                                                        "UnitFileState"), "disabled")

    def test_the_datastore_of_k3s_is_found_as_it_is_shipped(self):
        self.folder_of("/var/lib/rancher/k3s/server", user="root")
        os.mkdir(os.path.dirname(K3S))
        unit = self.application(K3S, user="root")
        self.set_flags("--poll.interval=200ms")
        support.command("systemctl", "restart", nodes.UNIT)
        self.await_ready()
        database = "k3s/server/db/state"
        self.await_value(1, "sqlite_up", database=database)
        self.await_value(1, "sqlite_holder_processes", database=database, owner_unit=unit)

    def test_it_sees_what_is_closed_to_its_user(self):
        for path in CLOSED:
            self.folder_of(os.path.dirname(path))
        units = {name_of(path): self.application(path) for path in CLOSED + OPEN}
        self.configure(config_of(*CLOSED, *OPEN) + nodes.QUERY)
        support.command("systemctl", "reload", nodes.UNIT)
        for database, unit in units.items():
            self.await_value(1, "sqlite_up", database=database)
            self.await_value(1, "sqlite_holder_processes", database=database, owner_unit=unit)
            self.await_value(1, "app_rows", database=database)
        page = support.new_page()
        self.check_equal("whole sandbox", page.find("sqlite_exporter_worker_sandboxed"), [1])
        self.check_equal("limits", page.find("sqlite_attribution_limited"), [])
        # Its own view of every mount is read-only, and the node's is not.
        self.assertEqual(set(page.find("sqlite_filesystem_readonly")), {0})

    def test_with_the_drop_in_processes_that_it_is_not_told_of_are_found(self):
        self.folder_of("/srv/closed")
        self.application("/srv/closed/found.db")
        self.configure("[discovery]\nprocesses = true\n")
        self.restart_with("all-processes.conf")
        self.await_value(1, "sqlite_up", database="srv/closed/found")
        denied = support.new_page().find("sqlite_exporter_discovery_denied_processes")
        self.check_equal("processes that may not be asked", denied, [0])

    def restart_with(self, name):
        folder = f"/etc/systemd/system/{nodes.UNIT}.d"
        os.makedirs(folder)
        self.addCleanup(self.remove_drop_in)
        self.addCleanup(support.command, "rm", "-r", folder)
        support.command("cp", f"/srv/guest/{name}", folder)
        support.command("systemctl", "daemon-reload")
        support.command("systemctl", "restart", nodes.UNIT)

    def test_a_mount_of_later_is_seen(self):
        self.folder_of("/srv/late", user="root")
        self.configure(config_of("/srv/late/*.db"))
        support.command("systemctl", "reload", nodes.UNIT)
        support.command("mount", "-t", "tmpfs", "late", "/srv/late")
        self.addCleanup(support.unmount, "/srv/late")
        support.command("sqlite3", "/srv/late/new.db", "create table t(x)")
        self.await_value(1, "sqlite_up", database="new")
        self.await_value(0, "sqlite_filesystem_readonly", mountpoint="/srv/late")

    def test_it_cannot_write_where_its_user_could(self):
        for path in ("/tmp/x", "/var/tmp/x", "/dev/shm/x", "/srv/x", "/home/x", "/var/lib/x",
                     "/etc/x", "/proc/1/mem", "/proc/sys/kernel/hostname", "/sys/fs/cgroup/x"):
            with self.subTest(path):
                told = nodes.fails("nsenter", f"--target={self.main_pid()}", "--mount", "touch",
                                   path)
                self.assertIn("Read-only file system", told)

    def test_a_reload_keeps_the_counters_of_databases_that_stay(self):
        self.application("/tmp/t.db")
        self.configure(config_of("/tmp/t.db"))
        support.command("systemctl", "reload", nodes.UNIT)
        self.await_value(1, "sqlite_up", database="t")
        self.tell("/tmp/t.db", "insert into t values (2); insert into t values (3);")
        self.await_value(2, "sqlite_transactions_total", database="t")
        pid = self.main_pid()
        self.application("/tmp/u.db")
        self.configure(config_of("/tmp/t.db", "/tmp/u.db"))
        support.command("systemctl", "reload", nodes.UNIT)
        self.await_value(1, "sqlite_up", database="u")
        self.await_value(2, "sqlite_transactions_total", database="t")
        self.check_equal("process", self.main_pid(), pid)

    def test_a_reload_of_a_wrong_file_fails_and_changes_nothing(self):
        self.application("/tmp/t.db")
        self.configure(config_of("/tmp/t.db"))
        support.command("systemctl", "reload", nodes.UNIT)
        self.await_value(1, "sqlite_up", database="t")
        self.configure(config_of("/tmp/t.db"), '[poll]\nintervall = "5s"\n')
        nodes.fails("systemctl", "reload", nodes.UNIT)
        support.await_that(lambda: f"{nodes.CONFIG}:4:" in self.journal(), "the line in the log")
        self.check_equal("active", support.unit_property(nodes.UNIT, "ActiveState"), "active")
        self.await_value(1, "sqlite_up", database="t")

    def await_another(self, pid):
        support.await_that(lambda: support.unit_property(nodes.UNIT, "MainPID") not in (
            "0", str(pid)), "another process")

    def test_the_watchdog_restarts_one_that_is_stuck(self):
        self.drop_in("[Service]\nWatchdogSec=5s\nRestartSec=100ms\nTimeoutAbortSec=2s\n")
        self.addCleanup(self.remove_drop_in)
        support.command("systemctl", "restart", nodes.UNIT)
        self.await_ready()
        pid = self.main_pid()
        os.kill(pid, signal.SIGSTOP)
        self.await_another(pid)
        self.assertIn("Watchdog timeout", self.journal())
        self.await_ready()

    def test_one_that_dies_is_started_again(self):
        self.drop_in("[Service]\nRestartSec=100ms\n")
        self.addCleanup(self.remove_drop_in)
        pid = self.main_pid()
        os.kill(pid, signal.SIGKILL)
        self.await_another(pid)
        self.await_ready()

    def test_flags_of_the_administrator(self):
        self.set_flags("--web.listen-address=127.0.0.1:10004 --log.level=debug")
        support.command("systemctl", "restart", nodes.UNIT)
        status = support.get("/-/ready", "http://127.0.0.1:10004")[0]
        self.check_equal("ready there", status, 200)

    def test_without_attribution_it_sees_databases_and_no_owners(self):
        self.folder_of("/srv/closed")
        self.application("/srv/closed/a.db")
        self.configure(config_of("/srv/closed/a.db"))
        self.restart_with("least-privilege.conf")
        self.await_value(1, "sqlite_up", database="a")
        self.await_value(1, "sqlite_database_state", database="a", state="wal_live")
        self.await_value(1, "sqlite_attribution_limited", reason="denied")
        page = support.new_page()
        self.check_equal("owners", page.labels("sqlite_holder_processes"), [])

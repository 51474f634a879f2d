"""The service as it is shipped, in its sandbox: its limits are in force, and wide enough."""

import os
import shutil

import kernel_files
import support

SHIPPED = "/srv/program/systemd"
UNIT = "shipped.service"  # the other tests' exporter has its name
PORT = 10004
ADDRESS = f"http://127.0.0.1:{PORT}"
CGROUP = kernel_files.Cgroup(UNIT)


def install(source, path, text=None):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if text is None:
        shutil.copy(source, path)
    else:
        support.write(path, text)


class ShippedUnitTest(support.TestCase):
    applications = ("unlimited.service",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.command("systemd-sysusers", SHIPPED + "/sqlite_exporter.sysusers")
        install(support.PROGRAM, "/usr/bin/sqlite_exporter")
        install("/srv/program/guest/sqlite_exporter.toml",
                "/etc/sqlite_exporter/sqlite_exporter.toml")
        install(None, "/etc/default/prometheus-sqlite-exporter",
                f"ARGS=--web.listen-address=127.0.0.1:{PORT}\n")
        install(SHIPPED + "/sqlite_exporter.service", "/run/systemd/system/" + UNIT)
        support.command("systemctl", "daemon-reload")
        cls.addClassCleanup(support.command, "systemctl", "stop", UNIT)
        support.command("systemctl", "start", UNIT)  # Type=notify: returns when it is ready

    def test_the_kernel_has_its_limits(self):
        limits = {name: support.read(f"{CGROUP.folder}/{name}").strip()
                  for name in ("memory.high", "memory.max", "cpu.max", "cpu.weight", "pids.max")}
        self.check_equal(CGROUP.path, limits, {
            "memory.high": str(96 << 20), "memory.max": str(128 << 20),
            "cpu.max": "50000 100000", "cpu.weight": "20", "pids.max": "128"})

    def test_it_has_room_in_them(self):
        support.new_page(ADDRESS)
        events = {event: CGROUP.number("memory.events", event)
                  for event in ("high", "max", "oom_kill")}
        self.check_equal("memory.events", events, {"high": 0, "max": 0, "oom_kill": 0})

    def test_it_watches_and_names_the_owner(self):
        page = support.new_page(ADDRESS)
        self.check_equal("sqlite_up", page.value("sqlite_up", database="unlimited"), 1)
        owner, = page.labels("sqlite_holder_processes", database="unlimited")
        self.check_equal("owner", owner["owner_unit"], "unlimited.service")

    def test_it_tells_its_own_limits(self):
        told = kernel_files.told_of(support.new_page(ADDRESS), CGROUP.path)
        self.check_equal("limits", {key[0]: value for key, value in told.items()
                                    if "limit" in key[0] or key[0].endswith(("_max_bytes",
                                                                             "_high_bytes"))},
                         {"cpu_limit_cores": 0.5, "memory_max_bytes": 128 << 20,
                          "memory_high_bytes": 96 << 20})

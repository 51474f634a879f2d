"""Who holds a database, told by real units under systemd and the v2 hierarchy alone."""

import os

import support


class OwnersTest(support.TestCase):
    applications = ("throttled.service", "squeezed.service", "unlimited.service")

    def test_it_is_systemd_and_pure_cgroup_v2(self):
        self.check_equal("PID 1", support.read("/proc/1/comm").strip(), "systemd")
        own = support.read("/proc/self/cgroup").splitlines()
        self.check_equal("hierarchies", own, ["0::/system.slice/vm.service"])
        self.assertTrue(os.path.exists("/sys/fs/cgroup/cgroup.controllers"))

    def test_each_database_has_its_units_process_as_holder(self):
        for unit in self.applications:
            database = unit.removesuffix(".service")
            self.await_value(1, "sqlite_up", database=database)
            self.await_value(1, "sqlite_database_state", database=database, state="wal_live")
            self.await_value(1, "sqlite_holder_processes", database=database)
            owner, = support.new_page().labels("sqlite_holder_processes", database=database)
            self.check_equal(database, owner, {
                "database": database, "owner_process": "sqlite3", "owner_unit": unit,
                "owner_namespace": "", "owner_pod": "", "owner_container": ""})

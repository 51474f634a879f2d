"""The exporter in a cgroup namespace of its own, as containers have with v2: the node's figures."""

import kernel_files
import support

UNIT = "contained.service"
ADDRESS = "http://127.0.0.1:10005"


class ContainedTest(support.TestCase):
    applications = ("unlimited.service", UNIT)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(support.command, "systemctl", "stop", UNIT)
        try:
            support.await_that(lambda: support.get("/-/ready", ADDRESS)[0] == 200, UNIT)
        except AssertionError as error:
            raise AssertionError(support.command("journalctl", "--unit", UNIT)) from error

    def test_it_is_in_a_namespace_of_its_own(self):
        pid = support.unit_property(UNIT, "MainPID")
        listed = support.command("nsenter", "--cgroup", "--target", pid, "cat", "/proc/1/cgroup")
        self.check_equal("process 1, seen from there", listed, "0::/../../init.scope")

    def test_other_cgroups_have_the_nodes_names_and_figures(self):
        group = kernel_files.Cgroup("unlimited.service")
        page = support.new_page(ADDRESS)
        labels = page.labels("sqlite_cgroup_memory_current_bytes", owner_unit="unlimited.service")
        self.check_equal("cgroup", [each["cgroup"] for each in labels], [group.path])
        before = group.number("cpu.stat", "usage_usec")
        told = kernel_files.told_of(support.new_page(ADDRESS), group.path)
        after = group.number("cpu.stat", "usage_usec")
        self.assertTrue(before <= told["cpu_usage_seconds_total", ""] <= after)

    def test_its_own_is_not_the_whole_machine(self):
        page = support.new_page(ADDRESS)
        paths = {labels["cgroup"] for labels in page.labels("sqlite_cgroup_pids_current")}
        self.note("cgroups", sorted(paths))
        self.assertIn("/system.slice/" + UNIT, paths)
        self.assertNotIn("/", paths)

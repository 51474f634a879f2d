"""The numbers of cgroups that are throttled, short of memory or unlimited: the kernel's own."""

import kernel_files
import support

UNITS = ("squeezed.service", "throttled.service", "unlimited.service")
SQUEEZED, THROTTLED, UNLIMITED = (kernel_files.Cgroup(unit) for unit in UNITS)
OF_THE_EXPORTER = kernel_files.Cgroup(support.EXPORTER)


def script_is_done(cgroup):
    """It ends in a sleep."""
    try:
        processes = support.read(cgroup.folder + "/cgroup.procs").split()
        return any(support.read(f"/proc/{pid}/comm") == "sleep\n" for pid in processes)
    except OSError:  # one has just ended
        return False


class CgroupTest(support.TestCase):
    applications = UNITS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.await_that(lambda: THROTTLED.number("cpu.stat", "nr_throttled") > 9, "throttling")
        for cgroup in (SQUEEZED, UNLIMITED):
            support.await_that(lambda cgroup=cgroup: script_is_done(cgroup), cgroup.path)
        for cgroup in (SQUEEZED, THROTTLED, UNLIMITED):
            cls.addClassCleanup(cgroup.freeze, False)
            cgroup.freeze(True)

    def compare(self, cgroup, group):
        """The files before and after the look must agree: what the exporter read lay between. All
        that is told of the group must be true, and all that is true be told."""
        truth_of = getattr(cgroup, group)

        def still():
            before = truth_of()
            page = support.new_page()
            return (before, page) if truth_of() == before else None

        truth, page = support.await_that(still, f"{group} of {cgroup.path} to stand still")
        told = kernel_files.told_of(page, cgroup.path)
        for key, value in sorted(truth.items()):
            self.note(f"{cgroup.path} {' '.join(key).strip()}",
                      f"told {told.get(key)}, kernel {value}")
        told = {key: value for key, value in told.items() if key[0].startswith(group + "_")}
        self.assertEqual(told, truth)
        return truth

    def test_cpu(self):
        truth = self.compare(THROTTLED, "cpu")
        self.assertGreater(truth["cpu_throttled_periods_total", ""], 9)
        self.assertGreater(truth["cpu_throttled_seconds_total", ""], 0)
        self.check_equal("CPUQuota=10%", truth["cpu_limit_cores", ""], 0.1)
        self.compare(SQUEEZED, "cpu")
        self.compare(UNLIMITED, "cpu")

    def test_memory(self):
        truth = self.compare(SQUEEZED, "memory")
        for event in ("high", "max", "oom_kill"):
            self.assertGreater(truth["memory_events_total", event], 0, event)
        self.check_equal("MemoryMax=25M", truth["memory_max_bytes", ""], 25 << 20)
        self.check_equal("MemoryHigh=24M", truth["memory_high_bytes", ""], 24 << 20)
        # Files were read: the working set is another number than the memory.
        self.assertLess(truth["memory_working_set_bytes", ""], truth["memory_current_bytes", ""])
        self.compare(THROTTLED, "memory")
        self.compare(UNLIMITED, "memory")

    def test_io_by_device(self):
        truth = self.compare(UNLIMITED, "io")
        device = support.device_of("/srv/data")
        self.assertGreater(truth["io_read_bytes_total", device], 0)
        self.assertGreater(truth["io_written_bytes_total", device], 0)
        self.compare(SQUEEZED, "io")

    def test_pids(self):
        truth = self.compare(UNLIMITED, "pids")
        self.assertGreater(truth["pids_current", ""], 1)
        self.compare(THROTTLED, "pids")

    def test_pressure(self):
        self.assertEqual(len(self.compare(UNLIMITED, "pressure")), 6)
        throttled = self.compare(THROTTLED, "pressure")
        self.assertGreater(throttled["pressure_waiting_seconds_total", "cpu"], 0)
        squeezed = self.compare(SQUEEZED, "pressure")
        self.assertGreater(squeezed["pressure_waiting_seconds_total", "memory"], 0)

    def test_no_limit_is_left_out(self):
        page = support.new_page()
        told = {name for name, _ in kernel_files.told_of(page, UNLIMITED.path)}
        self.note(UNLIMITED.path, sorted(told))
        self.assertIn("memory_current_bytes", told)
        self.assertFalse(told & {"memory_max_bytes", "memory_high_bytes", "cpu_limit_cores"})

    def test_owner_labels(self):
        page = support.new_page()
        for cgroup, unit in zip((SQUEEZED, THROTTLED, UNLIMITED), UNITS):
            labels = page.labels("sqlite_cgroup_cpu_usage_seconds_total", cgroup=cgroup.path)
            self.check_equal(cgroup.path, labels, [{
                "cgroup": cgroup.path, "owner_unit": unit, "owner_namespace": "", "owner_pod": "",
                "owner_container": ""}])

    def test_the_exporters_own_cgroup(self):
        key = ("cpu_usage_seconds_total", "")
        before = OF_THE_EXPORTER.cpu()[key]
        told = kernel_files.told_of(support.new_page(), OF_THE_EXPORTER.path)
        after = OF_THE_EXPORTER.cpu()[key]
        self.note(OF_THE_EXPORTER.path, f"told {told.get(key)}, kernel {before} to {after}")
        self.assertIn(key, told)
        self.assertTrue(before <= told[key] <= after)

"""The whole page: against a golden file, against promtool, without duplicates, over restarts."""

import difflib
import os
import re
import shutil
import subprocess
import sys
import unittest

import support

GOLDEN = os.path.join(support.SOURCE_DIR, "tests/golden/metrics.txt")

# Values that differ from run to run or machine to machine; the series themselves must not.
VOLATILE = re.compile(r"^(process_|sqlite_exporter_(build_info|collector_duration|looks_cpu|"
                      r"served_bytes|sampler_(looks|slowdown)|"
                      r"discovery_cpu|passes_total|scrapes|snapshot_timestamp|"
                      r"config_last_reload_success_timestamp)|"
                      r"sqlite_last_write_timestamp|sqlite_lock_held_seconds|sqlite_filesystem|"
                      r"sqlite_holder_(open|max)_fds)")
# What the machine has; other tests compare it with the kernel's own numbers.
MACHINE = ("sqlite_cgroup_", "# HELP sqlite_cgroup_", "# TYPE sqlite_cgroup_")


def mask(page, folder):
    lines = []
    for line in page.replace(folder, "/data").splitlines():
        if line.startswith(MACHINE):
            continue
        if VOLATILE.match(line):
            line = re.sub(r'version="[^"]*"', 'version="*"', line)
            line = line.rsplit(" ", 1)[0] + " *"
        line = re.sub(r'(sqlite_version|mountpoint|device|fstype)="[^"]*"', r'\1="*"', line)
        lines.append(line + "\n")
    return lines


class MetricsTest(support.TestCase):
    def site(self):
        """One database of each kind, in a configuration with names and labels."""
        wal = self.application("wal.db")
        wal.exec("pragma page_size=4096", "pragma journal_mode=wal", "pragma wal_autocheckpoint=0",
                 "create table t(x)")
        rollback = self.application("rollback.db")
        rollback.exec("create table t(x)", "pragma user_version=7")
        with open(self.path("garbage.db"), "wb") as file:
            file.write(b"x" * 1000)
        with open(self.path("empty.db"), "wb"):
            pass
        config = self.config(f"""
            [[database]]
            path = "{self.folder}/wal.db"
            [database.labels]
            site = "north \\"1\\""
            [[database]]
            path = "{self.folder}/rollback.db"
            name = "ledger"
            [[database]]
            path = "{self.folder}/garbage.db"
            [[database]]
            path = "{self.folder}/empty.db"
            [[database]]
            path = "{self.folder}/absent.db"
            """)
        exporter = self.exporter("--config.file=" + config)
        exporter.metrics()  # the baselines of all counters are taken
        for _ in range(3):
            wal.exec("insert into t values (zeroblob(5000))")
            rollback.exec("insert into t values (1)")
        exporter.await_sample('sqlite_transactions_total{database="wal",site="north \\"1\\""} 3')
        exporter.await_sample('sqlite_transactions_total{database="ledger"} 3')
        return exporter

    def test_the_page_is_the_golden_one(self):
        page = mask(self.site().metrics(), self.folder)
        if os.environ.get("UPDATE_GOLDEN"):
            with open(GOLDEN, "w", encoding="utf-8") as file:
                file.writelines(page)
        with open(GOLDEN, encoding="utf-8") as file:
            expected = file.readlines()
        self.assertEqual(page, expected, "".join(difflib.unified_diff(expected, page)))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (package prometheus)")
    def test_promtool_finds_nothing_to_say(self):
        page = self.site().metrics()
        done = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_no_two_samples_are_the_same_series(self):
        series = [line.rsplit(" ", 1)[0] for line in support.samples(self.site().metrics())]
        self.assertGreater(len(series), 50)
        self.assertEqual(len(series), len(set(series)))

    def test_families_are_contiguous_sorted_and_declared(self):
        page = self.site().metrics()
        families = [line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")]
        self.assertEqual(families, sorted(set(families)))
        _, described, _ = support.run("describe", "metrics", "--format=json")
        for family in families:
            self.assertIn(f'"{family}"', described)

    def test_an_idle_healthy_database_has_at_most_40_series(self):
        self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")
        page = self.exporter(self.path("app.db")).metrics()
        series = [line for line in support.samples(page) if 'database="app"' in line]
        self.assertLessEqual(len(series), 40)
        self.assertGreater(len(series), 10)

    def test_a_restarted_exporter_starts_its_counters_at_0(self):
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        for _ in range(2):
            exporter = self.exporter(self.path("app.db"))
            self.assertEqual(support.value(exporter.metrics(), "sqlite_transactions_total"), 0)
            app.exec("insert into t values (1)")
            exporter.await_sample('sqlite_transactions_total{database="app"} 1')
            self.assertEqual(exporter.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

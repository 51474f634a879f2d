"""Reported situations that are for the rules and the runbooks: judged by promtool."""

import glob
import os
import shutil
import subprocess
import sys
import unittest

import cases
import support

RULES = sorted(glob.glob(os.path.join(support.SOURCE_DIR, "alerts", "rules", "*.yml")))
LABELS = 'job="sqlite_exporter",instance="n:10003",database="nvr"'


@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (package prometheus)")
class RulesTest(cases.TestCase):
    def assert_counts(self, series, *expected):
        """Each expected: minutes, an expression, and its value, or None for no sample."""
        lines = ["rule_files: [" + ", ".join(RULES) + "]", "evaluation_interval: 1m", "tests:",
                 "  - interval: 1m", "    input_series:"]
        for name, values in {f"sqlite_up{{{LABELS}}}": "1x1500", **series}.items():
            lines += [f"      - series: '{name}'", f"        values: '{values}'"]
        lines += ["    promql_expr_test:"]
        for minutes, expression, value in expected:
            answer = "[]" if value is None else f"[{{labels: '{{}}', value: {value}}}]"
            lines += [f"      - expr: '{expression}'", f"        eval_time: {minutes}m",
                      f"        exp_samples: {answer}"]
        with open(self.path("test.yml"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        done = subprocess.run(["promtool", "test", "rules", self.path("test.yml")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def firing(alert):
        return f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'

    def test_a_large_wal_is_told_for_as_long_as_it_is_there(self):
        """14 GB after a night with a reader; all of it is checkpointed, and it grows no more."""
        series = {
            f'sqlite_database_info{{{LABELS},mountpoint="/",path="/x",journal_mode="wal"}}':
                "1x1500",
            f"sqlite_database_file_size_bytes{{{LABELS}}}": "1000000000x1500",
            f"sqlite_wal_file_size_bytes{{{LABELS}}}": "4000000+200000000x70 14004000000x1400"}
        oversized = self.firing("SqliteWalOversized")
        self.assert_counts(series, (180, oversized, 1), (1440, oversized, 1))

    def test_a_wal_that_is_smaller_than_its_database_is_none(self):
        series = {
            f'sqlite_database_info{{{LABELS},mountpoint="/",path="/x",journal_mode="wal"}}':
                "1x1500",
            f"sqlite_database_file_size_bytes{{{LABELS}}}": "20000000000x1500",
            f"sqlite_wal_file_size_bytes{{{LABELS}}}": "14004000000x1500"}
        self.assert_counts(series, (180, self.firing("SqliteWalOversized"), None))

    def test_an_application_that_encrypts_its_database_has_not_damaged_it(self):
        """Pages were seen; an update encrypts the file, and the application has it open."""
        series = {
            f"sqlite_database_pages{{{LABELS}}}": "100x60 _x300",
            f'sqlite_database_state{{{LABELS},state="wal_live"}}': "1x400",
            f'sqlite_database_state{{{LABELS},state="encrypted"}}': "_x60 1x340"}
        corrupt = self.firing("SqliteDatabaseCorrupt")
        self.assert_counts(series, (120, corrupt, None), (300, corrupt, None))

    def test_a_database_that_nobody_has_open_and_that_is_noise_now_is_damaged(self):
        series = {
            f"sqlite_database_pages{{{LABELS}}}": "100x60 _x300",
            f'sqlite_database_state{{{LABELS},state="rollback_idle"}}': "1x60 _x340",
            f'sqlite_database_state{{{LABELS},state="not_a_database"}}': "_x60 1x340"}
        self.assert_counts(series, (120, self.firing("SqliteDatabaseCorrupt"), 1))


class RunbooksTest(cases.TestCase):
    def test_whoever_advises_vacuum_says_where_its_copy_goes(self):
        """VACUUM fails with "disk is full" where only the temporary folder is."""
        for name in ("SqliteFreelistBloat", "SqliteFilesystemFillsUp"):
            with self.subTest(name):
                path = os.path.join(support.SOURCE_DIR, "docs", "runbooks", name + ".md")
                with open(path, encoding="utf-8") as file:
                    self.assertIn("SQLITE_TMPDIR", file.read())

    def test_it_is_so(self):
        mountpoint = self.mount("tmp", "-t", "tmpfs", "-o", "size=1m", "none")
        app = support.Application()
        self.addCleanup(app.stop)
        app.ask("open " + self.path("app.db"))
        app.exec("create table t(x)", cases.MANY.format(1000, 3000))
        cramped = subprocess.run(
            [sys.executable, "-c", "import sqlite3, sys\n"
             "sqlite3.connect(sys.argv[1], isolation_level=None).execute('vacuum')",
             self.path("app.db")], env={**os.environ, "SQLITE_TMPDIR": mountpoint},
            capture_output=True, text=True, check=False)
        self.assertIn("disk is full", cramped.stderr)
        app.exec("vacuum")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

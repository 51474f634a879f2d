"""Real incidents: an alert is delivered, its runbook's own commands are run, and it resolves."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import incident_demo
import monitoring
import runbooks
import short_rules
import support
from incident_demo import INCIDENTS

try:
    import yaml
except ImportError:
    yaml = None

ALERTS = os.path.join(support.SOURCE_DIR, "alerts")
PATIENCE = 240
# One look has no past: it names who holds the lock, and not that it is for long.
NOT_SEEN_AT_ONCE = ("SqliteWriteLockSaturated",)


def alertmanager_config():
    with open(os.path.join(ALERTS, "alertmanager.yml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    for route in (config["route"], *config["route"]["routes"]):
        for key in ("group_wait", "group_interval"):
            if key in route:
                route[key] = "1s"
    return config


@unittest.skipUnless(yaml, "PyYAML is not installed (package python3-yaml)")
@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (package prometheus)")
@unittest.skipUnless(shutil.which("prometheus-alertmanager"),
                     "Alertmanager is not installed (package prometheus-alertmanager)")
@unittest.skipUnless(shutil.which("sqlite3"), "sqlite3 is not installed (package sqlite3)")
class IncidentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.shell = runbooks.Shell(cls.folder)
        cls.demos = {name: incident_demo.Demo(cls.addClassCleanup, name,
                                              os.path.join(cls.folder, name), "500ms")
                     for name in INCIDENTS}
        cls.addClassCleanup(cls.end_demos)
        cls.webhook = monitoring.Webhook(cls.addClassCleanup)
        cls.alertmanager = monitoring.Alertmanager(cls.addClassCleanup, cls.folder,
                                                   alertmanager_config(), cls.webhook)
        cls.prometheus = monitoring.Prometheus(
            cls.addClassCleanup, cls.folder, [demo.address for demo in cls.demos.values()], "1s",
            [short_rules.write(os.path.join(cls.folder, "rules"))], cls.alertmanager)

    @classmethod
    def end_demos(cls):
        codes = {name: demo.stop(signal.SIGTERM) for name, demo in cls.demos.items()}
        if any(codes.values()):
            raise AssertionError(f"the demos ended with {codes}")

    def await_alert(self, demo, status, alert):
        """The receiver and the alert that it was told."""
        def delivered():
            for receiver, told in self.webhook.alerts(status):
                labels = told["labels"]
                if labels["alertname"] == alert and labels["instance"] == demo.address:
                    return receiver, told
            return None

        return support.await_that(delivered, f"{alert} to be {status} for {demo.incident}",
                                  PATIENCE)

    def incident(self, name):
        """Waits for its alert; what one needs to follow its runbook."""
        demo, alert = self.demos[name], INCIDENTS[name]
        receiver, told = self.await_alert(demo, "firing", alert)
        self.assertEqual(told["labels"]["database"], name)
        # What comes and goes is none of them.
        self.assertEqual(set(told["labels"]),
                         {"alertname", "database", "instance", "job", "severity"})
        self.assertEqual(receiver, told["labels"]["severity"])
        status, _, page = support.http_get(told["annotations"]["runbook_url"])
        self.assertEqual((status, page), (200, runbooks.page(alert)))
        self.assertIn(alert, "".join(demo.head))

        explained = support.run("explain", alert, demo.path)[1]
        words = {"DATABASE": demo.path, "RESCUE": os.path.join(self.folder, "rescue-" + name)}
        for block in runbooks.section(alert, "Do now"):
            # Who it is stands in the commands that `explain` prints.
            pid = re.search(r"^    kill (?:-\w+ )?(\d+)$", explained, re.M)
            if re.search(r"\bPID\b", block) and pid:
                words["PID"] = pid[1]
        return demo, alert, told, words

    def confirm(self, alert, words):
        """Runs what the runbook says to look at; all of it can be run, and inspect agrees."""
        blocks = runbooks.section(alert, "Confirm")
        self.assertTrue(blocks[0].startswith("sqlite_exporter inspect DATABASE\n"))
        for line in "".join(blocks).splitlines():
            command = runbooks.filled(line, words)
            if not command:
                continue
            with self.subTest(command):
                done = self.shell.run(command)
                if "inspect" not in command:
                    self.assertEqual(done.returncode, 0, done)
                    continue
                self.assertEqual(done.returncode, 0 if alert in NOT_SEEN_AT_ONCE else 1, done)
                self.assertIn(f"pid {words['PID']}" if "PID" in words else "ATTENTION",
                              done.stdout)

    def do(self, alert, words):
        output = ""
        for block in runbooks.section(alert, "Do now"):
            commands = runbooks.filled(block, words)
            if not commands:
                continue
            self.assertNotRegex(commands, r"\b(PID|DATABASE|RESCUE)\b")
            done = self.shell.run("set -e\n" + commands)
            self.assertEqual(done.returncode, 0, f"{commands}\n{done.stdout}{done.stderr}")
            output += done.stdout
        return output

    def test_a_forgotten_reader_is_named_and_ended(self):
        demo, alert, told, words = self.incident("forgotten-reader")
        self.assertIn(f"pinned-reader (pid {words['PID']}) keeps a read transaction open",
                      told["annotations"]["description"])
        self.confirm(alert, words)
        self.do(alert, words)
        self.await_alert(demo, "resolved", alert)

    def test_a_checkpoint_that_nobody_begins_comes_with_an_orderly_end(self):
        demo, alert, told, words = self.incident("no-checkpoint")
        self.assertRegex(told["annotations"]["description"], r"^1\d\.?\d*k frames have waited")
        self.confirm(alert, words)
        self.do(alert, words)
        support.await_that(lambda: not os.path.exists(demo.path + "-wal"), "the last close")
        self.await_alert(demo, "resolved", alert)

    def test_what_a_killed_writer_left_is_recovered(self):
        demo, alert, told, words = self.incident("killed-writer")
        self.assertIn("State: hot_journal.", told["annotations"]["description"])
        self.confirm(alert, words)
        self.do(alert, words)
        self.assertFalse(os.path.exists(demo.path + "-journal"))
        self.await_alert(demo, "resolved", alert)

    def test_rows_in_a_file_without_a_name_are_rescued(self):
        demo, alert, _, words = self.incident("replaced-file")
        self.confirm(alert, words)
        output = self.do(alert, words)
        self.assertTrue(output.endswith("\nok\n"), output)
        rescued = os.path.join(words["RESCUE"], "rescued.db")
        count = "SELECT count(*) FROM measurement"
        in_rescued, in_new = (int(subprocess.run(["sqlite3", path, count], capture_output=True,
                                                 text=True, check=True).stdout)
                              for path in (rescued, demo.path))
        self.assertGreater(in_rescued, in_new)
        self.await_alert(demo, "resolved", alert)

    def test_a_writer_that_does_not_end_is_ended(self):
        demo, alert, told, words = self.incident("stuck-writer")
        self.assertIn("One transaction has held it for at least",
                      told["annotations"]["description"])
        self.confirm(alert, words)
        self.do(alert, words)
        self.await_alert(demo, "resolved", alert)

    def test_one_cause_is_one_message(self):
        """What follows is inhibited: all that was delivered is the incident's own alert."""
        expected = {(demo.address, INCIDENTS[name]) for name, demo in self.demos.items()}
        for name, alert in INCIDENTS.items():
            self.await_alert(self.demos[name], "firing", alert)
        # Of the machine that runs this (its disk, its container) other things may be true.
        delivered = {(alert["labels"]["instance"], alert["labels"]["alertname"])
                     for _, alert in self.webhook.alerts("firing")
                     if "database" in alert["labels"]
                     and alert["labels"]["alertname"] != "SqliteFilesystemRisk"}
        self.assertEqual(delivered, expected)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

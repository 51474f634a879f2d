"""Every command of every runbook can be run, or it is said why not."""

import os
import re
import shutil
import sys
import unittest

import runbooks
import support

# What changes something is run where there is something to change.
BY_INCIDENTS = ("kill", "mv")
TOOLS = ("curl", "findmnt", "dmesg", "fuser", "sqlite3", "ps")


class RunbooksTest(support.TestCase):
    def setUp(self):
        super().setUp()
        for tool in TOOLS:
            if not shutil.which(tool):
                self.skipTest(tool + " is not installed")
        self.shell = runbooks.Shell(self.folder)
        os.mkdir(self.path("data"))
        app = self.application("data/app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        exporter = self.exporter(self.path("data/app.db"))
        self.port = exporter.address.rpartition(":")[2]
        self.words = {"DATABASE": self.path("data/app.db"), "PID": str(app.process.pid),
                      "MOUNTPOINT": self.path("data"),
                      "RESCUE": self.path("rescue"),
                      "CONFIG": self.config('[[database]]\npath = "/a.db"\n')}

    def test_every_command_runs(self):
        run = 0
        for alert in runbooks.NAMES:
            for heading in ("Confirm", "Do now"):
                for block in runbooks.section(alert, heading):
                    if block.split()[0] in BY_INCIDENTS:
                        print(f"not run: {block.split(maxsplit=1)[0]} of {alert}: it changes "
                              "something; incidents_test and rescue_test do, for their alerts")
                        continue
                    for command in runbooks.filled(block, self.words).splitlines():
                        with self.subTest(alert, command=command):
                            if "rescued.db" in command:
                                print(f"not run: {command}: incidents_test has what it needs")
                                continue
                            self.assertNotRegex(command, r"\b[A-Z]{3,}\b(?!=)(?<!PRAGMA)")
                            done = self.shell.run(command.replace(":10003/", f":{self.port}/"))
                            # The database is well.
                            self.assertEqual(done.returncode, 0, done)
                            run += 1
        self.assertGreater(run, 40)

    def test_commands_stand_nowhere_else(self):
        for alert in runbooks.NAMES:
            found = sum(len(runbooks.section(alert, heading)) for heading in ("Confirm", "Do now"))
            self.assertEqual(found, len(re.findall(r"(?m)^```sh$", runbooks.page(alert))), alert)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

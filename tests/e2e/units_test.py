"""The systemd units: what systemd finds wrong with them, and how much they leave open."""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

import support

UNITS = os.path.join(support.SOURCE_DIR, "systemd")
MOST_EXPOSED = 2.0  # of 10, as systemd counts


class UnitsTest(support.TestCase):
    def setUp(self):
        super().setUp()
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        for path in glob.glob(os.path.join(UNITS, "*.service")) + glob.glob(
                os.path.join(UNITS, "*.timer")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(self.path(os.path.basename(path)), "w", encoding="utf-8") as file:
                file.write(text.replace("/usr/bin/sqlite_exporter", support.EXPORTER))

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def exposure(self, unit):
        code, out, err = self.analyze("security", "--offline=true", self.path(unit))
        self.assertEqual(code, 0, err)
        return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", out).group(1))

    def drop_in(self, unit, name):
        os.mkdir(self.path(unit + ".d"))
        shutil.copy(os.path.join(UNITS, name), self.path(unit + ".d"))

    def names(self):
        return [name for name in os.listdir(self.folder) if "." in name]

    def test_systemd_has_nothing_to_say(self):
        self.assertEqual(len(self.names()), 3)
        for name in self.names():
            with self.subTest(name):
                self.assertEqual(self.analyze("verify", "--man=no", self.path(name)), (0, "", ""))

    def test_systemd_would_say_something(self):
        with open(self.path("sqlite_exporter.service"), "a", encoding="utf-8") as file:
            file.write("[Service]\nProtectHomes=yes\n")
        self.assertIn("ProtectHomes", self.analyze(
            "verify", "--man=no", self.path("sqlite_exporter.service"))[2])

    def test_no_more_is_open_than_is_needed(self):
        for name in self.names():
            if name.endswith(".service"):
                with self.subTest(name):
                    self.assertLessEqual(self.exposure(name), MOST_EXPOSED)

    def test_to_see_all_processes_one_thing_more_is_open(self):
        unit = "sqlite_exporter.service"
        whole = self.exposure(unit)
        self.drop_in(unit, "all-processes.conf")
        self.assertEqual(self.analyze("verify", "--man=no", self.path(unit)), (0, "", ""))
        self.assertAlmostEqual(self.exposure(unit), whole + 0.2)

    def test_without_attribution_less_is_open(self):
        unit = "sqlite_exporter.service"
        whole = self.exposure(unit)
        self.drop_in(unit, "least-privilege.conf")
        self.assertEqual(self.analyze("verify", "--man=no", self.path(unit)), (0, "", ""))
        self.assertLess(self.exposure(unit), whole)

    def read(self, name):
        with open(os.path.join(support.SOURCE_DIR, name), encoding="utf-8") as file:
            return file.read()

    def test_the_package_is_built_with_what_dev_installs(self):
        control = self.read("systemd/debian/control")
        needed = re.search(r"(?ms)^Build-Depends:\n(.*?)^\S", control).group(1)
        package = {word.split()[0] for word in needed.split(",") if word.strip()}
        dev = re.search(r"(?s)build_packages=\((.*?)\)", self.read("dev")).group(1)
        # Each has what the other may take for granted.
        self.assertEqual(package - {"debhelper-compat"}, set(dev.split()) - {"g++"})

    def test_the_package_has_the_version_of_the_program(self):
        version = re.search(r"VERSION ([\d.]+) LANG", self.read("CMakeLists.txt")).group(1)
        self.assertTrue(self.read("systemd/debian/changelog").startswith(
            f"prometheus-sqlite-exporter ({version}-"))


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""Every command and every configuration in README and docs is run, or says why it is not."""

import os
import re
import subprocess
import sys
import unittest

import support

PAGES = ("README.md", "CONTRIBUTING.md", "docs/alerts.md", "docs/architecture.md",
         "docs/bare-node.md", "docs/configuration.md", "docs/dashboards.md", "docs/inspect.md",
         "docs/metrics.md", "docs/queries.md", "docs/security.md", "docs/sizing.md",
         "docs/sync.md")

IN_A_SYSTEM = "needs systemd as process 1: tests/package does the same"

NOT_RUN = {
    "./dev run": "installs packages and runs until Ctrl-C: program_test runs the same demo",
    "./dev test": "is what runs this test",
    "./dev dashboards": "installs Grafana's library: dashboards_test runs the same generator",
    "./dev package": "takes minutes: a part of ./dev test of its own",
    "apt install ./prometheus-sqlite-exporter_0.1.0-1_amd64.deb": IN_A_SYSTEM,
    "systemctl status sqlite_exporter": IN_A_SYSTEM,
    "systemctl reload sqlite_exporter": IN_A_SYSTEM,
    "systemctl disable --now sqlite_exporter": IN_A_SYSTEM,
    "systemctl enable --now sqlite_exporter-textfile.timer": IN_A_SYSTEM,
    "ln -s /run/sqlite_exporter/sqlite_exporter.prom /var/lib/prometheus/node-exporter/":
        IN_A_SYSTEM,
    "mkdir -p /etc/systemd/system/sqlite_exporter.service.d": IN_A_SYSTEM,
    "cp /usr/share/doc/prometheus-sqlite-exporter/examples/least-privilege.conf "
    "/etc/systemd/system/sqlite_exporter.service.d/": IN_A_SYSTEM,
    "systemctl daemon-reload": IN_A_SYSTEM,
    "systemctl restart sqlite_exporter": IN_A_SYSTEM,
    "build/sqlite_exporter inspect --watch /var/lib/app/app.db":
        "runs until Ctrl-C: inspect_test runs the same",
}


def blocks(language):
    """(page, text) of each fenced block."""
    for page in PAGES:
        with open(os.path.join(support.SOURCE_DIR, page), encoding="utf-8") as file:
            for match in re.finditer(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S):
                yield page, match.group(1)


class ReadmeTest(support.TestCase):
    def test_every_command_runs(self):
        commands = [line.split(" #")[0].strip() for _, text in blocks("sh")
                    for line in text.splitlines()]
        self.assertIn("./dev run", commands)
        for command in commands:
            with self.subTest(command):
                if command in NOT_RUN:
                    print(f"not run: {command}: {NOT_RUN[command]}")
                    continue
                program, *arguments = [word.strip("'") for word in command.split()]
                self.assertEqual(program, "build/sqlite_exporter")
                if arguments[0] == "inspect":
                    # Its files are the reader's: here they are absent, and it cannot say.
                    code, out, err = support.run(*arguments)
                    self.assertEqual((code, err), (2, ""))
                    self.assertRegex(out, "CANNOT SAY|cannot_say")
                    continue
                if "--once" in arguments:
                    code, out, err = support.run(*arguments)
                    self.assertEqual((code, err), (0, ""))
                    self.assertIn("sqlite_exporter_databases ", out)
                    continue
                self.assertEqual(self.exporter(*arguments).stop(), 0)

    def test_every_configuration_is_valid(self):
        configurations = list(blocks("toml"))
        self.assertGreater(len(configurations), 0)
        for page, text in configurations:
            with self.subTest(page):
                config = self.config(text)
                self.assertEqual(support.run("check-config", config), (0, config + ": ok\n", ""))

    def test_every_link_leads_to_a_file(self):
        for page in PAGES:
            folder = os.path.dirname(os.path.join(support.SOURCE_DIR, page))
            with open(os.path.join(support.SOURCE_DIR, page), encoding="utf-8") as file:
                links = re.findall(r"\]\(([^)#]+)", file.read())
            for link in links:
                with self.subTest(page, link=link):
                    self.assertTrue(link.startswith("https://")
                                    or os.path.exists(os.path.join(folder, link)))

    def test_every_verb_of_dev_is_listed(self):
        dev = os.path.join(support.SOURCE_DIR, "dev")
        listed = subprocess.run([dev], capture_output=True, text=True, check=True).stdout
        for _, text in blocks("sh"):
            for verb in re.findall(r"\./dev (\w+)", text):
                self.assertRegex(listed, rf"(?m)^\./dev {verb}\b")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""The commands in the runbooks, and the words in them that stand for one's own."""

import glob
import os
import re
import subprocess

import support

FOLDER = os.path.join(support.SOURCE_DIR, "docs", "runbooks")
NAMES = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(FOLDER, "*.md")))

NOT_RUN = {
    "systemctl": "it needs systemd",
    "journalctl": "it needs systemd",
    "kubectl": "it needs a cluster",
    "crictl": "it needs a container runtime",
}


def page(alert):
    with open(os.path.join(FOLDER, alert + ".md"), encoding="utf-8") as file:
        return file.read()


def section(alert, heading):
    """The blocks of commands below a heading."""
    below = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page(alert), re.M | re.S)[1]
    return re.findall(r"^```sh\n(.*?)^```$", below, re.M | re.S)


def filled(block, words):
    """Without the lines that cannot be run here, and with one's own words put in."""
    lines = []
    for line in block.splitlines():
        program = line.split()[0] if line.split() else ""
        if program in NOT_RUN:
            print(f"not run: {line}: {NOT_RUN[program]}")
        else:
            lines.append(line)
    text = "\n".join(lines)
    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return text


class Shell:
    """Runs commands as an operator would: the program is found by its name."""

    def __init__(self, folder):
        self.folder = folder
        programs = os.path.join(folder, "bin")
        os.mkdir(programs)
        os.symlink(support.EXPORTER, os.path.join(programs, "sqlite_exporter"))
        self.environment = {**os.environ, "PATH": programs + ":" + os.environ["PATH"]}

    def run(self, commands):
        return subprocess.run(["bash", "-c", commands], capture_output=True, text=True,
                              check=False, cwd=self.folder, env=self.environment,
                              timeout=support.PATIENCE)

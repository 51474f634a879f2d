"""What shells offer behind a command line, and that man takes the pages."""

import os
import shutil
import subprocess
import sys
import unittest

import support

DOCS = os.path.join(support.SOURCE_DIR, "docs")

BASH = """
compopt() { :; }  # needs a completion under way
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_sqlite_exporter
printf '%s\\n' "${COMPREPLY[@]}"
"""

# What belongs to a completion under way prints here what it is given.
ZSH = """
script=$1; shift
compadd() { shift; print -l -- ${(M)@:#$current*} }
compset() { :; }
_files() { [[ $1 == -/ ]] && print -l -- $current*(N/) || print -l -- $current*(N) }
words=("$@"); CURRENT=$#
source $script
"""


def arguments_of(words):
    """As bash splits them."""
    return [part for word in words for part in
            (word.replace("=", " = ").split(" ") if "=" in word else [word])]


class CompletionTest(support.TestCase):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("folder"))
        with open(self.path("file.db"), "w", encoding="ascii"):
            pass

    def offered(self, shell, *words):
        script = os.path.join(DOCS, "completions", "sqlite_exporter." + shell)
        command = {
            "bash": ["bash", "-c", BASH, "bash", script, "sqlite_exporter", *arguments_of(words)],
            "zsh": ["zsh", "-f", "-c", ZSH, "zsh", script, "sqlite_exporter", *words],
            "fish": ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script,
                     " ".join(["sqlite_exporter", *words])]}[shell]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              cwd=self.folder, env={**os.environ, "HOME": self.folder})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [line.split("\t")[0] for line in done.stdout.splitlines() if line]
        # fish offers the whole word.
        return {line.rsplit("=", 1)[-1].rstrip("/") for line in lines}

    def shells(self):
        for shell in ("bash", "fish", "zsh"):
            if not shutil.which(shell):
                print(f"not tried: {shell} is not installed")
        return [shell for shell in ("bash", "fish", "zsh") if shutil.which(shell)]

    def test_verbs_and_files(self):
        for shell in self.shells():
            offered = self.offered(shell, "")
            self.assertLessEqual({"demo", "inspect", "explain", "file.db", "folder"}, offered)
            self.assertNotIn("sql-worker", offered)
            self.assertEqual(self.offered(shell, "ins"), {"inspect"})
            self.assertEqual(self.offered(shell, "inspect", "fi"), {"file.db"})

    def test_flags_of_each_verb(self):
        for shell in self.shells():
            self.assertEqual(self.offered(shell, "--web"), {"--web.listen-address"})
            self.assertEqual(self.offered(shell, "--no-collector.w"), {"--no-collector.wal"})
            self.assertEqual(self.offered(shell, "inspect", "--w"), {"--watch"})
            self.assertEqual(self.offered(shell, "demo", "--inc"), {"--incident"})

    def test_values(self):
        for shell in self.shells():
            levels = {"debug", "info", "warn", "error"}
            self.assertEqual(self.offered(shell, "--log.level", ""), levels)
            self.assertEqual(self.offered(shell, "--log.level=w"), {"warn"})
            self.assertEqual(self.offered(shell, "--path.procfs", "fo"), {"folder"})
            self.assertEqual(self.offered(shell, "--config.file", "fi"), {"file.db"})
            self.assertEqual(self.offered(shell, "demo", "--incident", "killed"),
                             {"killed-writer"})
            self.assertEqual(self.offered(shell, "explain", "SqliteWalG"), {"SqliteWalGrowing"})
            self.assertIn("completion", self.offered(shell, "describe", ""))

    def test_every_word_that_is_offered_is_one(self):
        for level in self.offered("bash", "--log.level", ""):
            self.assertEqual(support.run("--once", "--log.level=" + level,
                                         self.path("file.db"))[0], 0)
        for what in self.offered("bash", "describe", ""):
            self.assertEqual(support.run("describe", what)[0], 0)
        for alert in self.offered("bash", "explain", ""):
            self.assertEqual(support.run("explain", alert)[0], 0)

    def test_man_takes_the_pages(self):
        if not shutil.which("man"):
            self.skipTest("man is not installed")
        pages = os.path.join(DOCS, "man")
        for page in os.listdir(pages):
            done = subprocess.run(["man", "--warnings", "--local-file", os.path.join(pages, page)],
                                  capture_output=True, text=True, check=False,
                                  env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("sqlite_exporter", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

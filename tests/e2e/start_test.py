"""The start: with little memory, with few threads, and told to stop before it has begun."""

import os
import re
import resource
import signal
import subprocess
import sys
import unittest

import support

MEBIBYTE = 1 << 20
MOST_THREADS = 12
STARTS = 50
NOBODY = 65534
# Too little even for the program's libraries: the dynamic linker says so.
NOT_LOADED = 127


def signals_of(pid, word):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{word}:\s+(\w+)", file.read(), re.MULTILINE).group(1), 16)


def is_held_or_handled(pid, number):
    return (signals_of(pid, "SigBlk") | signals_of(pid, "SigCgt")) >> (number - 1) & 1


class StartTest(support.TestCase):
    def begin(self, *arguments, **options):
        process = subprocess.Popen(
            [support.EXPORTER, *arguments, "--web.listen-address=127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end_of(self, process, last_words):
        """Exit code, and what it said; one that says `last_words` is told to stop."""
        said = ""
        for line in process.stderr:
            said += line
            if last_words in line:
                process.terminate()
        return process.wait(), said

    def check_it_lives_or_says_why(self, **options):
        """True if it lives."""
        code, said = self.end_of(self.begin(self.path("app.db"), **options), "is watched")
        if code not in (0, NOT_LOADED):
            self.assertEqual(code, 2, said)
            sentences = [line for line in said.splitlines() if line.startswith("sqlite_exporter:")]
            self.assertEqual(len(sentences), 1, said)
            self.assertRegex(sentences[0], "(a thread|memory) cannot be .*raise")
        return code == 0

    def test_one_database_takes_few_threads(self):
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        exporter = self.exporter(self.path("app.db"))
        exporter.await_sample('sqlite_up{database="app"} 1')
        names = []
        for task in os.listdir(f"/proc/{exporter.process.pid}/task"):
            with open(f"/proc/{exporter.process.pid}/task/{task}/comm", encoding="utf-8") as file:
                names.append(file.read().strip())
        self.assertLessEqual(len(names), MOST_THREADS, names)
        self.assertEqual(names.count("sampler"), 1, names)
        self.assertGreaterEqual(names.count("pool"), 1, names)

    @unittest.skipIf(os.environ.get("SANITIZED"), "a sanitizer takes terabytes of address space")
    def test_with_too_little_address_space_it_says_so(self):
        self.application("app.db").exec("create table t(x)")
        lived = {}
        for size in (*range(14, 40, 2), 64, 128, 256, 320):
            with self.subTest(size):
                limit = (size * MEBIBYTE, size * MEBIBYTE)
                limited = lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
                # What libraries do before main() begins is not ours.
                if subprocess.run([support.EXPORTER, "--version"], preexec_fn=limited,
                                  capture_output=True, check=False).returncode != 0:
                    continue
                lived[size] = self.check_it_lives_or_says_why(preexec_fn=limited)
        self.assertTrue(lived[320], lived)
        self.assertFalse(all(lived.values()), lived)

    @unittest.skipIf(os.environ.get("SANITIZED"), "a sanitizer starts threads of its own")
    @unittest.skipUnless(os.geteuid() == 0, "only root can become a user who has no process yet")
    def test_with_too_few_threads_it_says_so(self):
        os.chmod(self.folder, 0o755)
        self.application("app.db").exec("create table t(x)")
        if subprocess.run([support.EXPORTER, "--version"], user=NOBODY, check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("the program is not open to other users")
        lived = [self.check_it_lives_or_says_why(
            user=NOBODY, preexec_fn=lambda most=most: resource.setrlimit(
                resource.RLIMIT_NPROC, (most, most))) for most in (1, 2, 3, 6, 20)]
        self.assertFalse(lived[0], lived)
        self.assertTrue(lived[-1], lived)

    def test_it_can_be_stopped_while_its_configuration_does_not_answer(self):
        os.mkfifo(self.path("config.toml"))
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.begin("--config.file=" + self.path("config.toml"))
            with open(self.path("config.toml"), "wb"):  # it has opened it, too
                process.send_signal(number)
                self.assertEqual(process.wait(support.PATIENCE), 0, number)

    def test_a_reload_before_its_time_waits(self):
        self.application("app.db").exec("create table t(x)")
        os.mkfifo(self.path("config.toml"))
        process = self.begin("--config.file=" + self.path("config.toml"))
        with open(self.path("config.toml"), "w", encoding="utf-8") as file:
            process.send_signal(signal.SIGHUP)
            file.write(f"[[database]]\npath = '{self.path('app.db')}'\n")
        code, said = self.end_of(process, "is watched")
        self.assertEqual(code, 0, said)

    def test_whenever_it_is_told_to_stop_it_ends_well(self):
        self.application("app.db").exec("create table t(x)")
        for start in range(STARTS):
            number = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[start % 3]
            process = self.begin(self.path("app.db"))
            # Before, the dynamic linker runs, and no instruction of ours.
            support.await_that(lambda: is_held_or_handled(process.pid, number), "its first step")
            process.send_signal(number)
            self.assertEqual(process.wait(support.PATIENCE), 0, number)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

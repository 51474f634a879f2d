"""The self-test: what the exporter reads against what SQL says, for databases in every state."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import unittest

import fuse
import scenes
import sql
import support


def outcomes(out):
    """The line of each database by its name, and the sum."""
    lines = out.splitlines()
    return dict(line.split(": ", 1) for line in lines[:-1] if not line.startswith(" ")), lines[-1]


class SelftestTest(scenes.EveryState):
    def selftest(self, *arguments):
        code, out, err = support.run("--selftest", *arguments)
        return code, *outcomes(out), err

    def with_rollback(self, path):
        return "--config.file=" + self.config(
            f"[[database]]\npath = '{path}'\n[sql]\nallow_rollback = true\n"
            "[log]\nlevel = 'error'\n")

    def test_it_agrees_where_a_database_may_be_opened_and_changes_none(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        before = scenes.fingerprint(data)
        code, told, total, _ = self.selftest(data + "/")
        self.assertEqual(code, 0)
        agree = {name for name, what in told.items() if what.startswith("agrees in ")}
        self.assertEqual(agree, {"live", "midway", "pinned"})
        self.assertEqual(told["live"], "agrees in 9 values")
        self.assertEqual(told["clean"],
                         "not compared: no application has it open in WAL mode")
        self.assertEqual(told["rollback"], "not compared: it is in rollback mode, which is read "
                         "only if that is allowed: see allow_rollback")
        for name in ("crashed", "hot", "exclusive", "careless", "garbage"):
            self.assertEqual(
                told[name],
                "not compared: its state does not allow it, or it could not be looked at: see "
                "sqlite_up and sqlite_database_state")
        self.assertEqual(total, f"3 agree, 0 differ, {len(told) - 3} not compared")
        self.assertEqual(scenes.fingerprint(data), before)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_it_opens_what_it_compares_and_nothing_else(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        trace = self.path("trace")
        out = subprocess.run(
            ["strace", "-f", "-y", "-o", trace, support.EXPORTER, "--selftest",
             self.with_rollback(data + "/")], capture_output=True, text=True, check=False).stdout
        told, _ = outcomes(out)
        by_workers, _ = sql.traced_calls(trace)
        self.assertEqual([call for call in by_workers if "open" in call and data in call], [])
        # What it was handed it reads.
        opened = {match.group(1) for call in by_workers if
                  (match := re.match(rf'pread64\(\d+<{data}/([^>]*?)\.db>', call))}
        agree = {name for name, what in told.items() if what.startswith("agrees")}
        self.assertGreater(len(agree), 3)
        self.assertEqual(opened, agree)

    def test_a_database_that_is_written_to_agrees_between_two_commits(self):
        app = sqlite3.connect(self.path("app.db"), check_same_thread=False, isolation_level=None)
        app.execute("pragma journal_mode=wal")
        app.execute("create table t(x)")
        done = threading.Event()

        def write():
            while not done.wait(0.01):
                app.execute("insert into t values (zeroblob(4000))")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            code, told, _, err = self.selftest(self.path("app.db"))
        finally:
            done.set()
            writer.join()
            app.close()
        self.assertEqual((code, told, err), (0, {"app": "agrees in 9 values"}, ""))

    def test_whatever_bit_of_the_header_is_flipped_it_agrees_or_is_not_compared(self):
        sound = sqlite3.connect(self.path("sound.db"))
        sound.executescript(
            "pragma page_size = 1024; pragma auto_vacuum = 2; create table t(x);"
            "insert into t values (zeroblob(20000)); delete from t; pragma user_version = -5;"
            "pragma application_id = 9;")
        sound.close()
        with open(self.path("sound.db"), "rb") as file:
            content = file.read()
        os.mkdir(self.path("flipped"))
        for byte in range(16, 100):
            for bit in range(8):
                broken = bytearray(content)
                broken[byte] ^= 1 << bit
                with open(self.path(f"flipped/byte {byte} bit {bit}.db"), "wb") as file:
                    file.write(broken)
        code, out, _ = support.run("--selftest", self.with_rollback(self.path("flipped/")))
        told, total = outcomes(out)
        self.assertEqual(len(told), 84 * 8)
        self.assertEqual([name for name, what in told.items() if what == "DIFFERS"], [], out)
        self.assertRegex(total, r"^\d+ agree, 0 differ, \d+ not compared$")
        self.assertEqual(code, 0)
        agree = [what for what in told.values() if what.startswith("agrees in ")]
        self.assertGreater(len(agree), 500)

    def test_where_nothing_can_be_compared_it_cannot_say(self):
        code, told, total, _ = self.selftest(self.path("absent.db"))
        self.assertEqual((code, list(told), total),
                         (2, ["absent"], "0 agree, 0 differ, 1 not compared"))
        os.mkdir(self.path("empty"))
        self.assertEqual(self.selftest(self.path("empty/"))[:3],
                         (2, {}, "0 agree, 0 differ, 0 not compared"))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_a_worker_that_does_not_start_is_not_waited_for(self):
        for i in range(4):
            app = self.application(f"app{i}.db")
            app.exec("pragma journal_mode=wal", "create table t(x)")
        done = subprocess.run(
            ["strace", "-f", "-o", "/dev/null", "-e", "inject=clone,fork,vfork:error=EAGAIN",
             support.EXPORTER, "--selftest", self.path("*.db")], capture_output=True, text=True,
            check=False)
        told, total = outcomes(done.stdout)
        self.assertEqual(told, {"app0": "not compared: cannot run /proc/self/exe: Resource "
                                "temporarily unavailable"} | {
            f"app{i}": "not compared: the SQL worker cannot be had" for i in (1, 2, 3)})
        self.assertEqual((done.returncode, total), (2, "0 agree, 0 differ, 4 not compared"))

    def test_an_output_that_cannot_be_written_is_told(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([support.EXPORTER, "--selftest", self.path("absent.db")],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "sqlite_exporter: standard output cannot be written\n"))

    def test_bad_input(self):
        code, out, err = support.run("--selftest", "--config.file=" + self.path("absent.toml"))
        self.assertEqual((code, out), (2, ""))
        self.assertIn("absent.toml cannot be read", err)
        code, out, err = support.run("--selftest", "inspect", "/a.db")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--selftest does not go with inspect", err)


class HangTest(fuse.TestCase):
    def hung(self):
        """Twelve databases on a mount that does not answer."""
        filesystem = self.filesystem("hangs")
        for i in range(12):
            sqlite3.connect(self.path(f"backing-hangs/slow{i}.db")).execute(
                "create table t(x)").connection.close()
        self.hang(filesystem)
        return [filesystem.path(f"slow{i}.db") for i in range(12)]

    def test_a_mount_that_hangs_keeps_nothing_else_from_being_compared(self):
        slow = self.hung()
        app = self.application("zz.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        code, out, _ = support.run("--selftest", *slow, self.path("zz.db"))
        told, _ = outcomes(out)
        self.assertEqual(told.pop("zz"), "agrees in 9 values")
        self.assertEqual(len(told), 12)
        for what in told.values():
            self.assertTrue(what.startswith("not compared: "), told)
        self.assertEqual(code, 0)

    def test_a_signal_ends_it_also_as_the_first_process_of_a_container(self):
        prefix = self.prefixed("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        # A leak checker would wait at exit for the thread that hangs.
        process = subprocess.Popen([*prefix, support.EXPORTER, "--selftest", *self.hung()],
                                   stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        child = support.await_that(
            lambda: support.children_of(process.pid), "the exporter to start")[0]

        def ended():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            return process.poll() is not None

        support.await_that(ended, "its end")
        self.assertNotIn("differ", process.stdout.read())
        process.stdout.close()
        self.assertEqual(process.returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

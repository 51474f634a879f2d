"""The verb `inspect` over real databases: what it says, its exit codes, and its light touch."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import unittest

import interference_test
import support
from interference_test import fingerprint

WAL = ("pragma journal_mode=wal", "pragma wal_autocheckpoint=0", "create table t(x)",
       "insert into t values (1), (2)")


class Writer:
    """Commits as fast as it can in the background, until the end of the block."""

    def __init__(self, application):
        self._application = application
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self):
        while not self._stop.is_set():
            self._application.exec("insert into t values (zeroblob(100))")

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


class TestCase(support.TestCase):
    def live(self, name="app.db"):
        return self.application(name).exec(*WAL)

    def pinned(self):
        """(writer, reader) of pinned.db; more waits behind the reader than checkpoints leave."""
        writer = self.live("pinned.db")
        reader = self.application("pinned.db")
        reader.ask("step select x from t")
        writer.exec("insert into t select zeroblob(4000) from (with recursive n(i) as (select 1 "
                    "union all select i+1 from n limit 1200) select i from n)")
        return writer, reader


class InspectTest(TestCase):
    def inspect(self, *names, prefix=(), options=()):
        """Exit code and standard output; there is nothing on standard error."""
        done = subprocess.run([*prefix, support.EXPORTER, "inspect", *options,
                               *(self.path(name) for name in names)], capture_output=True,
                              text=True, timeout=support.PATIENCE, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertEqual([line for line in done.stderr.splitlines()
                          if not line.startswith("strace: ")], [])
        return done.returncode, done.stdout

    def objects(self, *names, **options):
        code, out = self.inspect(*names, options=["--format=json"], **options)
        return code, json.loads(out)

    def test_healthy(self):
        app = self.live()
        code, out = self.inspect("app.db")
        self.assertEqual(code, 0, out)
        self.assertTrue(out.startswith(self.path("app.db") + ": HEALTHY\n"), out)
        self.assertRegex(out, r"(?m)^  state +wal_live$")
        self.assertIn(f"pid {app.process.pid}", out)
        code, (said,) = self.objects("app.db")
        self.assertEqual((code, said["verdict"]), (0, "healthy"))
        for key, pragma in (("pages", "page_count"), ("freelist_pages", "freelist_count"),
                            ("page_size", "page_size"), ("schema_version", "schema_version")):
            self.assertEqual(said[key], app.number("pragma " + pragma))
        self.assertEqual(said["wal_file_size_bytes"], os.path.getsize(self.path("app.db-wal")))
        self.assertEqual(said["wal_frames"],
                         int(app.query("pragma wal_checkpoint(passive)").split("|")[1]))

    def test_a_reader_that_pins_the_wal_is_named(self):
        _, reader = self.pinned()
        code, out = self.inspect("pinned.db")
        self.assertEqual(code, 1, out)
        self.assertRegex(out, r"(?m)^  pinned +\d{4} frames: READ\d at frame \d+$")
        self.assertRegex(out, rf"(?m)^  reader .*pid {reader.process.pid}\b")
        self.assertRegex(out, r"(?m)^  what to do +End that transaction")
        self.assertNotIn("for at least", out)
        code, (said,) = self.objects("pinned.db")
        self.assertEqual(code, 1)
        self.assertEqual([(held["pid"], held["old"]) for held in said["readers"]],
                         [(reader.process.pid, True)])
        self.assertGreater(said["wal_pinned_frames"], 1000)
        reader.ask("finish")
        self.assertEqual(self.inspect("pinned.db")[0], 0)

    def test_each_state_has_its_exit_code(self):
        self.application("crashed.db").exec(*WAL).kill()
        self.application("rollback.db").exec("create table t(x)")
        self.application("clean.db").exec(*WAL).close()
        with open(self.path("garbage.db"), "wb") as file:
            file.write(b"x" * 5000)
        os.mkfifo(self.path("fifo.db"))
        for name, code, word in (
                ("crashed.db", 1, "wal_unrecovered"), ("clean.db", 0, "wal_clean"),
                ("rollback.db", 0, "rollback_idle"), ("absent.db", 2, "absent"),
                ("garbage.db", 2, "not_a_database"), ("fifo.db", 2, "unsupported")):
            with self.subTest(name):
                said_code, out = self.inspect(name)
                self.assertEqual(said_code, code, out)
                self.assertIn(word, out)
        self.assertEqual(self.inspect("clean.db", "absent.db")[0], 2)
        code, out = self.inspect("clean.db", "absent.db", "crashed.db")
        self.assertEqual(code, 1)
        self.assertEqual([line.rsplit(": ", 1)[1] for line in out.splitlines()
                          if line.startswith("/")], ["HEALTHY", "CANNOT SAY", "ATTENTION"])
        # A recovery leaves the wal-index as a checkpoint that failed at once would.
        self.application("crashed.db").query("select count(*) from t")
        self.assertEqual(self.inspect("crashed.db")[0], 0)

    def test_bad_usage_is_one_sentence_and_exit_code_2(self):
        for arguments in ([], ["--format=xml", "a.db"], ["--no-such-flag", "a.db"]):
            with self.subTest(arguments):
                code, out, err = support.run("inspect", *arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, r"\Asqlite_exporter: [^\n]+\n\Z")

    def test_any_bytes_in_a_path(self):
        name = os.fsdecode(b"x\xff\x1b[31m.db")
        self.application("app.db").exec(*WAL).close()
        os.rename(self.path("app.db"), self.path(name))
        code, (said,) = self.objects(name)
        self.assertEqual((code, said["path"]), (0, self.path("x\ufffd\x1b[31m.db")))
        code, out = self.inspect(name)
        self.assertEqual(code, 0)
        self.assertTrue(out.startswith(self.path("x\ufffd\\x1b[31m.db: ")), out)

    def test_nothing_is_changed_whatever_the_state(self):
        data, _ = interference_test.InterferenceTest.every_state(self)
        names = ["data/" + name for name in os.listdir(data)]
        before = fingerprint(data)
        self.assertEqual(self.inspect(*names)[0], 1)
        self.assertEqual(len(self.objects(*names)[1]), len(names))
        self.assertEqual(fingerprint(data), before)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_strace_shows_no_write_and_no_lock(self):
        data, _ = interference_test.InterferenceTest.every_state(self)
        trace = self.path("trace")
        self.inspect(*["data/" + name for name in os.listdir(data)],
                     prefix=("strace", "-f", "-y", "-o", trace))
        with open(trace, encoding="utf-8", errors="replace") as file:
            lines = [line.split(None, 1)[1] for line in file]
        calls = [line for line in lines if data in line and not line.startswith("execve(")]
        self.assertGreater(len(calls), 100)
        for call in calls:
            self.assertRegex(call, r"^(openat|close|pread64|fstat|newfstatat|stat|lstat|statx|"
                                   r"readlink|readlinkat|fcntl|inotify_add_watch|write\(1<|"
                                   r"<\.\.\. \w+ resumed)")
            self.assertNotRegex(call, r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|F_\w*SETLK")
        locks_read = [line for line in lines if "/proc/locks" in line and "openat(" in line]
        self.assertEqual(len(locks_read), 1)

    def answer_between_writes(self):
        """None where a writer was faster than every try: then it says to run it again."""
        code, (said,) = self.objects("app.db")
        busy = said.get("error", {}).get("reason") == "busy"
        if busy:
            self.assertEqual((code, said["verdict"]), (2, "cannot_say"))
        return None if busy else (code, said)

    def test_under_write_load(self):
        app = self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")
        with Writer(app):
            for _ in range(5):
                code, said = support.await_that(self.answer_between_writes, "an answer")
                self.assertEqual(code, 0, said)
                self.assertEqual(said["states"], ["wal_live"])
                self.assertIn("pages", said)
                self.assertIn("wal_frames", said)

    def test_locks_that_a_busy_application_lost(self):
        app = self.live()
        app.ask("read " + self.path("app.db-shm"))
        with Writer(app):
            support.await_that(lambda: "locks_cancelled" in self.inspect("app.db")[1],
                               "locks_cancelled")

    def test_a_database_deleted_under_its_application(self):
        self.live()
        os.unlink(self.path("app.db"))
        code, out = self.inspect("app.db")
        self.assertEqual(code, 1, out)
        self.assertIn("orphaned", out)

    def test_a_checkpoint_that_found_the_disk_full(self):
        mountpoint = self.mount("mnt", "-t", "tmpfs", "-o", "size=400k", "none")
        app = self.live("mnt/app.db")
        reader = self.application("mnt/app.db")
        reader.ask("step select x from t")
        app.exec("insert into t values (3)")
        app.query("pragma wal_checkpoint(passive)")  # as far as the reader lets it
        reader.close()
        for _ in range(20):
            app.exec("insert into t values (zeroblob(8000))")
        with open(os.path.join(mountpoint, "ballast"), "wb", buffering=0) as file:
            with self.assertRaises(OSError):
                for _ in range(100):
                    file.write(bytes(4096))
        self.assertRaises(AssertionError, app.query, "pragma wal_checkpoint(passive)")
        code, out = self.inspect("mnt/app.db")
        self.assertEqual(code, 1, out)
        self.assertIn("checkpoint_failed: ", out)

    def test_on_a_read_only_mount(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to mount")
        os.mkdir(self.path("data"))
        os.mkdir(self.path("view"))
        app = self.application("data/app.db").exec(*WAL)
        script = 'mount -o bind,ro "$1" "$2" && shift 2 && exec "$@"'
        prefix = ("unshare", "-m", "sh", "-c", script, "sh", self.path("data"), self.path("view"))
        tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest("a mount namespace cannot be made here: " + tried.stderr.strip())
        refused = subprocess.run([*prefix, "touch", self.path("view/app.db")],
                                 capture_output=True, check=False)
        self.assertNotEqual(refused.returncode, 0)
        before = fingerprint(self.path("data"))
        code, (said,) = self.objects("view/app.db", prefix=prefix)
        self.assertEqual((code, said["states"]), (0, ["wal_live"]), said)
        self.assertEqual(fingerprint(self.path("data")), before)
        self.assertEqual(said["pages"], app.number("pragma page_count"))

    def test_as_nobody(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to become somebody else")
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        os.chmod(self.folder, 0o755)
        reader = self.pinned()[1]
        code, out = self.inspect("pinned.db", prefix=prefix)
        self.assertEqual(code, 1, out)
        self.assertIn(f"pid {reader.process.pid}", out)
        os.chmod(self.path("pinned.db-shm"), 0o600)
        code, out = self.inspect("pinned.db", prefix=prefix)
        self.assertEqual(code, 2, out)
        self.assertRegex(out, r"(?s)unknown +denied: .*pinned.db-shm.*CAP_DAC_READ_SEARCH")

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_a_mount_that_hangs_holds_up_no_other_file(self):
        self.application("hung.db").exec("create table t(x)").close()
        self.live()
        code, out = self.inspect(
            "hung.db", "app.db",
            prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-P", self.path("hung.db"),
                    "-e", "trace=openat2", "-e", "inject=openat2:delay_enter=10s"))
        self.assertEqual(code, 2, out)
        self.assertRegex(out, r"(?m)^  unknown +stalled: ")
        self.assertIn("app.db: HEALTHY\n", out)


class WatchTest(TestCase):
    def watch(self, *arguments):
        process = subprocess.Popen(
            [support.EXPORTER, "inspect", "--watch", *arguments], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def lines_until(self, process, condition):
        lines = []
        while not lines or not condition(lines[-1]):
            line = process.stdout.readline()
            self.assertNotEqual(line, "", "it ended: " + "".join(lines))
            lines.append(line)
        return lines

    def end(self, process, number):
        process.send_signal(number)
        process.stdout.read()
        return process.wait(support.PATIENCE)

    def test_ages_are_shown_and_sigint_ends_it_with_the_verdict(self):
        _, reader = self.pinned()
        process = self.watch(self.path("pinned.db"))
        lines = self.lines_until(process, lambda line: "for at least" in line)
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$")
        said = " ".join("".join(lines).split())
        self.assertRegex(said, rf"READ1 at frame \d+: [^:]*pid {reader.process.pid}\b")
        self.lines_until(process, lambda line: "transactions/s" in line)
        self.assertEqual(self.end(process, signal.SIGINT), 1)

    def test_a_line_of_json_each_second_until_sigterm(self):
        app = self.live()
        # Its own checkpoints: on a fast machine so many frames would soon be a backlog.
        app.exec("pragma wal_autocheckpoint=1000")
        process = self.watch("--format=json", self.path("app.db"))
        with Writer(app):
            said = [json.loads(process.stdout.readline())[0] for _ in range(3)]
        self.assertGreater(said[-1]["transactions_per_second"], 0)
        self.assertGreater(said[-1]["frames_per_second"], 0)
        self.assertLess(said[0]["timestamp_seconds"], said[1]["timestamp_seconds"])
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_a_reader_that_ends_makes_it_healthy(self):
        _, reader = self.pinned()
        process = self.watch("--format=json", self.path("pinned.db"))
        self.lines_until(process, lambda line: json.loads(line)[0]["verdict"] == "attention")
        reader.ask("finish")
        self.lines_until(process, lambda line: json.loads(line)[0]["verdict"] == "healthy")
        self.assertEqual(self.end(process, signal.SIGINT), 0)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

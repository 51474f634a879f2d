"""What `explain` prints: the runbook of an alert, with what is true of this node now."""

import os
import shutil
import subprocess
import sys
import threading
import unittest

import support

# A reader that has stepped once is in the middle of these.
MANY_ROWS = ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) "
             "insert into t select randomblob(100) from n")


class ExplainTest(support.TestCase):
    def reader(self, name):
        """An application that pins the WAL of a database, beside one that writes to it."""
        writer = self.application(name)
        writer.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        reader = self.application(name)
        reader.exec("begin").query("select count(*) from t")
        writer.exec("insert into t values (2)", "insert into t values (3)")
        return writer, reader

    def explain(self, *arguments):
        code, out, err = support.run("explain", *arguments)
        self.assertEqual((code, err), (0, ""))
        return out

    def test_the_culprit_is_filled_in(self):
        _, reader = self.reader("app.db")
        pid = reader.process.pid
        out = self.explain("SqliteForgottenReader", self.path("app.db"))
        self.assertIn("On this node now: app\n", out)
        self.assertRegex(out, r'(?m)^  sqlite_reader_pinned_frames +2  owner_process="sqlite_app"')
        self.assertRegex(out, rf"(?m)^  sqlite_oldest_reader_pid +{pid}$")
        self.assertIn(f"\n    sqlite_exporter inspect {self.path('app.db')}\n", out)
        self.assertIn(f"\n    kill {pid}\n", out)
        # Two frames behind it are an ordinary report's: inspect has its line, and no verdict.
        self.assertRegex(out, rf"(?m)^ *reader +READ1 at frame .*\(pid {pid}")
        for heading in ("Meaning", "Confirm", "Do now", "Prevent", "Never"):
            self.assertIn(f"\n{heading}\n", out)

    def test_nothing_is_created_or_changed(self):
        self.reader("app.db")
        before = [(entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
                  for entry in sorted(os.scandir(self.folder), key=lambda entry: entry.name)]
        self.explain("SqliteForgottenReader", self.path("app.db"))
        after = [(entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
                 for entry in sorted(os.scandir(self.folder), key=lambda entry: entry.name)]
        self.assertEqual(after, before)

    def test_of_all_databases_it_finds_the_one_that_the_alert_is_about(self):
        self.reader("pinned.db")
        self.application("calm.db").exec("pragma journal_mode=wal", "create table t(x)")
        config = "--config.file=" + self.config(f'[[database]]\npath = "{self.path("*.db")}"\n')
        self.assertIn("On this node now: pinned\n", self.explain("SqliteForgottenReader", config))
        # Both have a WAL: the largest comes first, and none is chosen.
        out = self.explain("SqliteWalGrowing", config)
        self.assertRegex(out, r"(?s)now\n\n  sqlite_wal_file_size_bytes .*  pinned\n"
                              r"  sqlite_wal_file_size_bytes .*  calm\n\nTo be put in: DATABASE")
        self.assertIn("On this node now: calm\n", self.explain("SqliteWalGrowing", "calm", config))
        self.assertIn("Nothing of what the alert is about can be seen now.",
                      self.explain("SqliteDatabaseReplaced", config))
        self.assertEqual(
            support.run("explain", "SqliteWalGrowing", "other", config),
            (2, "", 'sqlite_exporter: no database is called "other"; there are calm, pinned '
                    "(a file in this folder is ./other)\n"))
        self.assertIn("Not looked at here: the daemon tells it at /metrics.",
                      self.explain("SqliteSyncBehind", config))

    def test_a_path_is_that_database_alone_whatever_is_configured(self):
        self.reader("pinned.db")
        self.application("calm.db").exec("pragma journal_mode=wal", "create table t(x)")
        config = "--config.file=" + self.config(f'[[database]]\npath = "{self.path("*.db")}"\n')
        out = self.explain("SqliteForgottenReader", self.path("calm.db"), config)
        self.assertIn("On this node now: calm\n", out)
        self.assertIn("\n    kill PID\n", out)
        self.assertNotIn(self.path("pinned.db"), out)
        self.assertIn(self.path("calm.db") + ": HEALTHY", out)

    def test_only_who_is_seen_at_it_is_accused(self):
        app = self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")
        # A healthy application: the reader, and the long transaction, are over.
        for alert in ("SqliteForgottenReader", "SqliteCheckpointStarved",
                      "SqliteWriteLockSaturated"):
            self.assertIn("\n    kill PID\n", self.explain(alert, self.path("app.db")))
        app.exec("begin immediate")
        self.assertIn(f"\n    kill {app.process.pid}\n",
                      self.explain("SqliteWriteLockSaturated", self.path("app.db")))
        app.exec("commit")
        # The only one that has it open, and then one of two.
        self.assertIn(f"\n    kill -STOP {app.process.pid}\n",
                      self.explain("SqliteDatabaseReplaced", self.path("app.db")))
        self.application("app.db").query("select count(*) from t")
        self.assertIn("\n    kill -STOP PID\n",
                      self.explain("SqliteDatabaseReplaced", self.path("app.db")))

    def test_who_blocks_commits_is_named(self):
        """In rollback mode: a writer that does not end, and a reader that a writer waits for."""
        writer = self.application("app.db").exec("create table t(x)", MANY_ROWS, "begin immediate")
        out = self.explain("SqliteCommitBlocked", self.path("app.db"))
        self.assertIn(f"\n    kill {writer.process.pid}\n", out)
        self.assertRegex(out, r'(?m)^  sqlite_commit_blocked_seconds +now; since when .* '
                              r'cause="writer",owner_process="sqlite_app"')
        self.assertRegex(out, rf"(?m)^  sqlite_commit_blocked_pid +{writer.process.pid} ")
        writer.exec("commit", "pragma busy_timeout=120000")

        reader = self.application("app.db")
        reader.ask("step select rowid from t")
        waiting = threading.Thread(target=writer.exec, args=("insert into t values (1)",))
        waiting.start()
        self.addCleanup(waiting.join)
        self.addCleanup(reader.ask, "finish")
        # Of all that is watched it finds the one that the alert is about.
        self.application("calm.db").exec("create table t(x)")
        config = "--config.file=" + self.config(f'[[database]]\npath = "{self.path("*.db")}"\n')
        out = self.explain("SqliteCommitBlocked", config)
        self.assertIn("On this node now: app\n", out)
        self.assertIn(f"\n    kill {reader.process.pid}\n", out)
        self.assertIn(f"\n    ps -o pid,stat,lstart,args -p {reader.process.pid}\n", out)
        self.assertRegex(out, r'sqlite_commit_blocked_seconds .*cause="reader"')
        self.assertNotIn("kill PID", self.explain("SqliteCommitBlocked", "app", config))
        self.assertIn("\n    kill PID\n", self.explain("SqliteCommitBlocked", "calm", config))

    def test_who_blocks_a_writer_that_tries_again_and_again_is_named(self):
        """The inspection is short, and may meet the writer at a pause."""
        writer = self.application("app.db").exec("create table t(x)", MANY_ROWS,
                                                 "pragma busy_timeout=300")
        reader = self.application("app.db")
        reader.ask("step select rowid from t")
        ended = threading.Event()

        def try_again():
            while not ended.wait(1):
                try:
                    writer.exec("insert into t values (1)")
                except AssertionError:
                    pass  # the database is locked

        trying = threading.Thread(target=try_again)
        trying.start()
        self.addCleanup(trying.join)
        self.addCleanup(ended.set)
        out = self.explain("SqliteCommitBlocked", self.path("app.db"))
        self.assertIn(f"\n    kill {reader.process.pid}\n", out)

    def test_commands_have_the_path_that_the_kernel_knows(self):
        self.reader("app.db")
        os.symlink(self.path("app.db"), self.path("link.db"))
        real = f"\n    sqlite_exporter inspect {self.path('app.db')}\n"
        self.assertIn(real, self.explain("SqliteForgottenReader", self.path("link.db")))
        code, out, _ = support.run("explain", "SqliteForgottenReader", "./app.db",
                                   cwd=self.folder)
        self.assertEqual(code, 0)
        self.assertIn(real, out)

    def test_every_state_of_an_alert_and_what_has_no_header_is_found(self):
        self.application("calm.db").exec("pragma journal_mode=wal", "create table t(x)")
        app = self.application("crash.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        app.kill()
        config = "--config.file=" + self.config(f'[[database]]\npath = "{self.path("*.db")}"\n')
        out = self.explain("SqliteCrashLeftover", config)
        self.assertIn("On this node now: crash\n", out)
        self.assertIn('state="wal_unrecovered"', out)
        self.assertIn(f"\n    sqlite3 {self.path('crash.db')} 'PRAGMA schema_version'\n", out)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_proc_locks_is_read_once(self):
        self.reader("app.db")
        trace = self.path("trace")
        subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", trace, support.EXPORTER,
                        "explain", "SqliteForgottenReader", self.path("app.db")], check=True,
                       stdout=subprocess.DEVNULL)
        with open(trace, encoding="utf-8", errors="replace") as file:
            self.assertEqual(file.read().count('"/proc/locks"'), 1)

    def test_a_name_of_a_file_does_not_become_a_command(self):
        name = "a $(reboot);'.db"
        self.reader(name)
        out = self.explain("SqliteForgottenReader", self.path(name))
        self.assertIn("\n    sqlite_exporter inspect DATABASE\n", out)
        self.assertIn(f"\nDATABASE is {self.path(name)}\n", out)
        code, out, err = support.run("explain", "SqliteWalGrowing", "/a\x1b[2J.db")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("must not contain control characters", err)
        self.assertNotIn("\x1b", err)

    def test_a_database_that_is_not_there_is_explained_too(self):
        out = self.explain("SqliteCrashLeftover", self.path("gone.db"))
        self.assertIn("There is no file at this path.", out)

    def test_without_a_configuration_it_prints_the_runbook(self):
        out = self.explain("SqliteExporterDown")
        self.assertIn("Not looked at: there is no configuration.", out)
        self.assertIn("Do not run a second exporter", out)

    def test_all_alerts_are_listed(self):
        out = self.explain()
        for page in os.listdir(os.path.join(support.SOURCE_DIR, "docs", "runbooks")):
            self.assertIn("\n" + page[:-3] + "\n    ", "\n" + out)

    def test_bad_input(self):
        code, out, err = support.run("explain", "SqliteNo")
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, 'there is no alert "SqliteNo"; there are SqliteCheckpointStarved, ')
        code, out, err = support.run("explain", "SqliteWalGrowing", "app")
        self.assertEqual((code, out), (2, ""))
        self.assertIn('there is no configuration in which "app" could be found', err)
        code, _, err = support.run("explain", "SqliteWalGrowing", self.folder)
        self.assertEqual(code, 2)
        self.assertIn("is a folder: give the path of a database", err)
        code, _, err = support.run("explain", "SqliteWalGrowing", "--config.file=/absent.toml")
        self.assertEqual(code, 2)
        self.assertIn("/absent.toml cannot be read", err)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

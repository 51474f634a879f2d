"""What the runbooks say of files that were deleted, cut, renamed or written over is so."""

import os
import shutil
import subprocess
import sys
import threading
import unittest

import runbooks
import support

ALERT = "SqliteWalLost"


def rows_in(path):
    return int(subprocess.run(["sqlite3", path, "SELECT count(*) FROM t"], capture_output=True,
                              text=True, check=True).stdout)


@unittest.skipUnless(shutil.which("sqlite3"), "sqlite3 is not installed (package sqlite3)")
class RescueTest(support.TestCase):
    def setUp(self):
        super().setUp()
        self.shell = runbooks.Shell(self.folder)
        self.database = self.path("app.db")
        self.app = self.application("app.db")
        self.app.exec("pragma journal_mode=wal", "pragma wal_autocheckpoint=0",
                      "create table t(a integer primary key, b)")
        self.insert(100)
        self.app.query("pragma wal_checkpoint")
        self.insert(50)
        self.words = {"DATABASE": self.database, "PID": str(self.app.process.pid),
                      "RESCUE": self.path("rescue")}

    def insert(self, count):
        self.app.exec("insert into t(b) with recursive n(i) as (select 1 union all select i + 1 "
                      f"from n where i < {count}) select randomblob(500) from n")

    def do(self, block):
        done = self.shell.run("set -e\n" + runbooks.filled(block, self.words))
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def test_a_deleted_wal_is_copied_from_the_application_with_all_rows(self):
        copy, look, end, replace = runbooks.section(ALERT, "Do now")
        os.remove(self.database + "-wal")
        self.insert(30)
        # Who ends it now has lost 80 rows.
        shutil.copy(self.database, self.path("without.db"))
        self.assertEqual(rows_in(self.path("without.db")), 100)
        self.do(copy)
        self.assertEqual(self.do(look).split(), ["ok", "180"])
        # A shell is no parent: whoever has ended is waited for here.
        reaper = threading.Thread(target=self.app.process.wait)
        reaper.start()
        self.do(end)
        reaper.join()
        self.app.stop()
        self.do(replace)
        self.assertEqual(rows_in(self.database), 180)
        again = self.application("app.db")
        again.exec("insert into t(b) values (1)")
        self.assertEqual(again.number("select count(*) from t"), 181)

    def test_an_application_that_closes_saves_its_rows_by_itself(self):
        copy, look, _, _ = runbooks.section(ALERT, "Do now")
        os.remove(self.database + "-wal")
        self.do(copy)
        self.do(look)
        self.shell.run(f"kill -CONT {self.app.process.pid}")
        self.app.close()
        self.assertEqual(rows_in(self.database), 150)

    def test_a_file_that_was_renamed_is_moved_back_and_nothing_is_lost(self):
        os.rename(self.database, self.path("old.db"))
        self.insert(30)
        descriptors = f"/proc/{self.app.process.pid}/fd"
        self.assertIn(self.path("old.db"), [os.readlink(os.path.join(descriptors, name))
                                            for name in os.listdir(descriptors)])
        os.rename(self.path("old.db"), self.database)
        self.insert(1)
        self.assertEqual(rows_in(self.database), 181)

    def test_a_file_that_was_written_over_is_restored_again(self):
        subprocess.run(["sqlite3", self.path("backup.db"), "CREATE TABLE t(x)",
                        "INSERT INTO t VALUES (1)"], check=True)
        shutil.copyfile(self.path("backup.db"), self.database)
        self.shell.run(f"kill -STOP {self.app.process.pid}")
        self.app.kill()
        for suffix in ("-wal", "-shm"):
            os.rename(self.database + suffix, self.path("left" + suffix))
        shutil.copyfile(self.path("backup.db"), self.database)
        self.assertEqual(rows_in(self.database), 1)

    def test_a_wal_beside_a_restored_file_is_moved_away_first(self):
        backup = self.path("backup.db")
        shutil.copyfile(self.database, backup)
        self.app.kill()
        for moved in (False, True):
            here = self.path(f"moved-{moved}.db")
            shutil.copyfile(backup, here)
            if not moved:
                shutil.copyfile(self.database + "-wal", here + "-wal")
            # What was committed after the backup comes back, unless the WAL is away.
            self.assertEqual(rows_in(here), 100 if moved else 150)

    def test_of_a_wal_that_was_cut_the_last_checkpoint_is_left(self):
        os.truncate(self.database + "-wal", 0)
        self.shell.run(f"kill -STOP {self.app.process.pid}")
        shutil.copy(self.database, self.path("copy.db"))
        self.assertEqual(rows_in(self.path("copy.db")), 100)
        self.app.kill()

    def test_a_checkpoint_of_a_wal_that_was_cut_copies_holes(self):
        """Why it must be stopped at once."""
        os.truncate(self.database + "-wal", 0)
        for _ in range(5):
            self.insert(1)
        self.app.query("pragma wal_checkpoint")
        self.app.kill()
        done = subprocess.run(["sqlite3", self.database, "SELECT count(*) FROM t"],
                              capture_output=True, text=True, check=False)
        self.assertIn("malformed", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""Reported situations of the WAL: deleted, of another file, left by a crash, grown large."""

import os
import shutil
import sys
import unittest

import cases
import support
from cases import MANY, WAL


class LostTest(cases.TestCase):
    """Somebody deletes or cuts the -wal of an application that goes on writing into it."""

    def lose_it(self, lose):
        app = self.application("app.db").exec(*WAL, "pragma wal_autocheckpoint=0",
                                              MANY.format(20, 3000))
        exporter = self.exporter(self.path("app.db"))
        self.await_state(exporter, "wal_live")
        lose(self.path("app.db-wal"))
        app.exec("insert into t values (randomblob(3000))")
        self.await_state(exporter, "wal_lost", among={"wal_live"})
        said = self.inspect()
        self.assertEqual((said.code, said.states - {"wal_live"}), (1, {"wal_lost"}), said.fields)
        self.assertIn("wal_lost", said.subjects("attention"))
        return app, said

    def test_deleted(self):
        app, said = self.lose_it(os.remove)
        self.assertTrue(cases.deleted_files_of(app.process.pid))
        self.assertIn(str(app.process.pid), str(said.fields["holders"]))
        app.kill()
        self.assertRaises(AssertionError, self.application("app.db").query,
                          "select count(*) from t")  # what the application had seen is gone

    def test_cut_to_nothing(self):
        self.lose_it(lambda path: os.truncate(path, 0))

    def test_a_checkpoint_that_truncates_is_no_loss(self):
        app = self.application("app.db").exec(*WAL)
        exporter = self.exporter(self.path("app.db"))
        for _ in range(5):
            app.exec(MANY.format(20, 3000), "pragma wal_checkpoint(truncate)")
            self.assertEqual(os.path.getsize(self.path("app.db-wal")), 0)
            self.assertEqual(cases.states_of(exporter.metrics()), {"wal_live"})
            said = self.inspect()
            self.assertEqual((said.code, said.states), (0, {"wal_live"}), said.fields)


class RestoredTest(cases.TestCase):
    """A backup is put in place of the database, and the -wal of the old one is left beside it."""

    def crash_behind_a_backup(self):
        self.application("app.db").exec(*WAL, MANY.format(2000, 20)).close()
        shutil.copy(self.path("app.db"), self.path("backup.db"))
        self.crashed("pragma wal_autocheckpoint=0", "create index i on t(x)",
                     "delete from t where rowid % 3 = 0", MANY.format(4000, 20))
        # Times of files have a tick of some milliseconds; an operator is slower than that.
        before = os.stat(self.path("app.db-wal")).st_mtime_ns

        def later():
            with open(self.path("tick"), "w", encoding="ascii"):
                return os.stat(self.path("tick")).st_mtime_ns > before + 1_000_000_000

        support.await_that(later, "the clock of files to go on")

    def assert_told(self):
        said = self.inspect()
        self.assertEqual((said.code, said.states - {"wal_unrecovered"}), (1, {"wal_mismatched"}),
                         said.fields)
        # What to do with the old -wal comes before any word of a start.
        text = said.text("wal_mismatched")
        self.assertRegex(text, r"(?i)restored")
        self.assertRegex(text, r"(?i)move .*-wal")
        start = text.lower().find("start the application")
        if start >= 0:
            self.assertLess(text.lower().find("move"), start)
        exporter = self.exporter(self.path("app.db"))
        self.await_state(exporter, "wal_mismatched", among={"wal_unrecovered"})

    def test_copied_over_it(self):
        self.crash_behind_a_backup()
        cases.write_over(self.path("backup.db"), self.path("app.db"))
        self.assert_told()
        # It is as bad as that: the old -wal is played over the backup.
        app = self.application("app.db")
        with self.assertRaises(AssertionError):
            self.assertEqual((app.number("select count(*) from t"),
                              app.query("pragma integrity_check")), (2000, "ok"))

    def test_renamed_over_it(self):
        self.crash_behind_a_backup()
        shutil.copy(self.path("backup.db"), self.path("app.db.new"))
        os.rename(self.path("app.db.new"), self.path("app.db"))
        self.assert_told()

    def crash_with_a_vacuumed_backup(self, *before_the_crash):
        self.application("app.db").exec(*WAL, MANY.format(2000, 20)).exec(
            f"vacuum into '{self.path('backup.db')}'").close()
        self.crashed("pragma wal_autocheckpoint=0", MANY.format(4000, 20), *before_the_crash)

    def rows(self):
        """What the next connection makes of it."""
        app = self.application("app.db")
        try:
            return app.number("select count(*) from t"), app.query("pragma integrity_check")
        except AssertionError as error:
            return 0, str(error)

    def test_a_backup_in_rollback_mode(self):
        for checkpoint in ((), ("pragma wal_checkpoint",)):
            with self.subTest(checkpoint):
                self.crash_with_a_vacuumed_backup(*checkpoint)
                shutil.copy(self.path("backup.db"), self.path("app.db"))
                self.assert_told()
                self.assertNotEqual(self.rows(), (2000, "ok"))
                for name in os.listdir(self.folder):
                    os.remove(self.path(name))

    def test_a_backup_beside_frames_that_were_checkpointed(self):
        self.application("app.db").exec(*WAL, MANY.format(2000, 20)).close()
        shutil.copy(self.path("app.db"), self.path("backup.db"))
        self.crashed(MANY.format(200, 20), "pragma wal_checkpoint")
        said = self.inspect()
        self.assertEqual((said.code, said.states), (0, {"wal_clean"}), said.fields)
        cases.write_over(self.path("backup.db"), self.path("app.db"))
        self.assert_told()
        self.assertNotEqual(self.rows(), (2000, "ok"))

    def test_one_instruction_is_enough(self):
        self.crash_behind_a_backup()
        cases.write_over(self.path("backup.db"), self.path("app.db"))
        said = self.inspect()
        self.assertEqual(said.states, {"wal_unrecovered", "wal_mismatched"})
        self.assertEqual(said.subjects("attention"), {"wal_mismatched"})
        self.assertIn("without its own -wal", said.text())

    def test_a_file_that_was_emptied_or_deleted(self):
        for state, harm in (("empty", lambda path: os.truncate(path, 0)), ("absent", os.remove)):
            with self.subTest(state):
                self.crashed(*WAL, MANY.format(200, 20), name=state + ".db")
                harm(self.path(state + ".db"))
                said = self.inspect(state + ".db")
                self.assertEqual((said.code, said.states), (1, {state, "wal_mismatched"}),
                                 said.fields)
                self.assertRegex(said.text("wal_mismatched"),
                                 r"Copy the -wal away before anything opens")
                self.assertNotIn("yet", said.text())
                exporter = self.exporter(self.path(state + ".db"))
                self.await_state_of(exporter, state, {state, "wal_mismatched"})

    def await_state_of(self, exporter, database, states):
        support.await_that(lambda: cases.states_of(exporter.metrics(), database) == states,
                           f"the states {states}", patience=20)

    def test_a_set_that_stays_together_accuses_nobody(self):
        self.crash_behind_a_backup()
        os.mkdir(self.path("copy"))
        # The order that accuses most: the database comes last, and much later.
        for suffix in ("-wal", "-shm", ""):
            shutil.copy2(self.path("app.db" + suffix), self.path("copy/app.db" + suffix))
            if suffix == "-shm":
                self.await_ticks(self.path("copy/app.db-wal"))
        os.chmod(self.path("app.db"), 0o640)
        for path in ("app.db", "copy/app.db"):
            said = self.inspect(path)
            self.assertEqual((said.code, said.states), (1, {"wal_unrecovered"}), said.fields)

    def await_ticks(self, since):
        before = os.stat(since).st_ctime_ns

        def later():
            with open(self.path("tick"), "w", encoding="ascii"):
                return os.stat(self.path("tick")).st_mtime_ns > before + 1_200_000_000

        support.await_that(later, "the clock of files to go on")

    def test_its_own_wal_after_a_crash_is_none_of_that(self):
        self.crash_behind_a_backup()
        said = self.inspect()
        self.assertEqual((said.code, said.states), (1, {"wal_unrecovered"}), said.fields)
        # But even there the question comes before the advice.
        self.assertRegex(said.text("wal_unrecovered"), r"(?i)restored")


class LeftoverTest(cases.TestCase):
    def test_a_large_wal_without_its_index(self):
        """The node lost its power: what waits in the WAL is told, however much it is."""
        for megabytes in (3, 70):
            with self.subTest(megabytes):
                name = f"app{megabytes}.db"
                self.crashed(*WAL, "pragma synchronous=off", "pragma wal_autocheckpoint=0",
                             *[MANY.format(250, 3900)] * megabytes, name=name)
                os.remove(self.path(name + "-shm"))
                said = self.inspect(name)
                self.assertEqual((said.code, said.states), (1, {"wal_unrecovered"}), said.fields)
                # Nobody runs who could checkpoint it.
                self.assertNotRegex(said.text("wal_file_size"), "TRUNCATE")
                self.assertEqual(cases.states_of(self.page_of(name), f"app{megabytes}"),
                                 {"wal_unrecovered"})

    def test_a_copy_without_its_wal(self):
        """`cp app.db` of a live application lacks what is in the WAL: said, and no verdict."""
        app = self.application("app.db").exec(*WAL, MANY.format(500, 20))
        shutil.copy(self.path("app.db"), self.path("copy.db"))
        self.assertEqual(app.number("select count(*) from t"), 500)
        said = self.inspect("copy.db")
        self.assertEqual((said.code, said.states), (0, {"wal_clean"}), said.fields)
        self.assertEqual(said.fields["schema_version"], 0)  # no table: whoever knows, sees it

    def test_vacuum_leaves_a_wal_as_large_as_the_database(self):
        app = self.application("app.db").exec(*WAL, "pragma synchronous=off",
                                              MANY.format(19000, 3500),
                                              "pragma wal_checkpoint(truncate)", "vacuum")
        app.exec("insert into t values (1)")
        self.assertGreater(os.path.getsize(self.path("app.db-wal")), 64 << 20)
        said = self.inspect()
        self.assertEqual(said.states, {"wal_live"})
        self.assertIn("wal_file_size", said.subjects())
        self.assertIn("TRUNCATE", said.text("wal_file_size"))
        self.assertLess(said.fields["wal_frames"] - said.fields["wal_backfilled_frames"], 1000)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""A reported situation of an encrypted database: a reader pins its WAL, as it does any other."""

import os
import subprocess
import sys
import unittest

import cases
import support

MODULES = os.path.join(support.SOURCE_DIR, "build-ports", "python", "sqlcipher3-0.6.4")
DRIVER = os.path.join(support.SOURCE_DIR, "tests", "ports", "drivers", "python_driver.py")
HAS_SQLCIPHER = os.path.isdir(MODULES)


class Application(support.Application):
    """SQLCipher, with the key given."""

    def __init__(self, path):  # pylint: disable=super-init-not-called
        self.process = subprocess.Popen([sys.executable, DRIVER, "sqlcipher3"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
                                        env={**os.environ, "PYTHONPATH": MODULES})
        self.ask("open " + path)
        self.ask("query pragma key='example'")


@unittest.skipUnless(HAS_SQLCIPHER, "sqlcipher3 is not installed: tests/ports/install.py has it")
class EncryptedTest(cases.TestCase):
    def encrypted(self):
        app = Application(self.path("app.db"))
        self.addCleanup(lambda: app.process.poll() is None and app.stop())
        return app

    def test_a_reader_pins_it(self):
        writer = self.encrypted()
        writer.ask("query pragma journal_mode=wal")
        writer.ask("query pragma wal_autocheckpoint=0")
        writer.exec("create table t(x)", cases.MANY.format(20, 100))
        reader = self.encrypted()
        reader.ask("step select rowid from t")
        for _ in range(12):
            writer.exec(cases.MANY.format(1000, 3000))
        said = self.inspect()
        self.assertEqual((said.code, said.states), (1, {"encrypted", "wal_live"}), said.fields)
        self.assertGreater(said.fields["wal_pinned_frames"], 10_000)
        self.assertEqual([held["pid"] for held in said.fields["readers"]], [reader.process.pid])
        self.assertLessEqual({"reader", "wal_backlog"}, said.subjects("attention"))
        # What was just told can be told.
        self.assertNotRegex(said.text("encrypted"), r"(?i)backlog and readers cannot")

    def test_a_killed_writer_is_told(self):
        app = self.encrypted()
        app.ask("query pragma journal_mode=wal")
        app.exec("create table t(x)", cases.MANY.format(20, 100))
        app.kill()
        said = self.inspect()
        self.assertEqual((said.code, said.states), (1, {"encrypted", "wal_unrecovered"}),
                         said.fields)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

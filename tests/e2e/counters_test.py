"""What is counted and told when files are written to by something else than SQLite."""

import os
import shutil
import sqlite3
import struct
import sys
import unittest

import support

TRANSACTIONS = "sqlite_transactions_total"
UNSEEN = "sqlite_database_unseen_epochs_total"


def set_field(path, offset, number):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(struct.pack(">I", number))


class CountersTest(support.TestCase):
    def await_value(self, exporter, family, number):
        exporter.await_sample(f'{family}{{database="app"}} {number}')

    def far_ahead(self, commits):
        """Another database, by as many commits ahead."""
        other = self.path("other.db")
        app = self.application("other.db")
        app.exec("create table t(x)", "insert into t values (1)")
        app.stop()
        for field in (24, 92):  # the change counter, and version-valid-for
            set_field(other, field, commits)
        return other

    def test_a_database_copied_over_another_one_counts_nothing_and_is_said(self):
        app = self.application("app.db")
        app.exec("create table t(x)")
        exporter = self.exporter(self.path("app.db"))
        self.await_value(exporter, TRANSACTIONS, 0)
        app.exec("insert into t values (1)")
        self.await_value(exporter, TRANSACTIONS, 1)
        shutil.copyfile(self.far_ahead(2_999_991), self.path("app.db"))
        self.await_value(exporter, UNSEEN, 1)
        self.assertEqual(support.value(exporter.metrics(), TRANSACTIONS), 1)
        app.exec("insert into t values (1)")
        self.await_value(exporter, TRANSACTIONS, 2)
        self.await_value(exporter, UNSEEN, 1)

    def test_a_restore_with_wal_and_shm_counts_nothing_and_is_said(self):
        other = self.application("other.db")
        other.exec("pragma journal_mode=wal", "pragma wal_autocheckpoint=0", "create table t(x)")
        for _ in range(200):
            other.exec("insert into t values (1)")
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        app.stop()
        exporter = self.exporter(self.path("app.db"))
        self.await_value(exporter, TRANSACTIONS, 0)
        for suffix in ("", "-wal", "-shm"):
            shutil.copyfile(self.path("other.db" + suffix), self.path("app.db" + suffix))
        self.await_value(exporter, UNSEEN, 1)
        self.assertEqual(support.value(exporter.metrics(), TRANSACTIONS), 0)
        app = self.application("app.db")
        app.exec("insert into t values (1)")
        self.await_value(exporter, TRANSACTIONS, 1)
        self.await_value(exporter, UNSEEN, 1)

    def test_page_counts_that_the_file_contradicts_are_left_out(self):
        path = self.path("app.db")
        with sqlite3.connect(path) as database:
            database.execute("create table t(x)")
        database.close()
        exporter = self.exporter(path)
        self.await_value(exporter, "sqlite_database_pages", 2)
        set_field(path, 28, 0x7fffffff)
        set_field(path, 36, 0xffffffff)
        exporter.await_sample('sqlite_database_state{database="app",state="truncated"} 1')
        page = exporter.metrics()
        self.assertNotIn("\nsqlite_database_pages{", page)
        self.assertNotIn("\nsqlite_database_freelist_pages{", page)
        self.assertEqual(support.value(page, "sqlite_database_file_size_bytes"),
                         os.path.getsize(path))


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

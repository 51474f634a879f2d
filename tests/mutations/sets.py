"""Databases that are to be attacked: live, crashed, interrupted, and such as only look like one.

Each comes with the application that keeps it so.
"""

import os
import random
import select
import subprocess

import support

SUFFIXES = ("", "-wal", "-shm", "-journal")
ROWS = "insert into t select randomblob(200) from (values (1),(2),(3),(4),(5),(6),(7),(8))"


class Application(support.Application):
    """One whose files are taken away from under it: it may die of that, or fail to answer."""

    def __init__(self, path):  # pylint: disable=super-init-not-called
        self.process = subprocess.Popen(
            [support.SQLITE_APP], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, bufsize=1, errors="surrogateescape")
        self.ask("open " + path)

    def try_exec(self, sql):
        """Whatever comes of it."""
        try:
            self.process.stdin.write("exec " + sql + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], 5)[0]:
                self.process.kill()
            self.process.stdout.readline()
        except OSError:
            pass

    def end(self):
        self.process.kill()
        try:
            self.stop()
        except OSError:  # what it was asked last is still in the pipe
            self.process.wait(support.PATIENCE)


class Set:
    """One database and its applications."""

    def __init__(self, name, build):
        self.name = name
        self.build = build
        self.path = None
        self.applications = []

    def make(self, folder):
        self.end()
        self.path = os.path.join(folder, self.name)
        for suffix in SUFFIXES:
            if os.path.exists(self.path + suffix):
                os.remove(self.path + suffix)
        self.build(self)

    def application(self):
        self.applications.append(Application(self.path))
        return self.applications[-1]

    def files(self):
        return [self.path + suffix for suffix in SUFFIXES if os.path.exists(self.path + suffix)]

    def end(self):
        for application in self.applications:
            application.end()
        self.applications = []


def live_wal(page_size, reader):
    def build(one):
        writer = one.application()
        writer.exec(f"pragma page_size={page_size}", "pragma journal_mode=wal",
                    "pragma wal_autocheckpoint=0", "create table t(x)", ROWS,
                    "pragma wal_checkpoint", ROWS)
        if reader:
            one.application().ask("step select * from t")
        writer.exec(ROWS, ROWS)
    return build


def crashed_wal(one):
    one.application().exec("pragma journal_mode=wal", "create table t(x)", ROWS, ROWS)
    one.end()


def hot_journal(one):
    app = one.application()
    app.exec("pragma cache_size=1", "create table t(x)", ROWS, "begin",
             "update t set x = randomblob(3000)", ROWS)
    one.end()


def rollback(pragmas):
    def build(one):
        app = one.application()
        app.exec(*pragmas, "create table t(x)", ROWS, ROWS, "delete from t where rowid % 2", ROWS)
    return build


def noise(one):
    with open(one.path, "wb") as file:
        file.write(random.Random(one.name).randbytes(8 * 4096))


def all_sets():
    sets = [Set(f"wal_{size}{'_reader' * reader}.db", live_wal(size, reader))
            for size in (512, 1024, 4096, 16384, 65536) for reader in (False, True)]
    return sets + [
        Set("crashed.db", crashed_wal), Set("hot.db", hot_journal),
        Set("persist.db", rollback(["pragma journal_mode=persist"])),
        Set("auto_vacuum.db", rollback(["pragma auto_vacuum=full"])),
        Set("incremental.db", rollback(["pragma auto_vacuum=incremental"])),
        Set("encrypted.db", noise)]

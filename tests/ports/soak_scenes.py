"""Scenes that are held under load, each with the states that may be told of it."""

import dataclasses
import os
import sys
import threading

import application
import catalogue
import support
from states import alternatives

INSERT = "insert into t(b) values(randomblob(500))"
UPDATE = "update t set b = randomblob(2000) where a = 3"
LOAD = "load 200 0 begin immediate|insert into t(b) values(randomblob(500))|commit"


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    begin: object  # a function of Stage; what it returns is done again and again
    states: str  # alternatives; the first that is seen is kept to the end
    before: str = ""  # what may be told until then
    alternates: bool = False  # all of them, in any order
    package: str = ""  # what it cannot be without


class Stage:
    """Where a scene plays: its file, and applications that end with it."""

    def __init__(self, folder, build, stack):
        self.path = os.path.join(folder, "app.db")
        self.build = build
        self.stack = stack
        self.ready = threading.Event()  # the exporter is there

    def debian(self, *statements):
        app = support.Application(self.path)
        self.stack.callback(lambda: app.process.poll() is None and app.kill())
        return app.exec(*statements)

    def python(self, package, module, *statements, target="{path}", options="{}"):
        folder = os.path.join(self.build, "python", package.replace("==", "-"))
        app = application.Application(
            [sys.executable, os.path.join(catalogue.DRIVERS, "python_driver.py"), module, options],
            {"PYTHONPATH": folder})
        self.stack.callback(lambda: app.process.poll() is None and app.end(kill=True))
        app.ask("open " + target.replace("{path}", self.path))
        app.run(*statements)
        return app


def steps(app, sql=INSERT, times=20):
    def step():
        for _ in range(times):
            app.run(sql)

    return step


def wal_under_load(stage):
    writer = stage.debian(*catalogue.CREATE_WAL)
    writer.ask(LOAD)
    other = stage.debian("pragma busy_timeout=10000")
    turns = ["truncate", "passive", "restart", "full"]

    def step():
        turns.append(turns.pop(0))
        other.query(f"pragma wal_checkpoint({turns[0]})")

    return step


def exclusive(*create):
    def begin(stage):
        app = stage.debian("pragma locking_mode=exclusive", *create)
        app.exec(INSERT)
        app.ask(LOAD)
        return None

    return begin


def readers_in_turn(stage):
    writer = stage.debian(*catalogue.CREATE_WAL, INSERT, INSERT, INSERT)
    readers = [stage.debian(), stage.debian()]
    readers[1].ask("step select a from t")

    def step():
        for _ in range(20):
            writer.exec(UPDATE)
        readers.reverse()
        readers[1].ask("step select a from t")
        readers[0].ask("finish")

    return step


def open_write_close(*create):
    def begin(stage):
        stage.debian(*create).close()
        app = stage.debian()
        app.close()

        def step():
            app.ask("open " + stage.path)
            app.exec("pragma busy_timeout=5000", INSERT)
            app.close()

        return step

    return begin


def deleted_wal(stage):
    app = stage.debian(*catalogue.CREATE_WAL, "pragma wal_autocheckpoint=0", INSERT)
    gone = []

    def step():
        if stage.ready.is_set() and not gone:
            os.remove(stage.path + "-wal")
            gone.append(True)
        app.exec(INSERT)

    return step


def turso_twice(stage):
    app = stage.python(catalogue.TURSO, "turso", *catalogue.CREATE_WAL)
    app.ask("use 1")
    app.ask("open " + stage.path)
    app.ask("use 0")
    return steps(app)


def dotfile(*create):
    def begin(stage):
        app = stage.python("apsw==" + catalogue.NEWEST, "apsw", *create,
                           target="file:{path}?vfs=unix-dotfile")
        return steps(app)

    return begin


def two_libraries(stage):
    """The second library's close takes the first one's locks, its -wal and its -shm away."""
    app = stage.python("apsw==" + catalogue.NEWEST, "apsw", *catalogue.CREATE_WAL, INSERT)
    gone = []

    def step():
        if stage.ready.is_set() and not gone:
            app.ask("other " + stage.path)
            gone.append(True)
        app.run(INSERT)

    return step


def encrypted(stage):
    app = stage.python("sqlcipher3==0.6.4", "sqlcipher3", *catalogue.KEY, *catalogue.CREATE_WAL)
    return steps(app)


SCENES = [
    Scene("WAL under full load, with checkpoints of every kind", wal_under_load, "wal_live"),
    Scene("WAL, locking_mode=EXCLUSIVE, under full load", exclusive(*catalogue.CREATE_WAL),
          "wal_exclusive"),
    Scene("rollback, locking_mode=EXCLUSIVE, under full load", exclusive(*catalogue.CREATE),
          "rollback_exclusive", before="rollback_active"),
    Scene("readers in turn", readers_in_turn, "wal_live"),
    Scene("open, write, close in WAL mode", open_write_close(*catalogue.CREATE_WAL),
          "wal_live wal_clean", alternates=True),
    Scene("open, write, close in rollback mode", open_write_close(*catalogue.CREATE),
          "rollback_idle rollback_active", alternates=True),
    Scene("the -wal is deleted under a writer", deleted_wal, "wal_lost+wal_live wal_lost",
          before="wal_live"),
    Scene("Turso with two connections", turso_twice,
          "wal_exclusive locks_cancelled locks_unobservable", package=catalogue.TURSO),
    Scene("unix-dotfile, WAL, EXCLUSIVE", dotfile("pragma locking_mode=exclusive",
                                                  *catalogue.CREATE_WAL),
          "wal_exclusive locks_unobservable", package="apsw==" + catalogue.NEWEST),
    Scene("unix-dotfile, rollback", dotfile(*catalogue.CREATE),
          "rollback_idle rollback_active locks_unobservable", alternates=True,
          package="apsw==" + catalogue.NEWEST),
    Scene("two SQLite libraries in one process", two_libraries,
          "orphaned wal_lost orphaned+wal_live orphaned+wal_clean orphaned+wal_lost",
          before="wal_live",
          package="apsw==" + catalogue.NEWEST),
    Scene("SQLCipher under load", encrypted, "encrypted+wal_live", package="sqlcipher3==0.6.4"),
]


def allowed(scene):
    return alternatives(scene.states), alternatives(scene.before)

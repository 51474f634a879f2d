"""An application of a Python module that brings a SQLite of its own: `python_driver.py MODULE`.

One command a line on standard input, one answer a line, as tests/support/sqlite_app.cpp does; and
`use N` for another connection of this process, and `other PATH`, which has the sqlite3 module of
Python open, read and close a database: a second SQLite library in this process.
"""

import importlib
import json
import sqlite3
import sys


class DbApi:
    """sqlite3, sqlcipher3, libsql, turso: what PEP 249 has in common."""

    def __init__(self, module, options):
        self.module = module
        self.options = {"isolation_level": None, **options}

    def open(self, target):
        return self.module.connect(target, **self.options)

    def run(self, connection, sql):
        """A cursor that stands before its first row."""
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor

    @staticmethod
    def row(cursor):
        return cursor.fetchone() if cursor.description else None

    @staticmethod
    def drain(cursor):
        if cursor.description:
            cursor.fetchall()


class Apsw:
    """apsw, apsw-sqlite3mc: SQLite's own interface."""

    def __init__(self, module, options):
        self.module = module
        self.flags = (module.SQLITE_OPEN_READWRITE | module.SQLITE_OPEN_CREATE |
                      module.SQLITE_OPEN_URI)
        self.options = options

    def open(self, target):
        return self.module.Connection(target, flags=self.flags, **self.options)

    @staticmethod
    def run(connection, sql):
        return connection.cursor().execute(sql)

    @staticmethod
    def row(cursor):
        return next(cursor, None)

    @staticmethod
    def drain(cursor):
        for _ in cursor:
            pass


class Application:
    def __init__(self, library):
        self.library = library
        self.current = "0"
        self.connections = {}
        self.kept = {}

    def answer(self, line):
        command, _, rest = line.partition(" ")
        return getattr(self, "do_" + command)(rest)

    def do_use(self, name):
        self.current = name

    def do_open(self, target):
        self.connections[self.current] = self.library.open(target)

    def do_exec(self, sql):
        self.library.drain(self.library.run(self.connections[self.current], sql))

    def do_query(self, sql):
        cursor = self.library.run(self.connections[self.current], sql)
        row = self.library.row(cursor)
        self.library.drain(cursor)
        return row

    def do_step(self, sql):
        cursor = self.library.run(self.connections[self.current], sql)
        row = self.library.row(cursor)
        self.kept[self.current] = cursor
        return row

    def do_finish(self, _):
        self.library.drain(self.kept.pop(self.current))

    @staticmethod
    def do_other(path):
        other = sqlite3.connect(path)
        other.execute("select count(*) from sqlite_schema").fetchall()
        other.close()

    def do_close(self, _):
        self.kept.pop(self.current, None)
        self.connections.pop(self.current).close()


def main():
    name = sys.argv[1]
    options = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    module = importlib.import_module(name)
    application = Application((Apsw if name == "apsw" else DbApi)(module, options))
    for line in sys.stdin:
        try:
            row = application.answer(line.rstrip("\n"))
            said = "ok" if row is None else "ok " + "|".join(str(value) for value in row)
        except Exception as error:  # pylint: disable=broad-except
            said = f"error {type(error).__name__}: {error}"
        print(said.replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()

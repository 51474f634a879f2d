"""Writes docs/implementations.md: a table of builds and ports, and one of applications."""

import re

from judgement import COLUMNS

TEXT = """# Builds and ports of SQLite

`./dev ports` wrote this page: it installs each of these, has it go through the same moments in a
process of its own, and compares what the exporter says at each with what the application or
SQLite itself says. {ports} rows on {date}, with {program} on Linux {kernel}.

The moments: open and idle, 25 commits, a read transaction with 20 commits behind it, a write
transaction, a checkpoint (PASSIVE, then TRUNCATE), closed with the process alive, killed inside a
write transaction, and recovered. `inspect` is asked at each of them, too.

- **right**, or the state in question: told so at each moment where it can be asked.
- **not told**: absent. Nothing is said of what is not known.
- **exact**: of 25 commits 25 were counted; **lower bound**: fewer, and some.
- **wrong**: something was said that is not so. There should be none.
- **-**: there is nothing to ask, or the port does not tell the truth itself.

"Frames" are those in the WAL, those that are in the database already and those that readers pin;
"culprit" is the process that holds the read mark or the write lock. What a build cannot have seen
of it from outside is in the last column.

## Builds and ports

{table}

## Applications

Each ran as its users start it; the databases are those that it had open, found by
`[discovery] processes`.

{applications}

## Which SQLite a process runs

`sqlite_engine_known_bug` and `inspect` judge the WAL-reset bug by the SQLite that the holders have
mapped, where its version can be read for certain: by the symbol `sqlite3_version`, which a shared
library exports and a program that is not stripped keeps. Packages as tried on 2026-11-28:

| build | its version is |
|---|---|
| Debian's libsqlite3, and what links it (Python's `sqlite3`) | read (`.dynsym`) |
| sqlcipher3 0.6.4 | read (`.dynsym`) |
| apsw 3.40.0 to 3.54.1, apsw-sqlite3mc 3.54.0, libsql 0.1.11 | read, though hidden (`.symtab`) |
| pyturso 0.8.3 | not read, and nothing is said of what it wrote |
| a stripped program with SQLite in it | not read |
| a process with two of them, of which one has the bug | not judged by them |
| a process of another user, without CAP_SYS_PTRACE | not read |
| a library that an update has replaced | read, with CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN |

Where it is not read for all processes, and none is known to have the bug, the version decides that
wrote page 1 last.
"""
HEAD = ("build or port", "package, engine") + COLUMNS + ("what cannot be seen",)
APPLICATION_HEAD = ("application", "version", "databases open", "found", "states", "transactions",
                    "after kill -9")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def line_of(row):
    engine = f"{row.package}, SQLite {row.engine}" if row.engine else row.package
    return [row.name, engine.replace("==", " "), *row.cells()]


def render(rows, applications, **facts):
    return TEXT.format(ports=len(rows), table=table(HEAD, map(line_of, rows)),
                       applications=table(APPLICATION_HEAD, applications), **facts)


def cells_in(text):
    """name -> the cells of the committed page that do not depend on a version."""
    found = {}
    for line in text.splitlines():
        cells = re.split(r" \| ", line.strip("| "))
        if line.startswith("| ") and len(cells) == len(HEAD):
            found[cells[0]] = cells[2:]
    return found

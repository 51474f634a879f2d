"""Real applications, run as their users start them, and what is said of their databases."""

import collections
import contextlib
import dataclasses
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import support

# What may be said of a database that a process has open, and of what a killed one leaves behind.
ACCUSING = {"wal_unrecovered", "hot_journal", "corrupt_header", "truncated", "not_a_database",
            "orphaned", "locks_cancelled", "locks_inconsistent", "wal_lost", "wal_mismatched",
            "overwritten", "locks_unobservable"}
LIVE = {"wal_live", "wal_exclusive", "rollback_active", "rollback_exclusive"}
LEFTOVERS = {"wal_unrecovered", "hot_journal"}
LOOKS = 6  # until each database has a state, and none that is wrong
SETTLED = 5  # looks in a row that find the same databases open, half a second apart
RECORDS = 25
DATABASE = {"litestream": "app.db", "pocketbase": "data.db"}  # that the work is done in


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    source: str
    package: str
    binary: str  # below build/go/bin, or on the path
    arguments: tuple
    work: str = ""  # how to commit RECORDS times; without it that is not asked

    def path(self, build):
        if self.source == "go":
            return os.path.join(build, "go", "bin", self.binary)
        return shutil.which(self.binary) or ""

    def is_installed(self, build):
        return os.path.exists(self.path(build))


PROGRAMS = [
    Program("Chromium, headless", "debian", "chromium", "chromium",
            ("--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir={folder}",
             "data:text/html,<p>hello")),
    Program("Firefox, headless", "debian", "firefox-esr", "firefox-esr",
            ("--headless", "--no-remote", "--profile", "{folder}")),
    Program("PocketBase", "go", "github.com/pocketbase/pocketbase@v0.36.8", "base",
            ("serve", "--dir={folder}", "--http=127.0.0.1:{port}"), work="pocketbase"),
    Program("kine", "go", "github.com/k3s-io/kine@v0.17.5", "kine",
            ("--endpoint=sqlite://{folder}/state.db?_journal=WAL&cache=shared",
             "--listen-address=127.0.0.1:{port}",
             "--metrics-bind-address=0")),
    Program("Litestream", "go", "github.com/benbjohnson/litestream/cmd/litestream@v0.5.17",
            "litestream", ("replicate", "{folder}/app.db", "file://{folder}/replica"),
            work="litestream"),
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_database(path):
    try:
        with open(path, "rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def open_databases(folder):
    """Which databases below a folder any process has open, by its descriptors."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    link = os.readlink(f"/proc/{pid}/fd/{descriptor}")
                    if link.startswith(folder + "/") and is_database(link):
                        found.add(link)
    return found


def await_settled(folder):
    last, same = None, 0

    def settled():
        nonlocal last, same
        now = open_databases(folder)
        same = same + 1 if now and now == last else 0
        last = now
        if same < SETTLED:
            support.select.select([], [], [], 0.5)
        return same >= SETTLED

    support.await_that(settled, "the application to open its databases", patience=180)
    return last


def states_by_path(page, names):
    """path -> its states; `names` are the labels that the databases have."""
    states = collections.defaultdict(set)
    for database, state in re.findall(
            r'^sqlite_database_state{database="((?:[^"\\]|\\.)*)",state="(\w+)"} 1$', page,
            re.MULTILINE):
        states[database].add(state)
    return {path: states[name] for path, name in names.items()}


def settled_states(exporter, names, wrong):
    for _ in range(LOOKS):
        states = states_by_path(exporter.metrics(), names)
        if all(one and not one & wrong for one in states.values()):
            break
    return states


def named(paths):
    return {path: f"d{number}" for number, path in enumerate(sorted(paths))}


def config_for(names, folder):
    path = os.path.join(folder, "exporter.toml")
    with open(path, "w", encoding="utf-8") as file:
        for database, name in names.items():
            file.write(f'[[database]]\npath = {json.dumps(database)}\nname = "{name}"\n')
    return path


def is_watched(path, page):
    """Without a configured name it is called by its path, whole or without its extension."""
    names = "|".join(re.escape(name.lstrip("/")) for name in (path, os.path.splitext(path)[0]))
    return re.search(rf'^sqlite_up{{database="/?({names})"', page, re.MULTILINE)


def counted(states, wrong):
    """`wal_live` 2, `rollback_idle` 3; and what is wrong among them."""
    tally = collections.Counter("+".join(sorted(one)) or "none" for one in states.values())
    text = ", ".join(f"`{state}` {count}" for state, count in sorted(tally.items()))
    faults = {state for one in states.values() for state in one & wrong}
    return (f"**wrong** ({', '.join(sorted(faults))}): " if faults else "") + text


def ask(port, path, body, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.PATIENCE)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), {**headers, "Authorization": token} if token
                       else headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    if answer.status >= 300:
        raise AssertionError(f"{path}: {said}")
    return said


class Run:
    """One program in a folder of its own."""

    def __init__(self, program, build, stack):
        self.program = program
        self.binary = program.path(build)
        self.folder = os.path.realpath(
            stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.port = free_port()
        self.writer = None
        if program.work == "litestream":
            self.writer = support.Application(os.path.join(self.data, "app.db"))
            stack.callback(self.writer.stop)
            self.writer.exec("pragma journal_mode=wal", "create table t(x)")
        if program.work == "pocketbase":
            subprocess.run([self.binary, "superuser", "upsert", "a@example.com", "1234567890",
                            "--dir=" + self.data], check=True, capture_output=True)
        self.process = subprocess.Popen(
            [self.binary, *(argument.format(folder=self.data, port=self.port)
                            for argument in program.arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder}, start_new_session=True)
        stack.callback(self.kill)

    def kill(self):
        """The whole session that it began."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def commit(self, count):
        """Commits RECORDS times; how many of them `count` has counted."""
        if self.program.work == "litestream":
            before = count()
            for _ in range(RECORDS):
                self.writer.exec("insert into t values (1)")
            return await_quiet(count) - before
        token = ask(self.port, "/api/collections/_superusers/auth-with-password",
                    {"identity": "a@example.com", "password": "1234567890"})["token"]
        ask(self.port, "/api/collections", {"name": "things", "type": "base", "fields": [
            {"name": "x", "type": "text"}]}, token)
        before = await_quiet(count)  # what it does of itself after a new collection
        for number in range(RECORDS):
            ask(self.port, "/api/collections/things/records", {"x": str(number)}, token)
        return await_quiet(count) - before


def await_quiet(count):
    """The count once it stands still: of what is quiet a sample may be a second old."""
    last, same = count(), 0
    while same < SETTLED:
        now = count()
        last, same = now, same + 1 if now == last else 0
    return last


def row_of(program, build, reasons):
    if not program.is_installed(build):
        reason = reasons.get(program.package, "it is not installed")
        return [program.name, program.package, "not run: " + reason, "-", "-", "-", "-"]
    with contextlib.ExitStack() as stack:
        return row_of_run(Run(program, build, stack), stack)


def version_of(program):
    if program.source == "go":
        return program.package.split("@")[1].removeprefix("v")
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", program.package],
                          capture_output=True, text=True, check=False)
    return done.stdout or "?"


def transactions(page, name):
    found = re.search(rf'^sqlite_transactions_total{{database="{name}"}} (\S+)$', page,
                      re.MULTILINE)
    return float(found.group(1)) if found else None


def row_of_run(run, stack):
    paths = await_settled(run.data)
    names = named(paths)
    exporter = support.Exporter("--config.file=" + config_for(names, run.folder))
    stack.callback(exporter.end)
    exporter.drain_log()
    exporter.ready()
    states = settled_states(exporter, names, ACCUSING)
    with open(os.path.join(run.folder, "found.toml"), "w", encoding="utf-8") as file:
        file.write("[discovery]\nprocesses = true\n[poll]\nmax_databases = 100000\n")
    _, page, _ = support.run("--once", "--config.file=" + file.name)
    found = [path for path in paths if is_watched(path, page)]
    count = "-"
    if run.program.work:
        name = names[os.path.join(run.data, DATABASE[run.program.work])]
        count = run.commit(lambda: transactions(exporter.metrics(), name))
        count = "exact" if count == RECORDS else f"{count:g} of {RECORDS}"
    run.kill()
    gone = ACCUSING - LEFTOVERS | (LIVE if run.writer is None else set())
    dead = settled_states(exporter, names, gone)
    return [run.program.name, version_of(run.program), str(len(paths)),
            f"{len(found)} of {len(paths)}", counted(states, ACCUSING), count,
            counted(dead, gone)]

"""A port of SQLite through its moments, while the exporter looks on and is judged."""

import contextlib
import json
import os
import re
import tempfile

import application
import support
from judgement import RIGHT, Row, compare, compare_count, compare_states, worst, wrong

LOOKS = 4  # before a verdict that is not right is believed: some take two looks that agree
ALIKE = 3  # so many looks in a row with the same verdicts end that
AFTER_A_CRASH = 15  # nobody is called dead before it was asked who else may be there
INSERT = "insert into t(b) values(randomblob(500))"
SPILL = ("insert into t(b) with recursive n(i) as (select 1 union all select i+1 from n "
         "where i<200) select randomblob(3000) from n")


def number(page, name):
    """The value of the only sample of this name, or None."""
    found = re.findall(rf"^{name}{{.*}} (\S+)$", page, re.MULTILINE)
    return float(found[0]) if len(found) == 1 else None


def states_of(page):
    return frozenset(re.findall(r'^sqlite_database_state{.*state="(\w+)"} 1$', page, re.MULTILINE))


def inspect(path):
    _, out, _ = support.run("inspect", "--format=json", path)
    return json.loads(out)[0]


class Scene:
    def __init__(self, port, build):
        self.port = port
        self.build = build
        self.row = Row(port.name, port.package, cannot=port.cannot)
        self.rows = 0  # in the table, as the application was told

    def run(self):
        try:
            with contextlib.ExitStack() as stack:
                self.stack = stack
                folder = stack.enter_context(
                    tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
                self.path = os.path.join(os.path.realpath(folder), "app.db")
                self._moments()
        except application.Refused as error:
            self.row.failure = str(error).replace(self.path, "app.db")[:200]
        return self.row

    # ---- applications

    def start(self, create=False):
        environment = {"PYTHONDONTWRITEBYTECODE": "1"}
        if self.port.environment:
            environment["PYTHONPATH"] = self.port.environment[0].replace("{build}", self.build)
        app = application.Application(
            [word.replace("{build}", self.build) for word in self.port.command], environment)
        self.stack.callback(lambda: app.process.poll() is None and app.end(kill=True))
        self.open(app)
        if create:
            app.run(*self.port.create)
        return app

    def open(self, app):
        app.ask("open " + self.port.target.replace("{path}", self.path))
        app.run(*self.port.setup)

    def commit(self, app, times):
        for _ in range(times):
            app.run(INSERT)
        self.rows += times

    @staticmethod
    def checkpoint(app, mode):
        """(frames, of which are in the database), or None where the port does not tell."""
        try:
            answer = app.ask(f"query pragma wal_checkpoint({mode})").split("|")
            return int(answer[1]), int(answer[2])
        except (application.Refused, ValueError, IndexError):
            return None

    # ---- looks

    def look(self, moment, check=None):
        """`check(page, said)` gives a verdict for each column that this moment is about."""
        right, silent = self.port.states.right(moment), self.port.states.silent(moment)
        history = []
        for _ in range(AFTER_A_CRASH if moment == "crashed" else LOOKS):
            page, said = self.exporter.metrics(), inspect(self.path)
            seen = states_of(page)
            verdicts = worst(check(page, said)) if check else {}
            verdicts["state"] = (compare_states(seen, right, silent)
                                 if number(page, "sqlite_up") else wrong("`sqlite_up` 0", "1"))
            # What looks twice and ends may say less than the daemon, but nothing else.
            short = compare_states(frozenset(said.get("states", ())), right, silent)
            if short.startswith("saw "):
                verdicts["state"] = "inspect: " + short if verdicts["state"] == RIGHT else (
                    verdicts["state"])
            history.append(verdicts.copy())
            if set(verdicts.values()) <= {RIGHT, None}:
                break
            if moment != "crashed" and history[-ALIKE:] == [verdicts] * ALIKE:
                break
        state = verdicts.pop("state").replace("inspect: saw", "saw")
        if moment == "crashed":
            self.row.leftover |= seen
            self.row.note("crash leftovers", moment, state)
        else:
            self.row.states |= seen if moment != "closed" else set()
            self.row.note("state", moment, state)
        for column, verdict in verdicts.items():
            self.row.note(column, moment, verdict)

    def check_open(self, page, _):
        mode = re.search(r'^sqlite_database_info{.*journal_mode="(\w*)"', page, re.MULTILINE)
        truth = self.port.journal_mode
        if mode is None or not mode.group(1):
            yield "journal mode", "not told"
        else:
            yield "journal mode", RIGHT if mode.group(1) == truth else wrong(mode.group(1), truth)

    @staticmethod
    def culprit_of(entries, pid):
        """Of readers or locks: whether this process is the one that is named."""
        if not entries:
            return "not told"
        pids = {entry.get("pid") for entry in entries}
        if pids == {pid}:
            return RIGHT
        return "not told" if pids <= {None} else wrong(f"pids {pids - {None}}", "the culprit")

    # ---- moments

    def _moments(self):
        app = self.start(create=True)
        self.row.engine = app.ask("query select sqlite_version()")
        self.commit(app, 1)
        if self.port.second:
            app.ask("use 1")
            self.open(app)
            app.ask("use 0")
        self.exporter = support.Exporter(self.path)
        self.stack.callback(self.exporter.end)
        self.exporter.drain_log()
        self.exporter.ready()
        self.look("open", self.check_open)
        self._commits(app)
        if self.port.reader != "nobody":
            self._read(app)
        self._write(app)
        if self.port.journal_mode == "wal":
            self._truncate(app)
        app.ask("close")
        if self.port.second:
            app.ask("use 1")
            app.ask("close")
        self.look("closed")
        app.end()
        self._crash()

    def _commits(self, app):
        before = number(self.exporter.metrics(), "sqlite_transactions_total")
        self.commit(app, 25)

        def check(page, said):
            after = number(page, "sqlite_transactions_total")
            known = after is not None and before is not None
            yield "transactions", compare_count(after - before if known else None, 25)
            yield from self.check_open(page, said)

        self.look("commits", check)

    def _read(self, app):
        wal = self.port.journal_mode == "wal"
        reader = app
        if self.port.reader == "process":
            reader = self.start()
        else:
            app.ask("use 1")
        reader.ask("step select a from t")
        if self.port.reader == "connection":
            app.ask("use 0")
        if wal:
            self.commit(app, 20)
        truth = self.checkpoint(app, "passive") if wal else None

        def check(page, said):
            readers = number(page, "sqlite_readers")
            yield "readers", compare(None if self.port.lockless and not readers else readers, 1)
            if wal:
                yield "frames", compare(number(page, "sqlite_wal_frames"), truth and truth[0])
                yield "readers", compare(number(page, "sqlite_wal_pinned_frames"),
                                         truth and truth[0] - truth[1])
                yield "culprit", self.culprit_of(said.get("readers"), reader.process.pid)
            else:
                yield "culprit", self.culprit_of(said.get("locks"), reader.process.pid)

        self.look("read", check)
        if self.port.reader == "connection":
            app.ask("use 1")
            app.ask("finish")
            app.ask("use 0")
            return
        reader.ask("finish")
        reader.ask("close")
        reader.end()

    def _write(self, app):
        wal = self.port.journal_mode == "wal"
        truth = self.checkpoint(app, "passive") if wal else None
        app.run("begin immediate", INSERT)

        def check(page, said):
            yield "culprit", self.culprit_of(
                [held for held in said.get("locks", ()) if held["lock"] in (
                    "write", "reserved", "exclusive")], app.process.pid)
            if truth:
                yield "frames", compare(number(page, "sqlite_wal_frames"), truth[0])

        self.look("write", check)
        app.run("rollback")

    def _truncate(self, app):
        truth = self.checkpoint(app, "truncate")

        def check(page, _):
            yield "frames", compare(number(page, "sqlite_wal_frames"), truth and truth[0])

        self.look("truncate", check)

    def _crash(self):
        app = self.start()
        self.commit(app, 5)
        app.run("begin immediate", *([INSERT] if self.port.journal_mode != "rollback" else
                                     [SPILL]))
        app.end(kill=True)
        self.look("crashed")
        if self.port.debris:
            os.rmdir(self.path + self.port.debris)
        app = self.start()
        rows = app.number("select count(*) from t")
        if rows != self.rows:
            raise AssertionError(f"{self.port.name}: {rows} rows are left of {self.rows}")
        # What is exclusive is so from the first write on.
        self.commit(app, 1)
        self.look("recovered")
        app.ask("close")
        app.end()

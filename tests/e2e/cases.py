"""What the tests of reported situations share: what `inspect` says, and what the daemon says."""

import contextlib
import json
import os
import re
import subprocess
import threading

import support

WAL = ("pragma journal_mode=wal", "create table t(x)")
MANY = ("insert into t with recursive n(i) as (select 1 union all select i+1 from n where i<{}) "
        "select randomblob({}) from n")


def states_of(page, database="app"):
    """The states that a page shows of a database."""
    return set(re.findall(rf'^sqlite_database_state{{database="{re.escape(database)}",'
                          r'state="(\w+)"} 1$', page, re.MULTILINE))


def risks_of(page):
    return set(re.findall(r'^sqlite_filesystem_risk{.*reason="(\w+)".*} 1$', page, re.MULTILINE))


class Said:
    """One object of `inspect --format=json`."""

    def __init__(self, code, fields):
        self.code = code
        self.fields = fields
        self.verdict = fields["verdict"]
        self.states = set(fields.get("states", ()))

    def subjects(self, *severities):
        return {advice["subject"] for advice in self.fields["advice"]
                if not severities or advice["severity"] in severities}

    def text(self, subject=None):
        """All that is meant and advised, in one line, of one subject or of all."""
        return " ".join(advice.get("meaning", "") + " " + advice.get("action", "")
                        for advice in self.fields["advice"]
                        if subject in (None, advice["subject"]))


class TestCase(support.TestCase):
    def inspect(self, name="app.db", path=None):
        code, out, err = support.run("inspect", "--format=json", path or self.path(name))
        self.assertEqual(err, "")
        (fields,) = json.loads(out)
        return Said(code, fields)

    def watch(self, accepted, name="app.db"):
        """The first report of `inspect --watch` that is accepted."""
        process = subprocess.Popen([support.EXPORTER, "inspect", "--watch", "--format=json",
                                    self.path(name)], stdout=subprocess.PIPE, text=True)
        alarm = threading.Timer(support.PATIENCE, process.kill)
        alarm.start()
        last = None
        try:
            for line in process.stdout:
                last = Said(None, json.loads(line)[0])
                if accepted(last):
                    return last
        finally:
            alarm.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
        raise AssertionError(f"--watch never said it: {last and last.fields}")

    def await_state(self, exporter, state, among=()):
        """It, and none but those that go with it."""
        seen = []

        def shown():
            status, _, page = exporter.get("/metrics")
            seen[:] = states_of(page) if status == 200 else [status]
            return page if set(seen) - set(among) == {state} else None

        try:
            return support.await_that(shown, "the state " + state, patience=20)
        except AssertionError as error:
            raise AssertionError(f"{error}, and saw {seen}") from None

    def page_of(self, name="app.db", *arguments):
        """What `--once` prints of a database."""
        code, out, err = support.run("--once", *arguments, self.path(name))
        self.assertEqual(code, 0, err)
        return out

    def crashed(self, *statements, name="app.db"):
        """An application that did this and was killed."""
        self.application(name).exec(*statements).kill()

    @contextlib.contextmanager
    def doing(self, step, pause=0.05):
        """Calls `step` again and again in the background."""
        ended = threading.Event()
        failures = []

        def work():
            try:
                while not ended.is_set():
                    step()
                    ended.wait(pause)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        self.assertEqual(failures, [])


def write_over(source, target):
    """As `cp source target` does: the same file has other bytes. The target is no file of ours."""
    with open(source, "rb") as file:
        content = file.read()
    with open(target, "r+b") as file:
        file.truncate(0)
        file.write(content)


def deleted_files_of(pid):
    """The links of a process's descriptors to files that are no longer there."""
    folder = f"/proc/{pid}/fd"
    links = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    return [link for link in links if link.endswith(" (deleted)")]

"""The SQL worker by itself, spoken with as the exporter does."""

import json
import os
import select
import subprocess

import support


class Worker:
    """`sqlite_exporter sql-worker`: a line in, a line out."""

    def __init__(self, test, user=None):
        self.process = subprocess.Popen([support.EXPORTER, "sql-worker"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, user=user)
        test.addCleanup(self.end)
        self.hello = json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()

    def begin(self, path, sql, values=("v",), labels=(), max_rows=100, timeout=10_000,
              **more):
        # A path's bytes are the first 256 characters.
        request = {"path": os.fsencode(path).decode("latin-1"), "sql": sql, "values": values,
                   "labels": labels, "max_rows": max_rows, "timeout": timeout, **more}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, patience=support.PATIENCE):
        """None if it says nothing for so long, or ends."""
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def ask(self, path, sql, **options):
        self.begin(path, sql, **options)
        return self.answer()

    def sync(self, path, layouts=(), max_pending=100, **options):
        """What its synchronisation tables say."""
        return self.ask(path, "", labels=("table", "peer", "state"),
                        values=("last_success", "pending", "capped"),
                        sync={"layouts": layouts, "max_pending": max_pending}, **options)

    def value(self, path, sql):
        """The one value of the one row."""
        answer = self.ask(path, sql)
        if "rows" not in answer:
            raise AssertionError(f"{sql}: {answer}")
        [[[], [value]]] = answer["rows"]
        return value

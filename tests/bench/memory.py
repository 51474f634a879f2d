#!/usr/bin/env python3
"""Resident memory and CPU time of the real exporter at 1, 100 and 500 attached databases."""

import os
import resource
import select
import sqlite3
import subprocess
import sys
import tempfile
import time

INTERVAL = 5  # seconds, the default
SNAPSHOTS = 10
AIM_KIB = 24 * 1024
# Names are of three digits, so that one folder serves all three sizes: size, and its pattern.
SIZES = ((1, "000.db"), (100, "0??.db"), (500, "???.db"))


def serve_databases(folder):
    """The application: keeps 500 databases open; a line on standard input writes to each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    for number in range(SIZES[-1][0]):
        connection = sqlite3.connect(os.path.join(folder, f"{number:03}.db"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        connections.append(connection)
    print("ready", flush=True)
    for _ in sys.stdin:
        for connection in connections:
            connection.execute("INSERT INTO t (v) VALUES (randomblob(100))")
        print("written", flush=True)


class Applications:
    """That application in a process of its own: locks belong to processes."""

    def __init__(self, folder):
        self.process = subprocess.Popen([sys.executable, __file__, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self._expect("ready")

    def _expect(self, word):
        answer = self.process.stdout.readline().strip()
        if answer != word:
            raise RuntimeError(f"the application answered {answer!r}, not {word!r}")

    def write(self):
        self.process.stdin.write("\n")
        self._expect("written")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def cpu_seconds(pid):
    """Of all threads of another process, to the nanosecond: clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


def memory(pid):
    """KiB by the words of proc(5)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {word: int(fields[word].split()[0]) for word in ("VmRSS", "VmHWM", "RssAnon")}


class Observed:
    """One exporter under measurement."""

    def __init__(self, exporter_class, folder, size, pattern):
        config = os.path.join(folder, f"{size}.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'[[database]]\npath = "{os.path.join(folder, pattern)}"\n')
        self.size = size
        self.exporter = exporter_class(f"--config.file={config}", interval=f"{INTERVAL}s").ready()
        self.pid = self.exporter.process.pid
        self.page = ""
        self.begin()

    def begin(self):
        self.begun = time.monotonic()
        self.cpu_before = cpu_seconds(self.pid)

    def scrape(self):
        exit_code = self.exporter.process.poll()
        if exit_code is not None:
            raise RuntimeError(f"the exporter of {self.size} databases ended with {exit_code}")
        status, _, self.page = self.exporter.get("/metrics")
        if status != 200:
            raise RuntimeError(f"a scrape at {self.size} databases was answered {status}")

    def row(self):
        attached = self.page.count('journal_mode="wal"')
        if attached != self.size:
            raise RuntimeError(f"{attached} of {self.size} databases are on the page")
        per_minute = 60 / (time.monotonic() - self.begun)
        cpu = (cpu_seconds(self.pid) - self.cpu_before) * per_minute
        return {"databases": self.size, **memory(self.pid), "cpu": cpu, "page": len(self.page)}


def measure(folder, exporter_class):
    observed = [Observed(exporter_class, folder, *size) for size in SIZES]
    try:
        applications = Applications(folder)
        try:
            # Databases that have just appeared belong to the start, not to the minute.
            select.select([], [], [], 2 * INTERVAL)
            for each in observed:
                each.begin()
            for _ in range(SNAPSHOTS * INTERVAL):
                applications.write()
                for each in observed:
                    each.scrape()
                select.select([], [], [], 1)
            return [each.row() for each in observed]
        finally:
            applications.stop()
    finally:
        for each in observed:
            each.exporter.end()


def print_table(rows):
    print(f"memory and CPU: {SNAPSHOTS} snapshots, a scrape and a commit per database each second")
    print(f"  {'databases':>9} {'VmRSS':>9} {'VmHWM':>9} {'RssAnon':>9} {'ratio':>6}"
          f" {'CPU s/min':>10} {'ratio':>6} {'page':>9}")
    for row in rows:
        print(f"  {row['databases']:9} {row['VmRSS']:5} KiB {row['VmHWM']:5} KiB"
              f" {row['RssAnon']:5} KiB {row['VmRSS'] / rows[0]['VmRSS']:6.2f}"
              f" {row['cpu']:10.2f} {row['cpu'] / rows[0]['cpu']:6.1f} {row['page']:9}")
    reached = rows[-1]["VmHWM"] < AIM_KIB
    print(f"  aim: under {AIM_KIB} KiB at {rows[-1]['databases']}: "
          + ("reached" if reached else "MISSED"))


def main():
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    from support import Exporter
    with tempfile.TemporaryDirectory() as folder:
        print_table(measure(os.path.realpath(folder), Exporter))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve_databases(sys.argv[1])
    else:
        main()

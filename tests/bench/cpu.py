#!/usr/bin/env python3
"""CPU time of the real exporter, thread by thread, at 1,000 databases: attached, busy, closed.

All rows but one are without a budget, that is at the full rate of samples.
"""

import argparse
import contextlib
import os
import re
import resource
import select
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

AIM = 2.0  # percent of one core
TICKS = os.sysconf("SC_CLK_TCK")
THREADS = ("sampler", "loop", "pool", "http")


class Writer(threading.Thread):
    """Commits to each of the busy databases at a rate, each at a phase of its own."""

    def __init__(self, connections, rate):
        super().__init__()
        self.connections = connections
        self.rate = rate
        self.ended = threading.Event()

    def run(self):
        begun = time.monotonic()
        turn = 0
        while self.connections:
            due = begun + turn / (self.rate * len(self.connections))
            if self.ended.wait(max(0.0, due - time.monotonic())):
                return
            connection = self.connections[turn % len(self.connections)]
            connection.execute("INSERT INTO t (v) VALUES (randomblob(100))")
            turn += 1


def serve_databases(folder, count, rate):
    """The application: keeps all open; a number on standard input is how many are busy from now."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    for number in range(count):
        connection = sqlite3.connect(os.path.join(folder, f"{number:04}.db"), isolation_level=None,
                                     check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        connections.append(connection)
    writer = Writer([], rate)
    writer.start()
    print("ready", flush=True)
    for line in sys.stdin:
        writer.ended.set()
        writer.join()
        writer = Writer(connections[:int(line)], rate)
        writer.start()
        print("ready", flush=True)
    writer.ended.set()
    writer.join()
    for connection in connections:
        connection.close()


class Applications:
    """That application in a process of its own: locks belong to processes."""

    def __init__(self, folder, count, rate):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", folder, f"--databases={count}", f"--rate={rate}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._await_ready()

    def _await_ready(self):
        answer = self.process.stdout.readline().strip()
        if answer != "ready":
            raise RuntimeError(f"the application answered {answer!r}")

    def keep_busy(self, count):
        self.process.stdin.write(f"{count}\n")
        self._await_ready()

    def close(self):
        """Closes every database; a second call does nothing."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()


def cpu_ticks(stat_path):
    """(comm, utime + stime) of a process or a thread: proc(5)."""
    with open(stat_path, encoding="ascii") as file:
        text = file.read()
    fields = text[text.rindex(")") + 2:].split()
    return text[text.index("(") + 1:text.rindex(")")], int(fields[11]) + int(fields[12])


def wakeups(task):
    with open(f"{task}/status", encoding="ascii") as file:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))


def kind_of(thread, comm, pid):
    if thread == pid:
        return "loop"
    if comm.startswith("civetweb"):
        return "http"
    return comm if comm in THREADS else "pool"


def own_value(page, name):
    return float(re.search(rf"^sqlite_exporter_{name} (\S+)", page, re.M).group(1))


class Reading:
    """What the exporter has used until now."""

    def __init__(self, exporter):
        pid = exporter.process.pid
        status, _, page = exporter.get("/metrics")
        if status != 200:
            raise RuntimeError(f"a scrape was answered {status}")
        self.time = time.monotonic()
        self.attached = page.count('state="wal_live"')
        self.closed = page.count('state="wal_clean"')
        self.samples = own_value(page, "sampler_looks_total")
        self.looks_cpu = own_value(page, "looks_cpu_seconds_total")
        self.slowdown = own_value(page, "sampler_slowdown")
        # Samples are counted when a snapshot is published; its time is theirs.
        self.published = own_value(page, "snapshot_timestamp_seconds")
        self.ticks = {"process": cpu_ticks(f"/proc/{pid}/stat")[1], **dict.fromkeys(THREADS, 0)}
        self.wakeups = 0
        for thread in os.listdir(f"/proc/{pid}/task"):
            task = f"/proc/{pid}/task/{thread}"
            comm, ticks = cpu_ticks(f"{task}/stat")
            kind = kind_of(int(thread), comm, pid)
            self.ticks[kind] += ticks
            if kind == "sampler":
                self.wakeups += wakeups(task)


def measure(name, exporter, seconds, expected):
    """One row of the table."""
    before = Reading(exporter)
    select.select([], [], [], seconds)
    after = Reading(exporter)
    if (after.attached, after.closed) != expected:
        raise RuntimeError(f"{name}: {after.attached} attached and {after.closed} closed")
    elapsed = after.time - before.time
    published = after.published - before.published
    row = {"name": name, "wakeups": (after.wakeups - before.wakeups) / elapsed,
           "samples": (after.samples - before.samples) / published,
           "looks": 100 * (after.looks_cpu - before.looks_cpu) / published,
           "slowdown": after.slowdown}
    for kind, ticks in after.ticks.items():
        row[kind] = 100 * (ticks - before.ticks[kind]) / TICKS / elapsed
    return row


def await_state(exporter, wanted):
    deadline = time.monotonic() + 120
    while exporter.get("/metrics")[2].count(f'state="{wanted[0]}"') != wanted[1]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {wanted}")
        select.select([], [], [], 0.5)


def await_settled(exporter):
    """Until the slowdown stays within a quarter for half a minute."""
    deadline = time.monotonic() + 300
    least = most = since = None
    while since is None or time.monotonic() - since < 30:
        slowdown = own_value(exporter.get("/metrics")[2], "sampler_slowdown")
        if since is None or max(most, slowdown) > 1.25 * min(least, slowdown):
            least = most = slowdown
            since = time.monotonic()
        least, most = min(least, slowdown), max(most, slowdown)
        if time.monotonic() > deadline:
            raise RuntimeError(f"the slowdown does not settle: {slowdown}")
        select.select([], [], [], 1)


def rows(folder, options, exporter_class):
    count, busy = options.databases, min(options.busy, options.databases)
    applications = Applications(folder, count, options.rate)

    @contextlib.contextmanager
    def watching(budget, wanted):
        config = os.path.join(folder, "cpu.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'[poll]\nmax_databases = {count}\ncpu_budget = "{budget}"\n'
                       f'[[database]]\npath = "{folder}/*.db"\n')
        exporter = exporter_class(f"--config.file={config}", interval=options.interval)
        exporter.drain_log()
        try:
            exporter.ready()
            await_state(exporter, (wanted, count))
            yield exporter
        finally:
            exporter.end()

    try:
        with watching("100%", "wal_live") as exporter:
            yield measure("attached", exporter, options.seconds, (count, 0))
            applications.keep_busy(busy)
            yield measure(f"{busy} of them busy", exporter, options.seconds, (count, 0))
        with watching(options.budget, "wal_live") as exporter:
            await_settled(exporter)
            yield measure(f"busy, budget {options.budget}", exporter, options.seconds, (count, 0))
        applications.close()
        with watching("100%", "wal_clean") as exporter:
            yield measure("closed", exporter, options.seconds, (0, count))
    finally:
        applications.close()


def print_table(table, options):
    print(f"CPU: {options.databases} databases, a look each {options.interval},"
          f" {options.rate:g} commits/s in a busy one, {options.seconds} s a row")
    print(f"  {'percent of a core':<18} {'process':>8} {'ratio':>6}"
          + "".join(f" {kind:>8}" for kind in THREADS)
          + f" {'looks':>8} {'slowdown':>8}"
          + f" {'s/min':>6} {'samples/s':>10} {'wake-ups/s':>11} {'us/sample':>10}  aim {AIM:g} %")
    for row in table:
        ratio = row["process"] / table[0]["process"]
        print(f"  {row['name']:<18} {row['process']:7.2f}% {ratio:6.2f}"
              + "".join(f" {row[kind]:7.2f}%" for kind in THREADS)
              + f" {row['looks']:7.2f}% {row['slowdown']:8.2f}"
              + f" {row['process'] * 0.6:6.2f} {row['samples']:10.0f} {row['wakeups']:11.0f}"
              + f" {row['sampler'] * 1e4 / row['samples']:10.2f}"
              + ("  reached" if row["process"] <= AIM else "  MISSED"))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10, help="commits a second in a busy one")
    parser.add_argument("--seconds", type=int, default=20, help="of each row")
    parser.add_argument("--interval", default="5s", help="of the exporter's full looks")
    parser.add_argument("--budget", default="1%", help="of the row with a budget")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse_options()
    if options.serve:
        serve_databases(options.serve, options.databases, options.rate)
        return
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    from support import Exporter
    with tempfile.TemporaryDirectory() as folder:
        print_table(list(rows(os.path.realpath(folder), options, Exporter)), options)


if __name__ == "__main__":
    main()

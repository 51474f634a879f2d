#!/usr/bin/env python3
"""Does watching disturb the writer? Its transactions alone, with the exporter, with a query of the
user's that the exporter's SQL worker runs each second, with a naive exporter that runs the same.

The configurations take turns within each round, in a rotated order, and are compared within it.
All the while another process holds 2,000 locks on another file, as a busy machine does.
"""

import argparse
import contextlib
import fcntl
import os
import select
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

LOCKS = 2000
ROWS = 100_000  # about 60 MB
RATES = (300, 0)  # transactions a second; 0: as many as it can
COLUMNS = ("tps", "p50", "p99", "p99.9", "max", "busy")


def hold_locks(path):
    """A process of its own: 2,000 ranges that the kernel cannot merge."""
    with open(path, "wb") as file:
        for number in range(LOCKS):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2 * number)
        print("ready", flush=True)
        sys.stdin.read()


def scrape_naively(path):
    """What exporters do that open the database: once a second count, checkpoint, close."""
    while True:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        with contextlib.suppress(sqlite3.OperationalError):  # busy
            connection.execute("SELECT count(*) FROM event").fetchone()
            connection.execute("PRAGMA page_count").fetchone()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.close()
        print("ready", flush=True)
        if select.select([sys.stdin], [], [], 1)[0]:
            return


class Child:
    """A process that answers "ready" and ends with its standard input."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1,
                                        stdout=subprocess.PIPE)
        if self.answer() != "ready":
            raise RuntimeError(f"{command} is not ready")

    def answer(self):
        return self.process.stdout.readline().strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Watching:
    """The real exporter, scraped once an interval, and once at the start."""

    def __init__(self, exporter_class, path, interval):
        self.interval = interval
        self.exporter = exporter_class(path, interval=f"{interval}s").ready()
        self.next_scrape = 0

    def work(self):
        if time.monotonic() < self.next_scrape:
            return
        self.next_scrape = time.monotonic() + self.interval
        if self.exporter.get("/metrics")[0] != 200:
            raise RuntimeError("a scrape failed")

    def end(self):
        self.exporter.end()


class Asking(Watching):
    """The exporter with a query that reads the whole table, each second."""

    QUERY = """
        [[query]]
        name = "events"
        databases = ["*"]
        interval = "1s"
        sql = "SELECT count(*) AS n FROM event"
        [[query.metric]]
        name = "bench_events"
        help = "Events."
        values = ["n"]
    """

    def __init__(self, exporter_class, path):
        config = path + ".toml"
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[[database]]\npath = '{path}'\n" + self.QUERY)
        super().__init__(exporter_class, "--config.file=" + config, 1)

    def end(self):
        page = self.exporter.get("/metrics")[2]
        super().end()
        if 'sqlite_query_success{database="events",query="events"} 1' not in page:
            raise RuntimeError("the query gave nothing")


class Naive(Child):
    """The naive exporter."""

    def __init__(self, path):
        super().__init__(sys.executable, __file__, "--naive", path)

    def work(self):
        """It works by itself."""


class Nobody:
    """Nobody watches."""

    def work(self):
        pass

    def end(self):
        pass


def slice_of(writer, observer, rate, seconds):
    """One row by the words of COLUMNS."""
    writer.ask(f"{rate} {seconds}")
    while not select.select([writer.process.stdout], [], [], 0.1)[0]:
        observer.work()
    numbers = [float(word) for word in writer.answer().split()]
    if len(numbers) != len(COLUMNS):
        raise RuntimeError("the writer failed")
    return dict(zip(COLUMNS, numbers))


def measure(folder, options, exporter_class):
    """Rows by configuration and rate, in the order of the rounds."""
    path = os.path.join(folder, "events.db")
    configurations = {
        "alone": Nobody,
        "alone again": Nobody,
        "exporter, 5s": lambda: Watching(exporter_class, path, 5),
        "exporter, 1s": lambda: Watching(exporter_class, path, 1),
        "query, 1s": lambda: Asking(exporter_class, path),
        "naive, 1s": lambda: Naive(path),
    }
    rows = {(name, rate): [] for name in configurations for rate in RATES}
    names = list(configurations)
    with contextlib.ExitStack() as stack:
        locks = Child(sys.executable, __file__, "--hold-locks", os.path.join(folder, "locks"))
        stack.callback(locks.end)
        writer = Child(os.environ["SQLITE_WRITER"], path, str(options.rows))
        stack.callback(writer.end)
        slice_of(writer, Nobody(), 0, 1)  # the first one warms up
        for turn in range(options.rounds):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                observer = configurations[name]()
                try:
                    for rate in RATES:
                        rows[name, rate].append(slice_of(writer, observer, rate, options.seconds))
                finally:
                    observer.end()
    return rows


def ratio_text(rows, alone, column):
    """Median and quartiles of the ratios within each round."""
    ratios = [row[column] / reference[column] for row, reference in zip(rows, alone)]
    low, middle, high = (statistics.quantiles(ratios, n=4, method="inclusive")
                         if len(ratios) > 1 else ratios * 3)
    return f"{middle:5.2f} ({low:4.2f}..{high:4.2f})"


def print_table(rows, options):
    print(f"writer: {options.rounds} rounds of {options.seconds:g} s, medians; microseconds a"
          " transaction; ratios to alone within a round, and their quartiles")
    for rate in RATES:
        print(f"  {f'{rate} transactions/s' if rate else 'as many as it can':<18}"
              f" {'tps':>7} {'ratio':>18} {'p50':>6} {'p99':>7} {'ratio':>18} {'p99.9':>8}"
              f" {'max of all':>11} {'busy':>5}")
        alone = rows["alone", rate]
        for (name, of_rate), each in rows.items():
            if of_rate != rate:
                continue
            middle = {column: statistics.median(row[column] for row in each)
                      for column in COLUMNS}
            print(f"  {name:<18} {middle['tps']:7.0f} {ratio_text(each, alone, 'tps'):>18}"
                  f" {middle['p50']:6.0f} {middle['p99']:7.0f}"
                  f" {ratio_text(each, alone, 'p99'):>18} {middle['p99.9']:8.0f}"
                  f" {max(row['max'] for row in each):11.0f}"
                  f" {sum(row['busy'] for row in each):5.0f}")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a slice")
    parser.add_argument("--rows", type=int, default=ROWS, help="in the table at the start")
    parser.add_argument("--directory", help="where the database lies, by default /var/tmp")
    parser.add_argument("--hold-locks", help=argparse.SUPPRESS)
    parser.add_argument("--naive", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse_options()
    if options.hold_locks:
        return hold_locks(options.hold_locks)
    if options.naive:
        return scrape_naively(options.naive)
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    from support import Exporter
    # /tmp is often in memory, where a checkpoint costs nothing.
    directory = options.directory or ("/var/tmp" if os.path.isdir("/var/tmp") else None)
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        print_table(measure(os.path.realpath(folder), options, Exporter), options)
    return None


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What do queries cost an application in rollback mode that has no busy_timeout? Its commits that
are refused, with queries and without, in turns within one run; and how many queries gave a result.

Sizes: one that the SQL worker can copy into its memory, and one that it cannot.
"""

import argparse
import os
import re
import select
import sqlite3
import subprocess
import sys
import tempfile

PAD = "p" * 500
SIZES = (("8 MB", 15_000), ("60 MB", 110_000))
PAUSES = (("every 6 ms", 0.005), ("every 0.5 s", 0.5))
# Reads all of the table, and takes longer than most statements of a monitor.
QUERY = "SELECT count(*) AS n FROM event WHERE pad LIKE '%q%' OR length(replace(pad, 'p', 'q')) > 9"


def write(path, pause):
    """Commits, with pauses, until its input ends; then says how many were done and refused."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    done = refused = 0
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], pause)[0]:
        try:
            connection.execute("INSERT INTO event (pad) VALUES (?)", (PAD,))
            done += 1
        except sqlite3.OperationalError:
            refused += 1
    print(done, refused, flush=True)


class Writer:
    def __init__(self, path, pause):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--write", path, "--pause", str(pause)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the writer is not ready")

    def end(self):
        """Commits done and refused."""
        self.process.stdin.close()
        numbers = self.process.stdout.read().split()
        self.process.stdout.close()
        self.process.wait()
        return [int(number) for number in numbers]


def create(path, rows):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, pad)")
    connection.executemany("INSERT INTO event (pad) VALUES (?)", ((PAD,) for _ in range(rows)))
    connection.commit()
    connection.close()
    with open(path + ".toml", "w", encoding="utf-8") as file:
        file.write(f"[[database]]\npath = '{path}'\n[sql]\nallow_rollback = true\n"
                   f"[[query]]\nname = 'events'\ndatabases = ['*']\ninterval = '1s'\n"
                   f"timeout = '900ms'\nsql = \"{QUERY}\"\n"
                   "[[query.metric]]\nname = 'bench_events'\nhelp = 'Events.'\nvalues = ['n']\n")


def observe(exporter_class, path, seconds):
    """For so long, at most one query a second; how many passes showed a result, of how many."""
    exporter = exporter_class("--config.file=" + path + ".toml", interval="1s").ready()
    shown = []
    for _ in range(seconds):
        select.select([], [], [], 1)
        page = exporter.get("/metrics")[2]
        shown += re.findall(r"^sqlite_query_success\{.*\} ([01])$", page, re.MULTILINE)
    exporter.end()
    return shown.count("1"), len(shown)


def measure(folder, options, exporter_class):
    print(f"rollback mode, no busy_timeout: {options.rounds} rounds of {options.seconds} s each")
    print(f"  {'database':<9}{'commits':<14}{'without: refused':>22}{'with: refused':>22}"
          f"{'results shown':>16}")
    for size, rows in SIZES:
        for rate, pause in PAUSES:
            path = os.path.join(folder, f"{rows}-{pause}.db")
            create(path, rows)
            totals = {False: [0, 0], True: [0, 0]}
            shown = [0, 0]
            for turn in range(2 * options.rounds):
                queries = (turn % 2 == 0) == (turn // 2 % 2 == 0)
                writer = Writer(path, pause)
                if queries:
                    found = observe(exporter_class, path, options.seconds)
                    shown = [a + b for a, b in zip(shown, found)]
                else:
                    select.select([], [], [], options.seconds)
                totals[queries] = [a + b for a, b in zip(totals[queries], writer.end())]
            texts = [f"{refused} of {done + refused} ({100 * refused / (done + refused):.1f} %)"
                     for done, refused in (totals[False], totals[True])]
            print(f"  {size:<9}{rate:<14}{texts[0]:>22}{texts[1]:>22}"
                  f"{f'{shown[0]} of {shown[1]}':>16}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of a slice")
    parser.add_argument("--directory", help="where the databases lie, by default /var/tmp")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--pause", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        return write(options.write, options.pause)
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    from support import Exporter
    # /tmp is often in memory, where a commit costs nothing.
    directory = options.directory or ("/var/tmp" if os.path.isdir("/var/tmp") else None)
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        measure(os.path.realpath(folder), options, Exporter)
    return None


if __name__ == "__main__":
    main()

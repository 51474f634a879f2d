#!/usr/bin/env python3
"""CPU time of this build against another one: both watch the same databases at the same time.

    SQLITE_EXPORTER=build/sqlite_exporter SQLITE_APP=build/sqlite_app SOURCE_DIR=. \\
        python3 tests/bench/against.py /path/to/the/other/sqlite_exporter

What else the machine does hits both alike, and the ratio stays.
"""

import argparse
import os
import select
import sys
import tempfile

import cpu

AIM = 1.05


def run_time(pid):
    """Seconds all threads have run, to the nanosecond; threads of the exporter do not end."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def measure(name, exporters, seconds):
    """One row: percent of a core of each."""
    def times():
        return [run_time(exporter.process.pid) for exporter in exporters]

    before = times()
    select.select([], [], [], seconds)
    used = [100 * (now - then) / seconds for then, now in zip(before, times())]
    ratio = used[0] / used[1] if used[1] else float("nan")
    print(f"  {name:<18} {used[0]:7.3f}% {used[1]:7.3f}% {ratio:6.3f}"
          + ("  reached" if ratio <= AIM else "  MISSED"))


def watch(folder, programs, count, interval, support):
    exporters = []
    config = os.path.join(folder, "against.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'[poll]\nmax_databases = {count}\ncpu_budget = "100%"\n'
                   f'[[database]]\npath = "{folder}/*.db"\n')
    for program in programs:
        support.EXPORTER = program
        exporters.append(support.Exporter(f"--config.file={config}", interval=interval))
        exporters[-1].drain_log()
        exporters[-1].ready()
    return exporters


def compare(folder, options, support):
    programs = [os.environ["SQLITE_EXPORTER"], options.other]
    count, busy = options.databases, min(options.busy, options.databases)
    applications = cpu.Applications(folder, count, options.rate)
    exporters = watch(folder, programs, count, options.interval, support)
    try:
        for exporter in exporters:
            cpu.await_state(exporter, ("wal_live", count))
        for _ in range(options.rounds):
            applications.keep_busy(0)
            measure("attached", exporters, options.seconds)
            applications.keep_busy(busy)
            measure(f"{busy} of them busy", exporters, options.seconds)
        applications.close()
        for exporter in exporters:
            cpu.await_state(exporter, ("wal_clean", count))
        # What was asked of processes when the databases closed is not a part of them being closed.
        select.select([], [], [], options.settle)
        for _ in range(options.rounds):
            measure("closed", exporters, options.seconds)
    finally:
        applications.close()
        for exporter in exporters:
            exporter.end()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", help="the other build's program")
    parser.add_argument("--databases", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10, help="commits a second in a busy one")
    parser.add_argument("--seconds", type=int, default=30, help="of each row")
    parser.add_argument("--settle", type=int, default=35, help="seconds between the two parts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interval", default="5s", help="of the exporters' full looks")
    return parser.parse_args()


def main():
    options = parse_options()
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    import support
    print(f"CPU: {options.databases} databases, both builds at once, {options.seconds} s a row")
    print(f"  {'percent of a core':<18} {'this':>8} {'other':>8} {'ratio':>6}  aim {AIM:g}")
    with tempfile.TemporaryDirectory() as folder:
        compare(os.path.realpath(folder), options, support)


if __name__ == "__main__":
    main()

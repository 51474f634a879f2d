#!/usr/bin/env python3
"""Scrapes while a FUSE mount hangs against those while it answers: their latency, and their age.

The two take turns within one run, and each turn that hangs begins with the moment it does.
"""

import argparse
import contextlib
import os
import re
import select
import socket
import statistics
import sys
import tempfile
import time

AIM_RATIO = 2.0  # of the medians
AIM_AGE = 2.0  # intervals
TURNS = 4
DATABASES = 4  # on each mount
NAMES = ("calm", "hanging")


def scrape(address):
    """Seconds that one took, and its body; urllib would take longer than the exporter."""
    host, port = address.rsplit(":", 1)
    begun = time.perf_counter()
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := connection.recv(1 << 20):
            answer += piece
    seconds = time.perf_counter() - begun
    status, body = re.match(rb"HTTP/1.. (\d+).*?\r\n\r\n(.*)", answer, re.S).groups()
    return seconds, body.decode() if status == b"200" else None


class Row:
    """What was measured while the mounts answered, or while they did not."""

    def __init__(self, name):
        self.name = name
        self.latencies = []
        self.ages = []
        self.refused = 0  # 503: older than three intervals

    def measure(self, address, interval, scrapes):
        for _ in range(scrapes):
            asked = time.time()
            seconds, page = scrape(address)
            self.latencies.append(seconds)
            if page is None:
                self.refused += 1
            else:
                taken = re.search(r"^sqlite_exporter_snapshot_timestamp_seconds (\S+)", page, re.M)
                self.ages.append((asked - float(taken.group(1))) / interval)
            # Four intervals to a turn: what a hang costs at its beginning and later.
            select.select([], [], [], 4 * interval / scrapes)


def await_up(exporter, count):
    deadline = time.monotonic() + 120
    while len(re.findall(r"^sqlite_up\{.* 1$", exporter.get("/metrics")[2], re.M)) != count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {count} databases")
        select.select([], [], [], 0.1)


def take_turns(exporter, filesystems, options):
    calm, hanging = map(Row, NAMES)
    count = options.local + DATABASES * len(filesystems)
    for _ in range(TURNS):
        await_up(exporter, count)
        calm.measure(exporter.address, options.interval, options.scrapes // TURNS)
        for filesystem in filesystems:
            filesystem.hang()
        hanging.measure(exporter.address, options.interval, options.scrapes // TURNS)
        for filesystem in filesystems:
            filesystem.go_on()
    return calm, hanging


def create(application, path):
    application.ask("open " + path)
    application.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")


def measure(folder, filesystems, options, support):
    """The rows; the databases near by are many, so that both pages are of about one size."""
    application = support.Application()
    try:
        for number, filesystem in enumerate(filesystems):
            for database in range(DATABASES):
                create(application, filesystem.path(f"{number}-{database}.db"))
        for number in range(options.local):
            create(application, os.path.join(folder, f"near{number}.db"))
        config = os.path.join(folder, "stalls.toml")
        with open(config, "w", encoding="utf-8") as file:
            for place in (folder, *(each.mountpoint for each in filesystems)):
                file.write(f'[[database]]\npath = "{place}/*.db"\n')
        exporter = support.Exporter(f"--config.file={config}", interval=f"{options.interval}s")
        try:
            return take_turns(exporter.ready(), filesystems, options)
        finally:
            for filesystem in filesystems:
                filesystem.go_on()
            exporter.end()
    finally:
        application.stop()


def print_table(table, options):
    print(f"stalls: {options.mounts} FUSE mounts of {DATABASES} databases, {options.local} local"
          f" ones, a look each {options.interval} s, {options.scrapes} scrapes a row")
    print(f"  {'':<8} {'median':>9} {'ratio':>6} {'p99':>9} {'ratio':>6} {'oldest':>14} {'503':>4}"
          f"  aim: medians {AIM_RATIO:g}, {AIM_AGE:g} intervals old")
    medians = [statistics.median(row.latencies) for row in table]
    p99s = [statistics.quantiles(row.latencies, n=100)[98] for row in table]
    for row, median, p99 in zip(table, medians, p99s):
        reached = median <= AIM_RATIO * medians[0] and max(row.ages) <= AIM_AGE and not row.refused
        print(f"  {row.name:<8} {median * 1e6:6.0f} us {median / medians[0]:6.2f}"
              f" {p99 * 1e6:6.0f} us {p99 / p99s[0]:6.2f} {max(row.ages):4.2f} intervals"
              f" {row.refused:4}  " + ("reached" if reached else "MISSED"))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mounts", type=int, default=1)
    parser.add_argument("--local", type=int, default=50)
    parser.add_argument("--scrapes", type=int, default=200)
    parser.add_argument("--interval", type=int, default=5, help="seconds, of the full looks")
    return parser.parse_args()


def main():
    options = parse_options()
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    import fuse
    import support
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = os.path.realpath(temporary)
        filesystems = []
        for number in range(options.mounts):
            places = [os.path.join(folder, f"{kind}{number}") for kind in ("backing", "mnt")]
            for place in places:
                os.mkdir(place)
            try:
                filesystems.append(fuse.Filesystem(*places))
            except fuse.NotMounted as error:
                print(f"stalls: not measured, a FUSE filesystem cannot be mounted: {error}")
                return
            stack.callback(filesystems[-1].end)
        print_table(measure(folder, filesystems, options, support), options)


if __name__ == "__main__":
    main()

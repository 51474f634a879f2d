"""Runs all ports, or those with a WORD in their name, and prints the page: FOLDER [WORD...]."""

import concurrent.futures
import datetime
import json
import os
import platform
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import catalogue
import document
import programs
import scene
import support
from judgement import Row

AT_ONCE = 2 * (os.cpu_count() or 1)  # most of their time they wait for the exporter


def reasons_in(build):
    try:
        with open(os.path.join(build, "reasons.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def row_of(port, build, reasons):
    if not port.is_installed(build):
        return Row(port.name, port.package, cannot=port.cannot,
                   failure=reasons.get(port.package, "it is not installed"))
    row = scene.Scene(port, build).run()
    print(row.name, *row.cells(), sep=" | ", file=sys.stderr, flush=True)
    return row


def main(build, words):
    build = os.path.abspath(build)
    reasons = reasons_in(build)
    chosen = [port for port in catalogue.PORTS
              if not words or any(word in port.name for word in words)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda port: row_of(port, build, reasons), chosen))
    applications = [] if words else [programs.row_of(program, build, reasons)
                                     for program in programs.PROGRAMS]
    _, version, _ = support.run("--version")
    print(document.render(rows, applications, program=version.split("\n", maxsplit=1)[0].strip(),
                          date=datetime.date.today().isoformat(),
                          kernel=".".join(platform.release().split(".")[:2])), end="")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

#!/usr/bin/env python3
"""Law 1, read off the libraries: the observer is linked without SQLite, the SQL worker with it."""
import subprocess
import sys

WORKER, *OBSERVER = sys.argv[1:]


def sqlite_symbols(library):
    """What it wants of SQLite."""
    listed = subprocess.run(["nm", "--undefined-only", library], check=True, capture_output=True,
                            text=True).stdout
    return sorted({word for word in listed.split() if word.startswith("sqlite3_")})


def main():
    if not sqlite_symbols(WORKER):
        sys.exit(f"{WORKER}: wants nothing of SQLite: this test sees nothing")
    for library in OBSERVER:
        if found := sqlite_symbols(library):
            sys.exit(f"{library}: an observer wants {', '.join(found)}")


main()

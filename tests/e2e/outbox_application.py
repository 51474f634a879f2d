"""An application at the edge: orders are written all the time, synchronised and reported on."""

import select
import sqlite3
import sys
import time

ROWS_PER_SECOND = 20
SYNC_EVERY = 30  # seconds
REPORT_EVERY, REPORT_TAKES = 90, 30


class Report:
    """Reads in one transaction, which pins the WAL until it is through."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.due = time.time()
        self.runs = False

    def go_on(self):
        if time.time() < self.due:
            return
        if self.runs:
            self.connection.execute("COMMIT")
        else:
            self.connection.execute("BEGIN")
            self.connection.execute("SELECT count(*) FROM orders").fetchone()
        self.runs = not self.runs
        self.due += REPORT_TAKES if self.runs else REPORT_EVERY - REPORT_TAKES


def main(path):
    with open("/proc/self/comm", "w", encoding="ascii") as name:
        name.write("outbox")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, updated_at, text)")
    connection.execute("CREATE TABLE sync_status(table_name TEXT PRIMARY KEY, "
                       "last_sync_timestamp INTEGER, sync_state TEXT)")
    connection.execute("INSERT INTO sync_status VALUES ('orders', ?, 'synced')",
                       (int(time.time()),))
    report = Report(path)
    print("ready", flush=True)
    synced = time.time()
    # The end of standard input is the end.
    while not select.select([sys.stdin], [], [], 1 / ROWS_PER_SECOND)[0]:
        connection.execute("INSERT INTO orders(updated_at, text) VALUES (?, hex(randomblob(200)))",
                           (int(time.time()),))
        if time.time() - synced > SYNC_EVERY:
            synced = time.time()
            connection.execute("DELETE FROM orders WHERE id % 4 = 0")
            connection.execute("UPDATE sync_status SET last_sync_timestamp = ?", (int(synced),))
        report.go_on()
    report.connection.close()
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1])

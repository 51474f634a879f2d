"""The exporter and its worker are killed under writers: `exporter_test.py [SEED]`."""

import os
import signal
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import sql
import stage
import support
import truth
import watch
import writers

KILLS = 10
WORKERS = 5
DEAD = ("wal_commits", "rollback_spilled")
ALIVE = ("wal_open_transaction", "wal_checkpoint", "wal_exclusive", "rollback_commits",
         "rollback_open_transaction", "rollback_persist")
RESTARTS = "sqlite_exporter_worker_restarts_total"
# Reads all the while; once per life is enough.
LONG = sql.query("long", sql.LONG.replace("from t ", "from total "), interval="1h", timeout="1m",
                 databases=("rollback_commits", "wal_checkpoint"))


def has_ended(pid):
    """Whoever takes up orphans may let them wait as zombies."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


class ExporterTest(stage.Stage):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tmp"))
        self.play(DEAD + ALIVE)
        for play in self.plays:
            self.begin(play)
        self.dead = [play for play in self.plays if play.name in DEAD]
        self.alive = [play for play in self.plays if play.name in ALIVE]
        for play in self.dead:
            self.kill(play)
        self.left = {play.path: truth.fingerprint(play.path) for play in self.dead}

    def start(self, *queries):
        return self.exporter(self.configuration(*queries), interval="200ms",
                             prefix=("env", "TMPDIR=" + self.path("tmp")))

    def is_read(self, pid):
        """One of the databases is open in this process."""
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{number}").startswith(self.path("data"))
                       for number in os.listdir(f"/proc/{pid}/fd"))
        except FileNotFoundError:
            return False

    # ---- moments of an exporter, each until which it is let live; returns the process

    def at_its_start(self):
        process = subprocess.Popen([support.EXPORTER, self.configuration(),
                                    "--web.listen-address=127.0.0.1:0"], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def when_it_listens(self):
        exporter = support.Exporter(self.configuration(), interval="200ms")
        self.addCleanup(exporter.end)
        return exporter.process

    def at_its_first_page(self):
        exporter = self.start()
        page = watch.judge.Page(exporter.page())
        for play in self.plays:
            states = watch.states_of(page, play.name)
            self.assertIn(states, play.states | play.scene.opening | {watch.NOTHING}, play.name)
        return exporter.process

    def in_a_query(self):
        exporter = self.start(LONG)
        support.await_that(lambda: any(map(self.is_read, sql.workers_of(exporter))), "a query")
        return exporter.process

    def when_all_is_right(self):
        exporter = self.start()
        self.watch_it(exporter)
        self.settle(self.plays, snapshots=2)
        self.watch.pause()
        self.watch.check()
        return exporter.process

    # ---- what must be so after each

    def check_nothing_is_left(self, workers):
        for worker in workers:
            support.await_that(lambda worker=worker: has_ended(worker), "its worker to end")
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.check_nothing_is_touched(self.left)
        ours = {play.name + ".db" + suffix for play in self.plays for suffix in truth.SUFFIXES}
        self.assertLessEqual(set(os.listdir(self.path("data"))), ours)

    def check_all_write_on(self):
        for play in self.alive:
            play.writer.await_rounds(play.writer.acknowledged() + 1)

    def end_all(self):
        for play in self.alive:
            self.end(play)
        for play in self.dead:
            self.end(play)

    def test_whoever_is_killed_leaves_nothing_behind_and_the_next_one_is_right(self):
        moments = (self.at_its_start, self.when_it_listens, self.at_its_first_page, self.in_a_query,
                   self.when_all_is_right)
        for number in range(KILLS):
            process = moments[number % len(moments)]()
            if process.poll() is None:
                workers = support.children_of(process.pid)
                process.kill()
            process.wait()
            self.check_nothing_is_left(workers)
            self.check_all_write_on()
        self.watch = None
        self.end_all()
        self.check_only_databases_are_left()

    @unittest.skipIf("thread" in os.environ.get("SANITIZED", ""),
                     "TSan does not see libuv close a child's pipe, and takes for a race what is "
                     "opened by that number next: too often, with so many children")
    def test_a_worker_that_is_killed_is_followed_by_another_one(self):
        exporter = self.start()
        self.watch_it(exporter)
        self.settle(self.plays, snapshots=1)
        for number in range(WORKERS):
            support.await_that(lambda: sql.workers_of(exporter), "a worker")
            worker = sql.workers_of(exporter)[0]
            if self.random.random() < 0.5:
                writers.spin(lambda worker=worker: self.is_read(worker), "a query")
            os.kill(worker, signal.SIGKILL)
            support.await_that(lambda number=number: self.watch.last.values.get(
                (RESTARTS, 'reason="ended"')) == number + 1, "a restart")
            self.check_nothing_is_left([worker])
            self.check_all_write_on()
            self.settle(self.plays, snapshots=1)
        self.end_all()
        self.settle(self.plays)
        self.assertEqual(self.watch.end(), 0)
        self.watch.check()
        self.check_only_databases_are_left()


if __name__ == "__main__":
    stage.main(ExporterTest)

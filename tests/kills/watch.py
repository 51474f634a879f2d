"""Takes every snapshot of an exporter, and says what is untrue in it."""

import os
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, "mutations"), os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import judge
import support

STAMP = ("sqlite_exporter_snapshot_timestamp_seconds", "")
WAITING = ("sqlite_exporter_databases_waiting", "")
BUSY = ("sqlite_exporter_collector_errors_total", 'collector="look",reason="busy"')
TRANSACTIONS = "sqlite_transactions_total"
UNSEEN = "sqlite_database_unseen_epochs_total"
NOTHING = frozenset()  # told of what is being opened or closed, or cannot be told yet
CHECK = "kill_difference"  # of a query: what no moment of the database has is not 0


class Expectation:
    """What may be told of a database until `goal` is, and that alone from then on."""

    def __init__(self, goal, before):
        self.goal, self.before = set(goal), set(before)
        self.since = time.time()
        self.stamps = set()  # of snapshots since
        self.reached = 0  # snapshots, the first one and those after it

    def fault_of(self, states, stamp):
        """Nothing if that is right. Looks of the first snapshot may have begun earlier."""
        if stamp > self.since:
            self.stamps.add(stamp)
        if len(self.stamps) > 1 and states in self.goal:
            self.reached += 1
            return None
        if states in self.goal or (not self.reached and states in self.before):
            return None
        right = " or ".join(sorted("+".join(sorted(one)) or "nothing" for one in self.goal))
        return f"{'+'.join(sorted(states)) or 'nothing'} is told, and right is {right}"


class Watch:
    """One exporter that runs. Faults are told by `check`, in the thread of the test."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.judge = judge.Judge()
        self.lock = threading.Lock()
        self.expected = {}
        self.kept = {}  # the snapshots of a database of which nothing is expected yet
        self.faults = []
        self.last = None
        self.snapshots = 0
        self.ended = threading.Event()
        self.log = []
        self.threads = [threading.Thread(target=self._read_log),
                        threading.Thread(target=self._take_all)]
        for thread in self.threads:
            thread.start()

    def _read_log(self):
        for line in self.exporter.process.stderr:
            self.log.append(line)

    def _take_all(self):
        try:
            while not self.ended.is_set():
                status, _, body = self.exporter.get("/metrics")
                if status == 200:
                    self._take(judge.Page(body))
                self.ended.wait(0.02)
        except Exception as error:  # pylint: disable=broad-except
            if not self.ended.is_set():
                self.faults.append(f"no page: {error}")

    def _take(self, page):
        stamp = page.values[STAMP]
        with self.lock:
            if self.last and stamp == self.last.values[STAMP]:
                return
            # It says that there was too little CPU, or a writer faster than each attempt to read.
            excused = page.values.get(WAITING) or page.values.get(BUSY, 0) > (
                self.last.values.get(BUSY, 0) if self.last else 0)
            self.last = page
            self.snapshots += 1
            self.faults += self.judge.faults_of(page)
            self.faults += [f"{key} is {value}" for key, value in page.values.items()
                            if key[0] == CHECK and value != 0]
            for name, expectation in self.expected.items():
                if page.value(name, "sqlite_up") != 1:
                    if not excused:
                        self.faults.append(f"{name}: sqlite_up is not 1")
                elif expectation:
                    self._judge(name, states_of(page, name), stamp)
                else:
                    self.kept[name].append((states_of(page, name), stamp))

    def _judge(self, name, states, stamp):
        fault = self.expected[name].fault_of(states, stamp)
        if fault:
            self.faults.append(f"{name}: {fault}")

    def hold(self, *names):
        """Judges what is told of them from now on when it is known what is right."""
        with self.lock:
            for name in names:
                self.expected[name] = None
                self.kept[name] = []

    def expect(self, name, goal, before=()):
        with self.lock:
            self.expected[name] = Expectation(goal, before)
            for states, stamp in self.kept.pop(name, ()):
                self._judge(name, states, stamp)

    def check(self):
        if self.faults:
            raise AssertionError("\n".join(dict.fromkeys(self.faults)) + "\n" +
                                 "".join(self.log[-30:]))

    def settle(self, *names, snapshots=2):
        """Waits until what is expected of each was told so often; returns the last snapshot."""

        def settled():
            self.check()
            with self.lock:
                late[:] = [name for name in names
                           if self.expected[name].reached < snapshots]
                whole = self.last and self.last.values.get(WAITING) == 0
                return self.last if whole and not late else None

        late = []
        try:
            return support.await_that(settled, "what is right")
        except AssertionError as error:
            told = [f"{name}: {'+'.join(states_of(self.last, name)) or 'nothing'} is told"
                    for name in late]
            raise AssertionError("\n".join([str(error), *told])) from error

    def pause(self):
        """Takes no snapshot any more."""
        self.ended.set()
        self.threads[1].join()

    def end(self):
        """The exporter's exit code."""
        self.pause()
        if self.exporter.process.poll() is None:
            self.exporter.process.terminate()
        code = self.exporter.process.wait(support.PATIENCE)
        self.threads[0].join()
        self.faults += [line for line in self.log if judge.SANITIZER.search(line)]
        return code


def states_of(page, name):
    return frozenset(re.search('state="([a-z_]+)"', labels)[1] for _, labels in page.states(name))

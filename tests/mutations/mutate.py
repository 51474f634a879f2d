"""Mutations of live files, and what the exporter makes of them: `mutate.py ROUNDS [SEED]`.

A round does one thing to one set. Several rounds share a snapshot, and many an exporter. SEED tells
everything but the moments at which the exporter looks."""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import judge
import mutations
import sets
import support

TOGETHER = 3  # rounds that share a snapshot
HELD = 4  # steps for which a mutation stays: the sampler comes round once a second
EACH = 120  # rounds that share an exporter
SPARSE = 1 << 24  # bytes; what is larger is made anew and not put back
TRANSACTIONS = "sqlite_transactions_total"


class Fault(Exception):
    pass


class Controls:
    """Databases that nobody touches but their applications."""

    def __init__(self, folder):
        self.sets = [sets.Set("control_wal.db", sets.live_wal(4096, True)),
                     sets.Set("control_rollback.db", sets.rollback([]))]
        for one in self.sets:
            one.make(folder)
        self.names = [one.name.removesuffix(".db") for one in self.sets]
        self.commits = 0
        self.states = None

    def commit(self):
        for one in self.sets:
            one.applications[0].exec("insert into t values (1)")
        self.commits += 1

    def are_counted(self, body):
        """The sampler counts those of a WAL, and comes round on its own."""
        return all(support.value(body, TRANSACTIONS, database=name) >= self.commits
                   for name in self.names)

    def faults_of(self, page):
        states = {name: page.states(name) for name in self.names}
        self.states = self.states or states
        faults = [f"{name}: {states[name]}, not {self.states[name]}"
                  for name in self.names if states[name] != self.states[name]]
        counted = {name: page.value(name, TRANSACTIONS) for name in self.names}
        return faults + [f"{name}: {count} transactions of {self.commits}"
                         for name, count in counted.items() if count != self.commits]

    def end(self):
        for one in self.sets:
            one.end()


class Attack:
    """One exporter, all sets and the controls."""

    def __init__(self, folder, rng):
        self.rng = rng
        self.folder = folder
        self.sets = sets.all_sets()
        self.controls = Controls(folder)
        for one in self.sets:
            one.make(folder)
        self.judge = judge.Judge()
        self.held, self.done = [], []
        self.log = []
        paths = [one.path for one in self.sets + self.controls.sets]
        self.exporter = support.Exporter(*paths, interval="100ms")
        self.reader = threading.Thread(target=self.read_log)
        self.reader.start()
        self.exporter.ready()
        self.judged([])  # the baselines of all counters are taken

    def read_log(self):
        self.log += self.exporter.process.stderr

    def pages_since(self, moment):
        """The first page whose looks all began after it: that of the second snapshot."""
        stamps = set()

        def page():
            if self.exporter.process.poll() is not None:
                raise Fault("the exporter ended: " + "".join(self.log[-60:]))
            status, _, body = self.exporter.get("/metrics")
            if status != 200:
                return None
            stamp = support.value(body, "sqlite_exporter_snapshot_timestamp_seconds")
            if stamp > moment:
                stamps.add(stamp)
            return body if len(stamps) > 1 and self.controls.are_counted(body) else None

        return support.await_that(page, "the second snapshot, and the commits of the controls")

    def judged(self, done):
        body = self.pages_since(time.time())
        page = judge.Page(body)
        faults = self.judge.faults_of(page) + self.controls.faults_of(page)
        for one in self.sets:
            sizes = [os.path.getsize(one.path + suffix)
                     if os.path.exists(one.path + suffix) else 0 for suffix in ("", "-wal")]
            faults += judge.faults_of_sizes(page, one.name.removesuffix(".db"), *sizes)
        faults += [line for line in self.log if judge.SANITIZER.search(line)]
        if faults:
            raise Fault("\n".join(["after", *done, "", *faults]))
        return body

    def step(self, rounds):
        """So many rounds at once; what was done to other sets some steps ago ends."""
        if len(self.held) == HELD:
            self.restore(*self.held.pop(0))
        self.controls.commit()
        held = [one for attacked, _, _ in self.held for one in attacked]
        attacked = self.rng.sample([one for one in self.sets if one not in held], rounds)
        others = [path for one in self.sets for path in one.files()
                  if 0 < os.path.getsize(path) < SPARSE]
        kept = {path: read(path) for one in attacked for path in one.files()}
        done = [mutations.mutate(one.files(), others, self.rng) for one in attacked]
        worked = [one for one in attacked if one.applications and self.rng.random() < 0.15]
        for one in worked:
            one.applications[0].try_exec(sets.ROWS)
            done.append(one.name + ": its application goes on")
        self.held.append((attacked, worked, kept))
        self.done = (self.done + done)[-(HELD + 1) * TOGETHER:]
        self.judged(self.done)

    def restore(self, attacked, worked, kept):
        """All is as it was, or made anew."""
        for one in attacked:
            if one in worked or any(path not in kept for path in one.files()):
                one.make(self.folder)
                kept = {path: content for path, content in kept.items()
                        if not path.startswith(one.path)}
        for path, content in kept.items():
            put_back(path, content)

    def end(self):
        self.controls.end()
        for one in self.sets:
            one.end()
        if self.exporter.process.poll() is None:
            self.exporter.process.terminate()
        code = self.exporter.process.wait(support.PATIENCE)
        self.reader.join()
        self.exporter.process.stderr.close()
        if code != 0 or any(judge.SANITIZER.search(line) for line in self.log):
            raise Fault(f"exit code {code}: " + "".join(self.log[-60:]))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def put_back(path, content):
    """In place: whoever has it open sees it as it was."""
    os.truncate(path, len(content))
    mutations.write_at(path, 0, content)


def check_by_promtool(body):
    try:
        done = subprocess.run(["promtool", "check", "metrics"], input=body, text=True,
                              capture_output=True, check=False)
    except FileNotFoundError:
        print("skipped: promtool is not installed (package prometheus)")
        return
    if done.returncode != 0:
        raise Fault("promtool: " + done.stdout + done.stderr)


def run(rounds, seed):
    rng = random.Random(seed)
    largest = {}
    while rounds > 0:
        with tempfile.TemporaryDirectory() as folder:
            attack = Attack(os.path.realpath(folder), rng)
            try:
                here = min(rounds, EACH)
                rounds -= here
                while here > 0:
                    attack.step(min(here, TOGETHER))
                    here -= TOGETHER
                check_by_promtool(attack.judged([]))
            except BaseException:
                attack.exporter.process.kill()
                try:
                    attack.end()
                except Fault:
                    pass  # the first one is told
                raise
            attack.end()
            for family, step in attack.judge.largest.items():
                largest[family] = max(step, largest.get(family, 0))
    return largest


def main(arguments):
    rounds = int(arguments[0]) if arguments else 200
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(1 << 32)
    print(f"{rounds} mutations, seed {seed}", flush=True)
    start = time.monotonic()
    try:
        largest = run(rounds, seed)
    except Fault as fault:
        print(f"seed {seed}: {fault}")
        return 1
    for family in (TRANSACTIONS, "sqlite_wal_frames_written_total", "sqlite_wal_resets_total",
                   "sqlite_database_unseen_epochs_total"):
        print(f"largest step of {family}: {largest.get(family, 0):.0f}")
    print(f"no fault in {rounds} mutations, {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

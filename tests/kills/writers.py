"""Real applications that write without pause, and are killed."""

import os
import time

import support
import truth
from watch import NOTHING

SETUP = ("create table log(life, n)", "create table total(n)", "insert into total values (0)",
         "create table p(id integer primary key, b)",
         "insert into p with recursive i(n) as (select 0 union all select n + 1 from i "
         "limit 200) select n, randomblob(900) from i")
COUNT = "select count(*) from log where life = {}"


def spin(condition, what):
    """What passes within microseconds is not met by who looks now and then."""
    deadline = time.monotonic() + support.PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain for " + what)


class Writer:
    """One process that writes rounds of one life."""

    def __init__(self, path, life, scene, accounts, period):
        self.path, self.life = path, life
        self.account = os.path.join(accounts, f"{os.path.basename(path)}.{life}")
        self.application = support.Application(path)
        # All of them want all of the CPU, and the exporter has no priority.
        os.setpriority(os.PRIO_PROCESS, self.application.process.pid, 10)
        for pragma in scene.pragmas:
            self.application.query(pragma)
        self.application.ask("acknowledge " + self.account)
        self.plan = (f"load {period} {scene.hold} begin immediate|"
                     f"{scene.work.replace('LIFE', str(life))}|{scene.end}")

    def begin(self):
        self.application.ask(self.plan)

    def acknowledged(self):
        """How many of its rounds it knows to be committed."""
        text = truth.content(self.account).decode().strip()
        if text.startswith("error"):
            raise AssertionError(f"{self.path}: {text}")
        return int(text or 0)

    def await_rounds(self, count):
        support.await_that(lambda: self.acknowledged() >= count, f"{self.path}: {count} rounds")

    def kill(self):
        self.application.kill()
        return self.acknowledged()

    def end(self):
        """It ends in peace; returns its rounds."""
        self.application.ask("stop")
        self.application.close()
        self.application.stop()
        return self.acknowledged()


class Play:
    """A scene on its database, over the lives of its writer."""

    def __init__(self, scene, folder, accounts):
        self.scene, self.name, self.accounts = scene, scene.name, accounts
        self.path = os.path.join(folder, scene.name + ".db")
        self.rounds = {}  # by life, as far as they are known to be there
        self.lives = 0
        self.writer = self.beside = None
        application = support.Application(self.path).exec(*scene.pragmas, *SETUP)
        application.close()
        application.stop()
        self.closed = frozenset([frozenset(["wal_clean" if scene.wal else "rollback_idle"])])
        self.states = self.closed
        self.least = self.most = 0  # commits since the setup that are acknowledged, and there

    def new_life(self, period=0):
        self.lives += 1
        return Writer(self.path, self.lives, self.scene, self.accounts, period)

    def begin(self):
        """The next life, over what the last one left."""
        if self.scene.beside == "reader" and self.beside:
            self.beside.ask("finish")
        self.writer = self.new_life()
        self.check_nothing_is_lost(self.writer.application)
        if self.scene.beside == "reader":
            self.beside = self.beside or support.Application(self.path)
            self.beside.ask("step select id from p")
        elif self.scene.beside == "writer" and not self.beside:
            self.beside = self.new_life(period=5000)  # microseconds: it leaves room
            self.beside.begin()
        if self.scene.rests:
            self.writer.application.exec("update p set b = randomblob(900) where id = 0")
            self.most += 1
        else:
            self.writer.begin()

    def go_on(self):
        if self.scene.rests:
            self.writer.begin()

    def check_nothing_is_lost(self, application):
        checked = application.query("pragma integrity_check")
        assert checked == "ok", f"{self.path}: {checked}"
        for life, count in self.rounds.items():
            found = application.number(COUNT.format(life))
            assert found == count, f"{self.path}: {found} rounds of life {life}, not {count}"

    def await_moment(self, rounds):
        """So many rounds, and then the moment of the scene."""
        # Its reader lets no commit through in rollback mode.
        if self.scene.wal or self.scene.beside != "reader":
            self.writer.await_rounds(rounds)
        spin(lambda: self.scene.moment(self.path), f"{self.name}: {self.scene.moment.__name__}")

    def kill(self):
        """Nothing that was acknowledged is lost: SQLite is asked."""
        acknowledged = self.writer.kill()
        if self.scene.wal and self.scene.beside:
            # For them the wal-index is the truth, also where a last commit has not reached it.
            self.states = self.scene.live
            count = self.survivor_counts(self.writer.life)
        else:
            found = truth.found_by_sqlite(self.path)
            count = found.rounds.get(self.writer.life, 0)
            for life, rounds in self.rounds.items():
                assert found.rounds.get(life, 0) == rounds, f"{self.path}: {found}, {self.rounds}"
            self.states = self.states_beside(found.states)
        assert acknowledged <= count <= acknowledged + 1, (
            f"{self.path}: {acknowledged} rounds were acknowledged, and {count} are there")
        self.add(self.writer.life, acknowledged, count)

    def survivor_counts(self, life):
        application = support.Application(self.path)
        application.query("pragma busy_timeout=100000")
        count = application.number(COUNT.format(life))
        application.close()
        application.stop()
        return count

    def states_beside(self, found):
        """Of what is left, while another one has it open."""
        if not self.scene.beside:
            return found
        return frozenset(one - {"rollback_idle"} | {"rollback_active"} for one in found)

    def add(self, life, acknowledged, count):
        self.rounds[life] = count
        self.least += acknowledged * self.scene.commits
        self.most += count * self.scene.commits

    def end(self):
        """All end in peace; the last one finds all that was ever acknowledged."""
        if self.writer.application.process.poll() is None:
            count = self.writer.end()
            self.add(self.writer.life, count, count)
        if self.scene.beside == "reader" and self.beside:
            self.beside.ask("finish")
            self.beside.close()
            self.beside.stop()
        elif self.beside:
            count = self.beside.end()
            self.add(self.beside.life, count, count)
        self.beside = None
        application = support.Application(self.path)
        self.check_nothing_is_lost(application)
        # A journal that is not hot stays until somebody writes.
        application.exec("create table done(x)")
        self.most += 1
        application.close()
        application.stop()
        # Where a query of the exporter reads in that very moment, the -wal stays behind, complete.
        self.states = self.closed
        if os.path.exists(self.path + "-wal"):
            self.states = truth.found_by_sqlite(self.path).states

    def tidy_up(self):
        """When no exporter is there."""
        application = support.Application(self.path)
        self.check_nothing_is_lost(application)
        application.close()
        application.stop()

    def clean_up(self):
        """Whatever has become of them."""
        for one in (self.writer, self.beside):
            application = getattr(one, "application", one)
            if application and application.process.poll() is None:
                application.process.kill()
                application.stop()

    def before(self):
        """What may be told of it until the next thing is: all that is right now, or nothing."""
        return self.states | {NOTHING}

"""What both tests stand on: plays in one folder, and what an exporter may tell of them."""

import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import scenes
import sql
import support
import truth
import watch
import writers

# Of one moment both are equal.
DIFFERENCE = "select (select count(*) from log) - (select n from total) as v"


class Stage(support.TestCase):
    seed = random.SystemRandom().randrange(1 << 32)
    most_rounds = 10  # before a kill

    def setUp(self):
        super().setUp()
        self.random = random.Random(self.seed)
        print(f"seed {self.seed}", flush=True)
        for folder in ("data", "accounts"):
            os.mkdir(self.path(folder))
        self.watch = None
        self.plays = []

    def play(self, names=()):
        for scene in scenes.SCENES:
            if not names or scene.name in names:
                self.plays.append(writers.Play(scene, self.path("data"), self.path("accounts")))
                self.addCleanup(self.plays[-1].clean_up)

    def configuration(self, *queries):
        return "--config.file=" + self.config(
            f"[[database]]\npath = '{self.path('data')}/*.db'\n[sql]\nallow_rollback = true\n" +
            sql.query("difference", DIFFERENCE, metric=watch.CHECK) + "".join(queries))

    def watch_it(self, exporter):
        """From its first page on."""
        self.watch = watch.Watch(exporter)
        self.addCleanup(self.watch.end)
        for play in self.plays:
            self.watch.expect(play.name, play.states, [watch.NOTHING])

    def settle(self, plays, snapshots=2):
        return self.watch.settle(*(play.name for play in plays), snapshots=snapshots)

    def begin(self, play):
        before = play.before() | play.scene.opening
        if self.watch:
            self.watch.expect(play.name, play.scene.live, before | play.scene.live)
        play.begin()
        play.states = play.scene.live

    def kill(self, play):
        play.await_moment(self.random.randint(1, self.most_rounds))
        before = play.before()
        if self.watch:
            self.watch.hold(play.name)
        play.kill()
        if self.watch:
            self.watch.expect(play.name, play.states, before | play.states)

    def end(self, play):
        before = play.before() | scenes.live_in_peace(play.scene)
        if self.watch:
            self.watch.hold(play.name)
        play.end()
        if self.watch:
            self.watch.expect(play.name, play.states, before | play.states)

    def check_nothing_is_touched(self, left):
        for path, files in left.items():
            self.assertEqual(truth.fingerprint(path), files, path)

    def check_only_databases_are_left(self):
        for play in self.plays:
            play.tidy_up()
        self.assertEqual(sorted(os.listdir(self.path("data"))),
                         sorted(play.name + ".db" for play in self.plays))


def main(test):
    if len(sys.argv) > 1 and sys.argv[1].isdecimal():
        test.seed = int(sys.argv.pop(1))
    unittest.main(argv=[*sys.argv, "-v"])

"""Fifty writers are killed while an exporter looks on: `writers_test.py [SEED]`.

SEED tells the order and after how many rounds; the instants are the scheduler's."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import stage
import truth
import watch

KILLS = 50


class WritersTest(stage.Stage):
    def check_commits(self, page, plays):
        """No more are counted than there are."""
        for play in plays:
            self.assertLessEqual(page.value(play.name, watch.TRANSACTIONS), play.most, play.name)

    def check_all_commits(self, page):
        """A commit that was acknowledged is counted, or a life is said to be unseen."""
        for play in self.plays:
            if play.scene.counted and not page.value(play.name, watch.UNSEEN):
                counted = page.value(play.name, watch.TRANSACTIONS)
                self.assertGreaterEqual(counted, play.least, play.name)

    def kill_some(self, plays):
        """Each in a life of its own, while the others write."""
        for play in plays:
            self.begin(play)
        self.settle(plays)
        left = {}
        for play in plays:
            play.go_on()
        for play in plays:
            self.kill(play)
            if play.scene.beside != "writer":
                left[play.path] = truth.fingerprint(play.path)
        page = self.settle(plays)
        self.check_nothing_is_touched(left)
        # Another writer has not told yet how much he wrote.
        self.check_commits(page, [play for play in plays if play.scene.beside != "writer"])

    def test_what_is_told_is_true_and_nothing_is_lost(self):
        self.play()
        self.watch_it(self.exporter(self.configuration(), interval="200ms"))
        self.settle(self.plays)
        kills = 0
        while kills < KILLS:
            plays = self.random.sample(self.plays, min(len(self.plays), KILLS - kills))
            self.kill_some(plays)
            kills += len(plays)
        for play in self.plays:
            self.end(play)
        page = self.settle(self.plays)
        self.check_commits(page, self.plays)
        self.check_all_commits(page)
        self.assertEqual(self.watch.end(), 0)
        self.watch.check()
        self.check_only_databases_are_left()
        print(f"{kills} writers were killed, {self.watch.snapshots} snapshots were true")


if __name__ == "__main__":
    stage.main(WritersTest)

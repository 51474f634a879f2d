"""Each incident of the demo: it is real, the metrics show it, Ctrl-C ends it and removes all."""

import os
import signal
import sys
import unittest

import incident_demo
import support

SENTENCES = {
    "forgotten-reader": ("a reader keeps its transaction open, and the WAL grows behind it",
                         "SqliteForgottenReader"),
    "no-checkpoint": ("an application has switched checkpoints off, and nobody empties the WAL",
                      "SqliteCheckpointStarved"),
    "killed-writer": ("a writer was killed in the middle of a transaction, and nobody has come to "
                      "roll back", "SqliteCrashLeftover"),
    "replaced-file": ("the file was replaced under an application, which goes on writing into the "
                      "old one", "SqliteDatabaseReplaced"),
    "stuck-writer": ("a write transaction does not end, and another application cannot write",
                     "SqliteWriteLockSaturated"),
}


class Demo(incident_demo.Demo):
    """What a test asks of it and of its applications."""

    def find(self, name, **labels):
        """The value of a sample of the incident's database, once there is one."""
        labels["database"] = self.incident
        pairs = [f'{label}="{text}"' for label, text in labels.items()]

        def found():
            return [float(line.rsplit(" ", 1)[1]) for line in support.samples(self.page())
                    if line.startswith(name + "{") and all(pair in line for pair in pairs)]

        return support.await_that(found, f"{name} {labels}")[0]

    def grows_to(self, name, least, **labels):
        support.await_that(lambda: self.find(name, **labels) > least, f"{name} over {least}")

    def application(self, name):
        """The pid of the application with this name."""
        for pid in support.children_of(self.process.pid):
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read().strip() == name:
                    return pid
        raise AssertionError(f"no application {name}")


class IncidentDemoTest(support.TestCase):
    def demo(self, incident):
        demo = Demo(self.addCleanup, incident, self.path(incident))
        sentence, alert = SENTENCES[incident]
        self.assertRegex(demo.head[0], r"^Watching two live databases in /\S+\n$")
        self.assertEqual(demo.head[1], f"Incident {incident}: {sentence}.\n")
        self.assertRegex(demo.head[2], "^Runbook: sqlite_exporter explain "
                         rf"{alert} /\S+/{incident}\.db\n$")
        self.assertRegex(demo.head[3], rf"^ +http://\S+/runbooks/{alert}\n$")
        return demo

    def ends_and_leaves_nothing(self, demo):
        self.assertEqual(demo.stop(signal.SIGINT), 0)
        self.assertEqual(os.listdir(demo.temporary), [])

    def test_a_forgotten_reader_pins_the_wal_until_it_is_killed(self):
        demo = self.demo("forgotten-reader")
        demo.grows_to("sqlite_reader_pinned_frames", 100, owner_process="pinned-reader")
        demo.grows_to("sqlite_transactions_total", 0)
        self.assertIn('sqlite_up{database="healthy"} 1', demo.page().splitlines())
        # As its runbook says.
        pid = int(demo.find("sqlite_oldest_reader_pid"))
        self.assertEqual(pid, demo.application("pinned-reader"))
        os.kill(pid, signal.SIGTERM)
        support.await_that(lambda: demo.find("sqlite_wal_backfilled_frames") > 0, "a checkpoint")
        self.ends_and_leaves_nothing(demo)

    def test_without_checkpoints_ten_thousand_frames_wait(self):
        demo = self.demo("no-checkpoint")
        demo.grows_to("sqlite_wal_frames", 10_000)
        self.assertEqual(demo.find("sqlite_wal_backfilled_frames"), 0)
        self.ends_and_leaves_nothing(demo)

    def test_a_killed_writer_leaves_a_hot_journal(self):
        demo = self.demo("killed-writer")
        demo.find("sqlite_database_state", state="hot_journal")
        self.ends_and_leaves_nothing(demo)

    def test_a_replaced_file_is_an_orphan_whose_application_may_be_stopped(self):
        demo = self.demo("replaced-file")
        demo.find("sqlite_database_state", state="orphaned")
        pid = next(pid for pid in support.children_of(demo.process.pid) if any(
            target.endswith("replaced-file.db (deleted)") for target in links(pid)))
        os.kill(pid, signal.SIGSTOP)
        # As its runbook says: it ends when it goes on.
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        support.await_that(lambda: is_dead(pid), "the application to end")
        self.ends_and_leaves_nothing(demo)

    def test_a_stuck_writer_holds_the_write_lock_until_it_is_killed(self):
        demo = self.demo("stuck-writer")
        # Longer than any busy_timeout of the demo: who waits has not given up.
        demo.grows_to("sqlite_lock_current_hold_seconds", 6, lock="write")
        before = demo.find("sqlite_transactions_total")
        os.kill(demo.application("stuck-writer"), signal.SIGTERM)
        demo.grows_to("sqlite_transactions_total", before)
        self.ends_and_leaves_nothing(demo)

    def test_an_application_that_the_operator_kills_or_stops_is_no_failure(self):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            with self.subTest(number):
                demo = Demo(self.addCleanup, "stuck-writer", self.path(number.name))
                os.kill(demo.application("stuck-writer"), number)
                self.ends_and_leaves_nothing(demo)

    def test_an_unknown_incident_is_one_sentence(self):
        code, out, err = support.run("demo", "--incident", "flood")
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(err, 'sqlite_exporter: there is no incident "flood"; there are '
                              + ", ".join(SENTENCES) + "\n")

    def test_the_help_lists_them(self):
        text = support.run("demo", "--help")[1]
        for incident in SENTENCES:
            self.assertIn(incident, text)


def links(pid):
    folder = f"/proc/{pid}/fd"
    return [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]


def is_dead(pid):
    """Ended, though the demo has not waited for it."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "Z"


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""A mount that hangs or fails, on a real FUSE filesystem: what it may stall, and what goes on."""

import os
import signal
import sys
import unittest

import fuse
import support

INTERVAL = 1  # second, where the way from a hang to its word is followed
PASSES = 3


class StallTestCase(fuse.TestCase):
    def live(self, *names):
        """Applications that have a database open each, in a folder of this machine, by its name."""
        applications = {}
        for name in names:
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            applications[name] = self.application(name + ".db").exec(
                "pragma journal_mode=wal", "create table t(x)")
        return applications

    def closed(self, *names):
        """Databases that nobody has open."""
        for name in names:
            self.application(name + ".db").exec("create table t(x)").stop()

    def paths(self, *names):
        return [self.path(name + ".db") for name in names]

    def page(self, exporter):
        def fresh():
            status, _, body = exporter.get("/metrics")
            return body if status == 200 else None

        return support.await_that(fresh, "a page")

    def await_up(self, exporter, *names):
        for name in names:
            exporter.await_sample(f'sqlite_up{{database="{os.path.basename(name)}"}} 1')

    def await_stalled(self, exporter, mounts, live=()):
        """Until then and ever since, those that are live are up."""
        def told():
            page = self.page(exporter)
            self.assert_up(page, live)
            return f"sqlite_exporter_stalled_mounts {mounts}" in page.splitlines()

        support.await_that(told, f"{mounts} mounts to be stalled")

    def await_commit(self, exporter, application, name, table="t"):
        """It is counted, and it alone."""
        before = support.value(self.page(exporter), "sqlite_transactions_total", database=name)
        application.exec(f"insert into {table} values (1)")
        exporter.await_sample(f'sqlite_transactions_total{{database="{name}"}} {before + 1:g}')

    def assert_up(self, page, names):
        for name in names:
            self.assertEqual(support.value(page, "sqlite_up", database=name), 1, name)

    def assert_stalled(self, page, *names):
        """They are up 0, and nothing else is said of them."""
        for name in map(os.path.basename, names):
            self.assertEqual([line for line in support.samples(page)
                              if f'database="{name}"' in line],
                             [f'sqlite_up{{database="{name}"}} 0'])

    def assert_goes_on(self, exporter, live, stalled, passes=PASSES):
        """Pass after pass, for all that does not lie on a mount that hangs."""
        for _ in range(passes):
            before = self.page(exporter)
            for name, application in live.items():
                self.await_commit(exporter, application, name)
            page = self.page(exporter)
            self.assert_stalled(page, *stalled)
            self.assert_up(page, live)
            looks = "sqlite_exporter_sampler_looks_total"
            self.assertGreater(support.value(page, looks), support.value(before, looks))
            for path in ("/-/ready", "/-/healthy"):
                self.assertEqual(exporter.get(path)[0], 200)

    def assert_stays_fresh(self, exporter, live, passes=PASSES):
        """What they commit reaches the page, whether the hang is told yet or not; how soon it does
        is measured by tests/bench/stalls.py."""
        for _ in range(passes):
            for name, application in live.items():
                self.await_commit(exporter, application, name)
            self.assert_up(self.page(exporter), live)

    def assert_ends(self, exporter, number):
        """Though a mount hangs: nobody wakes it up."""
        os.kill(exporter.process.pid, number)
        self.assertEqual(exporter.process.wait(support.PATIENCE), 0)


class HangTest(StallTestCase):
    def test_a_server_that_hangs_stalls_its_own_databases_and_nothing_else(self):
        mount = self.filesystem("mnt")
        live = self.live("near1", "near2", "near3")
        far = [f"mnt/far{number}" for number in range(4)]
        self.closed(*far)
        # One who has a database on either side stalls neither's looks at the other.
        live["near1"].exec(f"attach '{mount.path('far0.db')}' as far",
                           "pragma far.journal_mode=wal")
        exporter = self.exporter(*self.paths(*live, *far), interval=f"{INTERVAL}s")
        self.await_up(exporter, *live, *far)
        self.hang(mount)
        self.assert_stays_fresh(exporter, live)
        self.await_stalled(exporter, 1)
        self.assert_goes_on(exporter, live, far)
        mount.go_on()
        self.await_up(exporter, *live, *far)
        self.await_stalled(exporter, 0)
        self.await_commit(exporter, live["near1"], "far0", "far.t")
        self.hang(mount)
        self.await_stalled(exporter, 1, live)
        self.assert_ends(exporter, signal.SIGTERM)
        self.assertEqual(len([line for line in exporter.process.stderr if "does not answer" in line
                              and f"mountpoint={mount.mountpoint}" in line]), 2)

    def test_eight_mounts_that_hang_at_once_stall_nothing_else(self):
        live = self.live("near1", "near2", "near3")
        mounts = [self.filesystem(f"mnt{number}") for number in range(8)]
        far = [f"mnt{number}/far{number}" for number in range(8)]
        self.closed(*far)
        exporter = self.exporter(*self.paths(*live, *far), interval=f"{INTERVAL}s")
        self.await_up(exporter, *live, *far)
        self.hang(*mounts)
        self.assert_stays_fresh(exporter, live)
        self.await_stalled(exporter, 8)
        self.assert_goes_on(exporter, live, far)
        for mount in mounts:
            mount.go_on()
        self.await_up(exporter, *live, *far)
        self.await_stalled(exporter, 0)
        self.hang(*mounts)
        self.await_stalled(exporter, 8, live)
        self.assert_ends(exporter, signal.SIGINT)

    def start_while_these_hang(self, count):
        live = self.live("near1", "near2", "near3")
        mounts = [self.filesystem(f"mnt{number}") for number in range(count)]
        far = [f"mnt{number}/far{number}" for number in range(count)]
        self.closed(*far)
        self.hang(*mounts)
        exporter = self.exporter(*self.paths(*far, *live))
        self.await_up(exporter, *live)
        self.await_stalled(exporter, count, live)
        # A file that the configuration names is up 0 before it was ever seen.
        self.assert_goes_on(exporter, live, far)
        for mount in mounts:
            mount.go_on()
        self.await_up(exporter, *live, *far)
        self.await_stalled(exporter, 0)

    def test_a_mount_that_hangs_at_the_start(self):
        self.start_while_these_hang(1)

    def test_eight_mounts_that_hang_at_the_start(self):
        self.start_while_these_hang(8)

    def test_a_job_that_hangs_since_a_moment_does_not_keep_the_process(self):
        mount = self.filesystem("mnt")
        requests = self.requests()
        live = self.live("near")
        self.closed("mnt/far")
        for number in (signal.SIGTERM, signal.SIGINT):
            exporter = self.exporter(*self.paths(*live, "mnt/far"))
            self.await_up(exporter, *live, "mnt/far")
            self.hang(mount)
            support.await_that(lambda: requests(mount) > 0, "a look that waits for its answer")
            self.assert_ends(exporter, number)
            mount.go_on()
        # Nor one of the very first pass.
        self.hang(mount)
        support.await_that(lambda: requests(mount) == 0, "the last look to be gone")
        exporter = support.Exporter(*self.paths(*live, "mnt/far"))
        self.addCleanup(exporter.end)
        support.await_that(lambda: requests(mount) > 0, "a look that waits for its answer")
        self.assert_ends(exporter, signal.SIGTERM)


class FailTest(StallTestCase):
    def test_reads_that_fail_are_errors_of_their_own_databases(self):
        mount = self.filesystem("mnt")
        live = self.live("near")
        self.closed("mnt/far")
        exporter = self.exporter(*self.paths(*live, "mnt/far"))
        self.await_up(exporter, *live, "mnt/far")
        mount.fail("read")
        exporter.await_sample('sqlite_up{database="far"} 0')
        counted = lambda page: support.value(page, "sqlite_exporter_collector_errors_total",
                                             collector="look", reason="io")
        for _ in range(PASSES):
            before = counted(self.page(exporter))
            self.assert_goes_on(exporter, live, ["far"], passes=1)
            support.await_that(lambda: counted(self.page(exporter)) > before, "one more error")
        self.assertEqual(support.value(self.page(exporter), "sqlite_exporter_stalled_mounts"), 0)
        mount.heal()
        self.await_up(exporter, *live, "mnt/far")

    def test_a_folder_that_cannot_be_read_is_not_an_empty_one(self):
        mount = self.filesystem("mnt")
        live = self.live("near")
        self.closed("mnt/far")
        exporter = self.exporter("--config.file=" + self.config(f"""
            [discovery]
            rescan_interval = "1s"
            [[database]]
            path = "{self.path("near.db")}"
            [[database]]
            path = "{self.path("mnt/*.db")}"
            """))
        self.await_up(exporter, *live, "mnt/far")
        mount.fail("readdir")
        failed = lambda: support.value(
            self.page(exporter), "sqlite_exporter_collector_errors_total", collector="discovery",
            reason="io") > 0
        support.await_that(failed, "a walk that meets the fault")
        for _ in range(PASSES):
            self.assertEqual(support.value(exporter.metrics(), "sqlite_up", database="far"), 1)
        # Nor when nothing can be read at all, as on a disk that was pulled out.
        mount.fail("read")
        exporter.await_sample('sqlite_up{database="far"} 0')
        for _ in range(PASSES):
            self.assert_stalled(exporter.metrics(), "far")
        mount.heal()
        self.await_up(exporter, *live, "mnt/far")


class FilesystemTest(StallTestCase):
    def told(self, page, mount):
        """Families of how full filesystems are: those told of this mount, those of others."""
        lines = [line for line in support.samples(page) if line.startswith("sqlite_filesystem_")
                 and not line.startswith("sqlite_filesystem_risk")]
        here = f'mountpoint="{mount.mountpoint}"'
        return ({line.split("{")[0] for line in lines if here in line},
                {line.split("{")[0] for line in lines if here not in line})

    def await_told(self, exporter, mount, families):
        support.await_that(lambda: self.told(self.page(exporter), mount) == families,
                           f"{families} of {mount.mountpoint}")

    def test_how_full_a_filesystem_is_that_does_not_tell_is_left_out(self):
        mount = self.filesystem("mnt")
        live = self.live("near", "mnt/far")
        exporter = self.exporter(*self.paths(*live))
        self.await_up(exporter, *live)
        far, near = self.told(exporter.metrics(), mount)
        for families in (far, near):
            self.assertIn("sqlite_filesystem_readonly", families)

        mount.fail("statfs")
        self.await_told(exporter, mount, (set(), near))
        for _ in range(PASSES):
            # Nothing else was asked of it that it does not answer.
            self.await_commit(exporter, live["near"], "near")
            self.await_commit(exporter, live["mnt/far"], "far")
            page = exporter.metrics()
            self.assert_up(page, ("near", "far"))
            self.assertEqual(self.told(page, mount), (set(), near))
            self.assertEqual(support.value(page, "sqlite_exporter_stalled_mounts"), 0)
            self.assertGreater(support.value(page, "sqlite_exporter_collector_errors_total",
                                             collector="filesystem", reason="io"), 0)
        mount.heal()
        self.await_told(exporter, mount, (far, near))

    def test_how_full_a_filesystem_is_that_hangs_is_left_out(self):
        mount = self.filesystem("mnt")
        live = self.live("near")
        self.closed("mnt/far")
        exporter = self.exporter(*self.paths(*live, "mnt/far"))
        self.await_up(exporter, *live, "mnt/far")
        far, near = self.told(exporter.metrics(), mount)
        self.hang(mount)
        self.await_stalled(exporter, 1, live)
        for _ in range(PASSES):
            self.assert_goes_on(exporter, live, ["mnt/far"], passes=1)
            self.assertEqual(self.told(self.page(exporter), mount), (set(), near))
        mount.go_on()
        self.await_told(exporter, mount, (far, near))
        self.await_stalled(exporter, 0)


class DiscoveryTest(StallTestCase):
    def test_what_a_pattern_finds_elsewhere_stays_and_grows(self):
        # One pattern that leads into a mount that hangs and beside it, one that lies on another.
        mounts = [self.filesystem("sites/far"), self.filesystem("mnt")]
        live = self.live("sites/near/app")
        self.closed("sites/far/app", "mnt/app")
        exporter = self.exporter("--config.file=" + self.config("".join(
            f'[[database]]\npath = "{self.path(pattern)}"\n'
            for pattern in ("sites/*/*.db", "mnt/*.db", "plain/*.db"))))
        for name in ("near/app", "far/app", "app"):
            exporter.await_sample(f'sqlite_up{{database="{name}"}} 1')
        self.hang(*mounts)
        for name in ("far/app", "app"):
            exporter.await_sample(f'sqlite_up{{database="{name}"}} 0')
        self.await_commit(exporter, live["sites/near/app"], "near/app")
        self.live("plain/late", "sites/near/late")
        for name in ("late", "near/late", "near/app"):
            exporter.await_sample(f'sqlite_up{{database="{name}"}} 1')
        self.await_stalled(exporter, 2)
        for mount in mounts:
            mount.go_on()
        for name in ("late", "near/late", "near/app", "far/app", "app"):
            exporter.await_sample(f'sqlite_up{{database="{name}"}} 1')

    def test_a_symbolic_link_into_a_mount_that_hangs(self):
        mount = self.filesystem("mnt")
        self.closed("mnt/far")
        os.symlink(mount.path("far.db"), self.path("link.db"))
        self.hang(mount)
        live = self.live("near1", "near2")
        exporter = self.exporter(*self.paths("link", *live))
        self.await_up(exporter, *live)
        self.assert_goes_on(exporter, live, ())
        mount.go_on()
        self.await_up(exporter, "link", *live)


class ReloadTest(StallTestCase):
    RELOADED = "sqlite_exporter_config_last_reload_successful"

    def configure(self, *names):
        return self.config("".join(f'[[database]]\npath = "{path}"\n'
                                   for path in self.paths(*names)))

    def reload(self, exporter, *names):
        self.configure(*names)
        os.kill(exporter.process.pid, signal.SIGHUP)

    def await_gone(self, exporter, name):
        support.await_that(lambda: f'database="{name}"' not in self.page(exporter),
                           f"{name} to be forgotten")

    def test_a_reload_while_a_mount_hangs(self):
        mount = self.filesystem("mnt")
        live = self.live("near1", "near2", "near3")
        self.closed("mnt/far")
        exporter = self.exporter("--config.file=" + self.configure("near1", "near2", "mnt/far"))
        self.await_up(exporter, "near1", "near2", "far")
        self.await_commit(exporter, live["near1"], "near1")
        self.hang(mount)
        self.await_stalled(exporter, 1)

        self.reload(exporter, "near1", "near3", "mnt/far")
        self.await_up(exporter, "near3")
        self.await_gone(exporter, "near2")
        exporter.await_sample(self.RELOADED + " 1")
        exporter.await_sample('sqlite_transactions_total{database="near1"} 1')
        live.pop("near2")
        self.assert_goes_on(exporter, live, ["far"], passes=1)

        self.config("no configuration")
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample(self.RELOADED + " 0")
        self.assert_goes_on(exporter, live, ["far"], passes=1)

        self.reload(exporter, "near1", "near3")
        exporter.await_sample(self.RELOADED + " 1")
        self.await_gone(exporter, "far")
        self.assert_goes_on(exporter, live, (), passes=1)

        self.reload(exporter, "near1", "near3", "mnt/far")
        mount.go_on()
        self.await_up(exporter, "near1", "near3", "far")
        exporter.await_sample('sqlite_transactions_total{database="near1"} 4')
        self.await_stalled(exporter, 0)
        self.assert_ends(exporter, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

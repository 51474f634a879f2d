"""Links that one user puts into a watched folder give him nothing of another's."""

import os
import sys
import unittest

import sql
import support

ONE, OTHER = 4001, 4002
SECRET = "a row of another"


@unittest.skipUnless(os.geteuid() == 0, "only root can give files to others")
class LinksTest(support.TestCase):
    """Each has a query on all databases, whose rows are labels on the page."""

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.applications = {}
        for name, owner in (("one", ONE), ("other", OTHER)):
            os.mkdir(self.path(name), mode=0o700)
            os.mkdir(self.path(name, "app"), mode=0o700)
            os.chown(self.path(name), owner, owner)
            os.chown(self.path(name, "app"), owner, owner)
        self.secret = self.database("other/app/secret.db", OTHER, SECRET)
        self.database("one/app/own.db", ONE, "his own row")

    def path(self, *names):
        return super().path(os.path.join(*names))

    def database(self, name, owner, row):
        app = self.applications[name] = self.application(name)
        app.exec("pragma journal_mode=wal", "create table t(x)",
                 f"insert into t values ('{row}')")
        for end in ("", "-wal", "-shm"):
            os.chown(self.path(name) + end, owner, owner)
            os.chmod(self.path(name) + end, 0o600)
        return self.path(name)

    def link(self, target, name, owner=ONE):
        os.symlink(target, self.path(name))
        os.chown(self.path(name), owner, owner, follow_symlinks=False)

    def running(self, pattern="one/*/*.db"):
        config = self.config(f"[[database]]\npath = '{self.path(pattern)}'\n" +
                             sql.query("rows", "select x as name, 1 as v from t", labels=("name",)))
        return self.exporter("--config.file=" + config)

    def await_row(self, exporter, row):
        support.await_that(lambda: f'name="{row}"' in exporter.page(), row)

    def check_nothing_is_given_away(self, exporter, *, refused):
        """Over some passes, in which queries run."""
        self.await_row(exporter, "his own row")
        exporter.await_sample(f"sqlite_exporter_discovery_refused_links {refused}")
        for _ in range(4):
            page = exporter.metrics()
            self.assertNotIn(SECRET, page)
            self.assertNotIn(self.secret, page)

    def test_a_link_to_the_file(self):
        self.link(self.secret, "one/app/link.db")
        self.check_nothing_is_given_away(self.running(), refused=1)

    def test_a_link_to_the_folder(self):
        self.link(self.path("other/app"), "one/link")
        self.check_nothing_is_given_away(self.running(), refused=1)

    def test_a_link_to_a_link(self):
        self.link(self.secret, "one/.first")
        self.link("../.first", "one/app/second.db")
        self.check_nothing_is_given_away(self.running(), refused=1)

    def test_a_link_in_the_place_of_a_file_that_is_watched(self):
        self.database("one/app/swapped.db", ONE, "another of his own")
        exporter = self.running()
        self.await_row(exporter, "another of his own")
        os.rename(self.path("one/app/swapped.db"), self.path("one/app/kept"))
        self.link(self.secret, "one/app/swapped.db")
        self.check_nothing_is_given_away(exporter, refused=1)

    def test_a_link_in_the_place_of_a_folder_that_is_watched(self):
        os.mkdir(self.path("one/swapped"), mode=0o700)
        os.chown(self.path("one/swapped"), ONE, ONE)
        self.database("one/swapped/secret.db", ONE, "another of his own")
        exporter = self.running()
        self.await_row(exporter, "another of his own")
        os.rename(self.path("one/swapped"), self.path("one/.kept"))
        self.link(self.path("other/app"), "one/swapped")
        self.check_nothing_is_given_away(exporter, refused=1)

    def test_a_wal_that_is_a_link(self):
        app = self.database("one/app/mixed.db", ONE, "another of his own")
        os.rename(app + "-wal", self.path("one/kept"))
        self.link(self.secret + "-wal", "one/app/mixed.db-wal")
        self.check_nothing_is_given_away(self.running(), refused=0)

    def elsewhere(self):
        """A database of the other user, on a filesystem of its own."""
        folder = self.mount("elsewhere", "-t", "tmpfs", "none")
        self.secret = self.database("elsewhere/secret.db", OTHER, SECRET)
        os.chown(folder, OTHER, OTHER)
        return folder

    def test_a_link_to_another_filesystem(self):
        folder = self.elsewhere()
        self.link(self.secret, "one/app/link.db")
        self.link(folder, "one/link")
        self.check_nothing_is_given_away(self.running(), refused=2)

    def test_a_path_that_is_named_and_leads_to_another_filesystem(self):
        self.elsewhere()
        self.link(self.secret, "one/app/link.db")
        exporter = self.running("one/app/link.db")
        exporter.await_sample("sqlite_exporter_discovery_refused_links 1")
        for _ in range(4):
            page = exporter.metrics()
            self.assertNotIn(SECRET, page)
            self.assertNotIn(self.secret, page)
            self.assertNotIn('sqlite_up{database="link"} 1', page)

    def shared(self, owner, name):
        """A folder that everybody may write in."""
        os.mkdir(self.path(name))
        os.chown(self.path(name), owner, owner)
        os.chmod(self.path(name), 0o1777)

    def check_replaced(self, end_of_his):
        """His own, watched through his link, is unlinked, and another's comes to lie there."""
        self.shared(0, "shared")
        self.database("shared/w.db", ONE, "another of his own")
        self.link(self.path("shared/w.db"), "one/app/link.db")
        exporter = self.running()
        self.await_row(exporter, "another of his own")
        end_of_his(self.applications["shared/w.db"])
        for end in ("", "-wal", "-shm"):
            os.remove(self.path("shared/w.db") + end)
        self.secret = self.database("shared/w.db", OTHER, SECRET)

        def is_unwatched():
            page = exporter.metrics()
            self.assertNotIn(SECRET, page)
            return 'database="app/link"' not in page

        support.await_that(is_unwatched, "an end, though it is in use")
        self.check_nothing_is_given_away(exporter, refused=1)

    def test_a_file_of_another_in_the_place_of_what_a_link_leads_to(self):
        self.check_replaced(lambda application: application.kill())

    def test_a_file_of_another_in_the_place_of_one_that_its_owner_has_open(self):
        self.check_replaced(lambda application: None)

    def test_files_of_another_beside_what_a_link_leads_to_give_no_rows(self):
        self.database("one/real.db", ONE, SECRET)
        self.link("../real.db", "one/app/link.db")
        os.chown(self.path("one/real.db-wal"), OTHER, OTHER)
        exporter = self.running()
        self.await_row(exporter, "his own row")
        exporter.await_sample('sqlite_query_success{database="app/link",query="rows"} 0')
        page = exporter.metrics()
        self.assertIn('sqlite_up{database="app/link"} 1', page)
        self.assertNotIn(SECRET, page)

    def test_a_file_of_another_in_a_folder_that_a_link_leads_to(self):
        self.shared(ONE, "shared")
        self.secret = self.database("shared/theirs.db", OTHER, SECRET)
        self.database("shared/his.db", ONE, "another of his own")
        self.link(self.path("shared"), "one/link")
        exporter = self.running()
        self.await_row(exporter, "another of his own")
        self.check_nothing_is_given_away(exporter, refused=1)

    def test_a_file_of_another_in_a_mount_below_a_folder_that_a_link_leads_to(self):
        self.shared(ONE, "shared")
        os.chmod(self.mount("shared/mounted", "-t", "tmpfs", "none"), 0o1777)
        self.secret = self.database("shared/mounted/theirs.db", OTHER, SECRET)
        self.database("shared/mounted/his.db", ONE, "another of his own")
        self.link(self.path("shared"), "one/link")
        exporter = self.running("one/link/*/*.db")
        self.await_row(exporter, "another of his own")
        exporter.await_sample("sqlite_exporter_discovery_refused_links 1")
        for _ in range(4):
            page = exporter.metrics()
            self.assertNotIn(SECRET, page)
            self.assertNotIn(self.secret, page)

    def test_links_of_root_and_of_the_owner_are_followed(self):
        self.link(self.path("one/app/own.db"), "one/app/by_himself.db")
        self.link(self.secret, "one/app/by_root.db", owner=0)
        exporter = self.running()
        self.await_row(exporter, SECRET)
        exporter.await_sample("sqlite_exporter_discovery_refused_links 0")

    def test_a_path_that_is_named_is_told_why_it_is_not_opened(self):
        self.link(self.secret, "one/app/link.db")
        exporter = self.running("one/app/link.db")
        exporter.await_sample("sqlite_exporter_discovery_refused_links 1")
        page = exporter.metrics()
        self.assertNotIn("sqlite_up{", page)
        self.assertNotIn(SECRET, page)
        self.assertEqual(exporter.stop(), 0)
        self.assertRegex("".join(exporter.log),
                         "a symbolic link of the user 4001 leads to .*secret.db of the user 4002")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

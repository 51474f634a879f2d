"""The metrics of one moment: printed, or in a file that a real node_exporter serves."""

import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

import fuse
import monitoring
import support
from sql import query

KERNELS_COUNTERS = "sqlite_cgroup_"  # they do not begin with the process that reads them


def families(page):
    """Their types, by name."""
    return dict(re.findall(r"^# TYPE (\S+) (\w+)$", page, re.M))


class NodeExporter(monitoring.Program):
    """With its textfile collector alone."""

    def __init__(self, add_cleanup, folder):
        super().__init__(add_cleanup, folder, "prometheus-node-exporter",
                         "--collector.disable-defaults", "--collector.textfile",
                         "--collector.textfile.directory=" + folder)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("node_exporter ended")
        try:
            return support.http_get(f"http://{self.address}/")[0] == 200
        except OSError:
            return False

    def page(self):
        return support.http_get(f"http://{self.address}/metrics")[2]


class OnceTest(fuse.TestCase):
    def live(self, name="app.db"):
        return self.application(name).exec("pragma journal_mode=wal", "create table t(x)",
                                           "insert into t values (1), (2)")

    def once(self, *arguments):
        code, page, err = support.run("--once", *arguments)
        self.assertEqual((code, err), (0, ""))
        return page

    def test_two_files_of_one_name_are_told_apart(self):
        for folder in ("a", "b"):
            os.mkdir(self.path(folder))
            self.live(folder + "/app.db")
        files = self.path("a/app.db"), self.path("b/app.db")
        page = self.once(*files)
        self.assertIn('sqlite_up{database="a/app"} 1', page)
        self.assertIn('sqlite_up{database="b/app"} 1', page)
        exporter = self.exporter(*files)
        exporter.await_sample('sqlite_up{database="b/app"} 1')
        _, out, _ = support.run("--selftest", *files)
        self.assertRegex(out, r"(?m)^a/app: ")
        self.assertRegex(out, r"(?m)^b/app: ")

    def test_it_says_what_the_daemon_says_but_what_begins_with_a_process(self):
        self.live()
        reader = self.application("app.db")
        reader.exec("begin", "select * from t")
        self.live("other.db").exec("insert into t values (3)")
        self.application("app.db").exec("insert into t values (3)")
        exporter = self.exporter(self.path("*.db"))
        exporter.await_sample('sqlite_checkpoint_blocked{database="app",cause="reader"} 1')
        theirs = families(exporter.metrics())
        page = self.once(self.path("*.db"))
        ours = families(page)
        self.assertIn("sqlite_reader_pinned_frames", ours)
        lost = {name for name in theirs if name not in ours}
        for name in lost:
            self.assertTrue(theirs[name] != "gauge" or name.startswith("process_"), name)
        for name, kind in ours.items():
            self.assertTrue(kind == "gauge" or name.startswith(KERNELS_COUNTERS), name)
        for sample in ('sqlite_up{database="app"} 1', 'sqlite_wal_frames{database="other"} 4',
                       'sqlite_exporter_config_last_reload_successful 1'):
            self.assertIn(sample, support.samples(page))

    def test_the_page_is_one_that_prometheus_takes(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        self.live()
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.once(
            self.path("app.db")), capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_queries_have_run(self):
        self.live("one.db")
        self.live("two.db")
        slow = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)"
        config = self.config(
            f"[[database]]\npath = '{self.path('*.db')}'\n"
            + query("rows", "select count(*) as v from t")
            + query("slow", slow + " select max(i) as v from n"))
        samples = support.samples(self.once("--config.file=" + config))
        for database in ("one", "two"):
            self.assertIn(f'shop_rows{{database="{database}"}} 2', samples)
            self.assertIn(f'shop_slow{{database="{database}"}} 300000', samples)

    def test_a_mount_that_hangs_is_told_and_not_waited_for(self):
        mount = self.filesystem("mount")
        self.application("mount/far.db").exec("create table t(x)").stop()
        self.live()
        self.hang(mount)
        code, page, err = support.run("--once", self.path("app.db"), mount.path("far.db"))
        self.assertEqual(code, 0)
        self.assertIn('msg="mount does not answer', err)
        samples = support.samples(page)
        self.assertIn('sqlite_up{database="app"} 1', samples)
        self.assertEqual([line for line in samples if 'database="far"' in line],
                         ['sqlite_up{database="far"} 0'])

    def test_a_signal_ends_it_while_a_mount_hangs(self):
        mount = self.filesystem("mount")
        self.application("mount/far.db").exec("create table t(x)").stop()
        self.live()
        self.hang(mount)
        process = subprocess.Popen([support.EXPORTER, "--once", self.path("app.db"),
                                    mount.path("far.db")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("mount does not answer", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=support.PATIENCE)
        self.assertIn(process.returncode, (0, 1))  # 0: it had told all that it could
        self.assertEqual(out == "", process.returncode == 1, err)

    def test_bad_input(self):
        for arguments in (["--textfile=" + self.path("a.prom"), self.path("app.db")],
                          ["--once", "--textfile=" + self.path("app.db"), self.path("app.db")],
                          ["--once", "--selftest", self.path("app.db")],
                          ["--once", "describe", "metrics"]):
            with self.subTest(arguments):
                code, out, err = support.run(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, r"\Asqlite_exporter: [^\n]+\n\Z")

    def test_node_exporter_serves_the_file(self):
        if not shutil.which("prometheus-node-exporter"):
            self.skipTest("prometheus-node-exporter is not installed")
        app = self.live()
        os.mkdir(self.path("textfile"))
        textfile = self.path("textfile/sqlite.prom")
        node_exporter = NodeExporter(self.addCleanup, self.path("textfile"))
        for rows in (2, 3):
            self.assertEqual(self.once("--textfile=" + textfile, self.path("app.db")), "")
            page = node_exporter.page()
            samples = support.samples(page)
            self.assertIn("node_textfile_scrape_error 0", samples)
            self.assertIn('sqlite_up{database="app"} 1', samples)
            self.assertEqual(support.value(page, "sqlite_wal_frames", database="app"), rows + 1)
            app.exec("insert into t values (3)")
        left = set(os.listdir(self.path("textfile"))) - {os.path.basename(node_exporter.log)}
        self.assertEqual(left, {"sqlite.prom"})

    def test_who_reads_the_old_file_reads_it_to_its_end(self):
        app = self.live()
        textfile = self.path("sqlite.prom")
        self.once("--textfile=" + textfile, self.path("app.db"))
        with open(textfile, encoding="utf-8") as file:
            begun = file.read(100)
            with open(textfile, encoding="utf-8") as again:
                whole = again.read()
            app.exec("insert into t values (3)")
            self.once("--textfile=" + textfile, self.path("app.db"))
            self.assertEqual(begun + file.read(), whole)
        with open(textfile, encoding="utf-8") as file:
            self.assertNotEqual(file.read(), whole)
        self.assertEqual(os.stat(textfile).st_mode & 0o777, 0o644)

    def test_where_it_cannot_be_written_the_old_file_stays(self):
        self.live()
        folder = self.mount("small", "-t", "tmpfs", "-o", "size=8k,mode=755", "scratch")
        textfile = os.path.join(folder, "sqlite.prom")
        with open(textfile, "w", encoding="ascii") as file:
            file.write("old 1\n" + 4000 * "#")
        code, out, err = support.run("--once", "--textfile=" + textfile, self.path("app.db"))
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, rf"\Asqlite_exporter: write {textfile}: No space left on device\n\Z")
        with open(textfile, encoding="ascii") as file:
            self.assertTrue(file.read().startswith("old 1\n"))
        self.assertEqual(os.listdir(folder), ["sqlite.prom"])
        absent = self.path("absent/sqlite.prom")
        code, _, err = support.run("--once", "--textfile=" + absent, self.path("app.db"))
        self.assertEqual((code, err), (1, f"sqlite_exporter: write {absent}: No such file or "
                                          "directory\n"))


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

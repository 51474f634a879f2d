"""The program as its user meets it: arguments, exit codes, one sentence, HTTP, a clean stop."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

import sql
import support


class ProgramTest(support.TestCase):
    def test_without_arguments_it_explains_itself(self):
        if os.path.exists("/etc/sqlite_exporter/sqlite_exporter.toml"):
            self.skipTest("this machine has the default configuration file")
        code, out, err = support.run()
        self.assertEqual((code, out), (2, ""))
        for word in ("demo", "--config.file", "*.db"):
            self.assertIn(word, err)

    def test_bad_input_is_one_sentence_and_exit_code_2(self):
        bad = self.config('[poll]\nintervall = "5s"\n')
        for arguments in (["--config.file=" + bad], ["check-config", bad], ["--no-such-flag"],
                          ["--config.file=" + self.path("absent.toml")],
                          ["--poll.interval=0s", "/x.db"], ["--web.listen-address=x", "/x.db"],
                          ["--path.rootfs=" + self.path("absent"), "/x.db"],
                          ["--path.procfs=" + bad, "/x.db"], ["--path.sysfs=sys", "/x.db"],
                          ["inspect", "--path.procfs=" + bad, "/x.db"],
                          ["describe", "everything"]):
            with self.subTest(arguments):
                code, out, err = support.run(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, r"\Asqlite_exporter: [^\n]+\n\Z")
        self.assertIn(bad + ":2:", support.run("check-config", bad)[2])

    def test_check_config_says_ok(self):
        good = self.config('[[database]]\npath = "/var/lib/app/*.db"\n')
        self.assertEqual(support.run("check-config", good), (0, good + ": ok\n", ""))

    def test_check_config_refuses_statements_that_the_worker_would(self):
        for refused, why in (("delete from t", "no SELECT"),
                             ("with a as (select 1) delete from t", "no SELECT"),
                             ("select v from t; drop table t", "more than one statement"),
                             ("select v form t", "syntax error"),
                             ("select 1 as v where (", "incomplete input"),
                             ("select unheard_of(1) as v", "no such function"),
                             ("select quick_check as v from pragma_quick_check",
                              "more than a query may"),
                             ("select load_extension('x') as v", "more than a query may"),
                             ("pragma journal_mode = wal", "more than a query may"),
                             ("-- nothing", "no statement"),
                             ("select 1 as w", "no column")):
            with self.subTest(refused):
                file = self.config("[[database]]\npath = '/x.db'\n" + sql.query("q", refused))
                code, out, err = support.run("check-config", file)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, r"\Asqlite_exporter: [^\n]+\n\Z")
                self.assertIn(file + ':6:7: key "query.sql" is refused: ', err)
                self.assertIn(why, err)

    def test_check_config_does_not_ask_for_tables(self):
        for good in ("select v from t", "select t.v from a.t join u using (x);  -- all",
                     "with a as (select 1 as v) select v from a",
                     "select count(*) as v from t where [delete] = 'x;' and replace(v, 1, 2)",
                     "select * from pragma_table_info('t') join (select 1 as v)",
                     "select bm25(t) as v from t where t match 'x'",
                     "with recursive n(v) as (select 1 union all select v + 1 from n) "
                     "select max(v) as v from n"):
            with self.subTest(good):
                file = self.config("[[database]]\npath = '/x.db'\n" + sql.query("q", good))
                self.assertEqual(support.run("check-config", file), (0, file + ": ok\n", ""))

    def test_version_and_help(self):
        self.assertRegex(support.run("--version")[1], r"^sqlite_exporter \d+\.\d+\.\d+")
        self.assertIn("--web.listen-address", support.run("--help")[1])

    def test_the_reference_in_docs_is_what_the_program_prints(self):
        documents = {"metrics.md": ["metrics"], "configuration.md": ["config"],
                     "man/sqlite_exporter.1": ["flags"],
                     "man/sqlite_exporter.toml.5": ["config", "--format=man"],
                     "completions/sqlite_exporter.bash": ["completion"],
                     "completions/sqlite_exporter.fish": ["completion", "--format=fish"],
                     "completions/sqlite_exporter.zsh": ["completion", "--format=zsh"]}
        for document, topic in documents.items():
            with open(os.path.join(support.SOURCE_DIR, "docs", document),
                      encoding="utf-8") as file:
                self.assertEqual(file.read(), support.run("describe", *topic)[1],
                                 document + " is stale: run ./dev docs")

    def test_an_address_in_use_is_one_sentence(self):
        exporter = self.exporter(self.path("app.db"))
        code, _, err = support.run("--web.listen-address=" + exporter.address, self.path("app.db"))
        self.assertNotEqual(code, 0)
        self.assertRegex(err, r"\Asqlite_exporter: [^\n]*" + exporter.address + r"[^\n]*\n\Z")

    def test_sigterm_and_sigint_end_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            exporter = self.exporter(self.path("app.db"))
            self.assertEqual(exporter.stop(number), 0)
            self.assertIn('msg="stopping"', exporter.log[-1])

    def test_only_changes_of_state_are_logged(self):
        app = self.application("app.db")
        app.exec("create table t(x)")
        exporter = self.exporter(self.path("app.db"), self.path("late.db"))
        for _ in range(3):
            exporter.metrics()
        late = self.application("late.db")
        late.exec("create table t(x)")
        exporter.await_sample('sqlite_database_pages{database="late"} 2')
        exporter.stop()
        lines = [line for line in exporter.log if "database=" in line]
        self.assertEqual(len(lines), 3, lines)
        for line in exporter.log:
            self.assertRegex(line, r"^time=\S+Z level=(info|warn) msg=")

    def test_a_log_that_nobody_reads_holds_up_nothing(self):
        # A line for each, and of each in a folder of its own: far more than a pipe holds.
        names = [self.path(f"{number}/absent{number}.db") for number in range(1000)]
        exporter = self.exporter(*names, interval="1s")
        exporter.await_sample("sqlite_exporter_databases 1000")
        self.assert_lost_lines_and_ends(exporter)

    def assert_lost_lines_and_ends(self, exporter):
        lost = support.value(exporter.page(), "sqlite_exporter_log_lines_lost_total")
        self.assertGreater(lost, 0)
        os.kill(exporter.process.pid, signal.SIGTERM)
        self.assertEqual(exporter.process.wait(support.PATIENCE), 0)

    def test_a_log_whose_reader_is_gone_ends_nothing(self):
        exporter = self.exporter(self.path("app.db"))
        exporter.process.stderr.close()
        self.application("app.db").exec("create table t(x)")  # which it would tell
        exporter.await_sample('sqlite_database_state{database="app",state="rollback_idle"} 1')
        self.assert_lost_lines_and_ends(exporter)

    def test_closed_standard_descriptors_are_no_trap(self):
        application = self.application("app.db").exec("create table t(x)")
        self.addCleanup(application.stop)
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            with self.subTest(closed):
                def close(closed=closed):
                    for number in closed:
                        os.close(number)

                done = subprocess.run([support.EXPORTER, "inspect", self.path("app.db")],
                                      preexec_fn=close, check=False)
                self.assertIn(done.returncode, (0, 2) if 1 in closed else (0,))

    def test_nohup_keeps_it_where_there_is_nothing_to_reload(self):
        exporter = support.Exporter(self.path("app.db"), prefix=("nohup",))
        self.addCleanup(exporter.end)
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.metrics()
        self.assertEqual(exporter.stop(), 0)

    def test_a_flag_wins_over_the_file(self):
        self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)")
        config = self.config(f"""
            [[database]]
            path = "{self.path("app.db")}"
            [collector.wal]
            enabled = false
            """)
        for flag, expected in (("", False), ("--collector.wal", True)):
            flags = [flag] if flag else []
            exporter = self.exporter("--config.file=" + config, *flags)
            self.assertEqual("sqlite_wal_frames{" in exporter.metrics(), expected)
            exporter.stop()

    def test_permission_denied_is_a_state_of_one_database(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to run the exporter as somebody else")
        os.chmod(self.folder, 0o755)
        for name in ("open.db", "closed.db"):
            self.application(name).exec("create table t(x)")
        os.chmod(self.path("closed.db"), 0o600)
        exporter = self.exporter(self.path("open.db"), self.path("closed.db"),
                                 prefix=("setpriv", "--reuid=65534", "--regid=65534",
                                         "--clear-groups"))
        page = exporter.metrics()
        self.assertEqual(support.value(page, "sqlite_up", database="open"), 1)
        self.assertEqual(support.value(page, "sqlite_up", database="closed"), 0)
        self.assertGreater(support.value(page, "sqlite_exporter_collector_errors_total",
                                         collector="look", reason="denied"), 0)
        exporter.metrics()
        exporter.stop()
        said = [line for line in exporter.log if "reason=denied" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn("CAP_DAC_READ_SEARCH", said[0])


class StallTest(support.TestCase):
    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_a_mount_that_hangs_stalls_its_own_databases_and_nothing_else(self):
        self.mount("mnt", "-t", "tmpfs", "none")
        good = self.application("good.db").exec("create table t(x)")
        self.application("mnt/hung.db").exec("create table t(x)").stop()
        # Every open of these files takes twenty seconds, as on a disk that is failing: that of the
        # full look and that of the sampler.
        exporter = self.exporter(
            self.path("good.db"), self.path("mnt/hung.db"),
            prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-P", self.path("mnt/hung.db"),
                    "-P", self.path("mnt/hung.db-shm"), "-e", "trace=openat2",
                    "-e", "inject=openat2:delay_enter=20s"))
        good.exec("pragma journal_mode=wal", "insert into t values (0)")
        exporter.await_sample('sqlite_database_state{database="good",state="wal_live"} 1')
        exporter.await_sample("sqlite_exporter_stalled_mounts 1")
        counted = lambda: support.value(exporter.metrics(), "sqlite_transactions_total",
                                        database="good")
        for _ in range(3):
            before = counted()
            good.exec("insert into t values (1)")
            support.await_that(lambda: counted() > before, "the counter to move")
            page = exporter.metrics()
            self.assertEqual(support.value(page, "sqlite_up", database="good"), 1)
            self.assertEqual(support.value(page, "sqlite_up", database="hung"), 0)
            self.assertEqual([line for line in support.samples(page) if 'database="hung"' in line],
                             ['sqlite_up{database="hung"} 0'])
        self.assertEqual(exporter.stop(), 0)


class HttpTest(support.TestCase):
    def request(self, exporter, method, path):
        connection = http.client.HTTPConnection(exporter.address, timeout=support.PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    def test_routes_methods_and_headers(self):
        exporter = self.exporter(self.path("app.db"))
        status, headers, body = self.request(exporter, "GET", "/metrics")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIsNone(headers["Access-Control-Allow-Origin"])
        self.assertIn(b"sqlite_up", body)
        status, headers, body = self.request(exporter, "HEAD", "/metrics")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["Content-Length"]), 100)
        for path in ("/", "/-/healthy", "/-/ready", "/metrics?x=1"):
            self.assertEqual(self.request(exporter, "GET", path)[0], 200, path)
        for path in ("/metrics/x", "/etc/passwd", "/../etc/passwd", "/%2e%2e/etc/passwd"):
            self.assertEqual(self.request(exporter, "GET", path)[0], 404, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.request(exporter, method, "/metrics")[0], 405, method)


class DemoTest(support.TestCase):
    def test_the_demo_shows_live_databases_and_removes_everything(self):
        temporary = self.path("tmp")
        os.mkdir(temporary)
        demo = subprocess.Popen(
            [support.EXPORTER, "demo", "--web.listen-address=127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": temporary})
        lines = []

        def read_until(pattern):
            while not (lines and re.search(pattern, lines[-1])):
                line = demo.stdout.readline()
                self.assertNotEqual(line, "", lines)
                lines.append(line)
            return re.search(pattern, lines[-1])

        address = read_until(r"http://(\S+)/metrics").group(1)
        for database in ("healthy", "pinned", "rollback"):
            read_until(r"^\s*" + database)

        def moves():
            page = support.http_get(f"http://{address}/metrics")[2]
            return "sqlite_up" in page and all(
                support.value(page, "sqlite_transactions_total", database=database) > 0
                for database in ("healthy", "pinned", "rollback"))

        support.await_that(moves, "transactions of all three")
        page = support.http_get(f"http://{address}/metrics")[2]
        self.assertEqual(support.value(page, "sqlite_wal_backfilled_frames", database="pinned"), 0)
        # It names the culprit.
        read_until(r"^pinned .*pinned-reader \(pid \d+\)$")
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()
        demo.stdout.close()
        self.assertEqual(demo.wait(support.PATIENCE), 0)
        self.assertEqual(os.listdir(temporary), [])


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

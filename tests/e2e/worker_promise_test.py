"""The SQL worker's promises: no write, no lock but to read a WAL, no blame, on any kernel."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import scenes
import sql
import support

OLD_KERNEL = (sys.executable, os.path.join(support.SOURCE_DIR, "tests/support/old_kernel.py"))


class WorkerPromiseTest(scenes.EveryState):
    def config_for(self, path, *queries):
        return "--config.file=" + self.config(
            f"[[database]]\npath = '{path}'\n[sql]\nallow_rollback = true\n"
            "[sync]\ndatabases = ['*']\ninterval = '1s'\n" + "".join(queries))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipIf(os.environ.get("SANITIZED"), "the sanitizer's runtime cannot be traced")
    def test_strace_shows_reading_alone(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        before = scenes.fingerprint(data)
        trace = self.path("trace")
        exporter = self.exporter(
            self.config_for(data + "/", sql.query("rows", "select count(*) as v from t")),
            prefix=("strace", "-f", "-y", "-o", trace))
        for name in ("live", "rollback"):
            exporter.await_sample(f'sqlite_query_success{{database="{name}",query="rows"}} 1')
            exporter.await_sample(f'sqlite_query_success{{database="{name}",query="sync"}} 1')
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(scenes.fingerprint(data), before)

        by_workers, by_others = ([call for call in calls if data in call]
                                 for calls in sql.traced_calls(trace))
        self.assertGreater(len(by_workers), 0)
        for call in by_workers + by_others:
            self.assertNotRegex(call, r"^(unlink|rename|link|symlink|mkdir|mknod|creat|truncate|"
                                r"ftruncate|fallocate|pwrite|chmod|fchmod|chown|fchown|utime|"
                                r"fsync|fdatasync|flock|setxattr|fsetxattr)")
            self.assertNotRegex(call, r"^open.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)")
            self.assertNotRegex(call, "^mmap.*PROT_WRITE.*MAP_SHARED")
        locks = [call for call in by_workers if "F_SETLK" in call]
        self.assertGreater(len(locks), 4)
        for lock in locks:
            self.assertRegex(lock, "l_type=(F_RDLCK|F_UNLCK)")
            self.assertNotIn("rollback.db", lock)
        self.assertEqual([call for call in by_others if "F_SETLK" in call], [])

    def on_an_old_kernel(self):
        refused = subprocess.run([*OLD_KERNEL, "/bin/true"], capture_output=True, text=True,
                                 check=False)
        if refused.returncode != 0:
            self.skipTest("no such kernel can be played here: " + refused.stderr.strip())
        return OLD_KERNEL

    def test_a_kernel_without_landlock_and_seccomp_is_told_and_nothing_is_written_all_the_same(
            self):
        prefix = self.on_an_old_kernel()
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        os.remove(os.path.join(data, "fifo.db"))
        before = scenes.fingerprint(data)
        worker = sql.Worker(self, prefix=prefix)
        self.assertEqual(worker.hello["missing"], ["Landlock: Function not implemented",
                                                   "seccomp: Invalid argument"])
        for name in sorted(os.listdir(data)):
            for statement in ("select count(*) as v from sqlite_schema", "delete from t",
                              "pragma journal_mode = delete", "vacuum"):
                worker.ask(os.path.join(data, name), statement)
            worker.sync(os.path.join(data, name))
            self.assertEqual(scenes.locks_of(worker.process.pid), [], name)
        self.assertEqual(worker.value(os.path.join(data, "live.db"), "select 1 as v from t"), 1)
        self.assertEqual(scenes.fingerprint(data), before)

    def test_the_exporter_says_what_the_kernel_lacks(self):
        prefix = self.on_an_old_kernel()
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)")
        exporter = self.exporter(
            self.config_for(self.path("app.db"), sql.query("rows", "select 1 as v")),
            prefix=prefix)
        exporter.await_sample('sqlite_query_success{database="app",query="rows"} 1')
        self.assertEqual(support.value(exporter.page(), "sqlite_exporter_worker_sandboxed"), 0)
        self.assertEqual(exporter.stop(), 0)
        said = re.findall("level=warn msg=\"this kernel lacks a part of the SQL worker's sandbox\" "
                          "missing=(.*)", "".join(exporter.log))
        self.assertEqual(said, [json.dumps("Landlock: Function not implemented; "
                                           "seccomp: Invalid argument")])

    def test_in_another_pid_namespace_it_is_never_blamed_either(self):
        prefix = self.prefixed("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        host = self.mount("host_proc", "--bind", "/proc")
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)")
        exporter = self.exporter(
            self.config_for(self.path("app.db"),
                            sql.query("long", sql.LONG, timeout="1m", interval="1h")),
            "--path.procfs=" + host, prefix=prefix)
        support.await_that(
            lambda: any(scenes.locks_of(pid) for pid in sql.workers_of(exporter)),
            "the worker to read")
        app.exec("insert into t values (4)", "insert into t values (5)")
        sql.check_it_is_not_blamed(self, exporter)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

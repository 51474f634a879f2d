"""What may be lost although nothing is broken, and what watching leaves behind."""

import json
import os
import sys
import time
import unittest

import support

LONG_AGO = 1_000_000_000


class RisksTest(support.TestCase):

    def inspected(self, path):
        code, out, _ = support.run("inspect", "--format=json", path)
        return code, json.loads(out)[0]

    @staticmethod
    def advice(said):
        return {advice["subject"]: advice["severity"] for advice in said["advice"]}

    def closed(self, path, mode="wal"):
        app = support.Application(path)
        app.exec("pragma journal_mode=" + mode, "create table t(x)")
        app.stop()
        return path

    def test_nothing_that_is_read_has_its_atime_changed(self):
        mountpoint = self.mount("mnt", "-t", "tmpfs", "-o", "strictatime", "none")
        data = os.path.join(mountpoint, "data")
        os.mkdir(data)
        self.closed(os.path.join(data, "closed.db"))
        self.closed(os.path.join(data, "rollback.db"), "delete")
        self.application("mnt/data/live.db").exec("pragma journal_mode=wal", "create table t(x)")
        for name in ("crashed.db", "crashed2.db"):
            crashed = self.application("mnt/data/" + name)
            crashed.exec("pragma journal_mode=wal", "create table t(x)")
            crashed.kill()
        everything = [data, *(os.path.join(data, name) for name in os.listdir(data))]
        for path in everything:
            os.utime(path, (LONG_AGO, os.stat(path).st_mtime))

        def read():
            return [path for path in everything if os.stat(path).st_atime != LONG_AGO]

        support.run("inspect", *(os.path.join(data, name)
                                 for name in ("closed.db", "rollback.db", "live.db", "crashed.db")))
        self.assertEqual(read(), [])
        exporter = self.exporter(mountpoint + "/*/*.db", interval="100ms")
        exporter.metrics()
        exporter.metrics()
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(read(), [])
        with open(everything[1], "rb") as file:
            file.read(1)
        self.assertEqual(read(), [everything[1]])  # else this test could not fail

    def test_a_database_in_memory_is_a_note(self):
        mountpoint = self.mount("mnt", "-t", "tmpfs", "none")
        code, said = self.inspected(self.closed(os.path.join(mountpoint, "app.db")))
        self.assertEqual((code, self.advice(said)["memory"]), (0, "note"))

    def test_a_last_write_later_than_now_is_unknown(self):
        path = self.closed(self.path("app.db"))
        _, said = self.inspected(path)
        self.assertIn("last_write_timestamp_seconds", said)
        os.utime(path, (time.time(), time.time() + 86400))
        _, said = self.inspected(path)
        self.assertNotIn("last_write_timestamp_seconds", said)
        page = self.exporter(path).metrics()
        self.assertNotIn("sqlite_last_write_timestamp_seconds{", page)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_a_wal_of_another_user_is_told_with_its_cure(self):
        path = self.closed(self.path("app.db"))
        os.chown(path, 33, 33)
        with open(path + "-wal", "wb"):
            pass
        os.chown(path + "-wal", 1000, 1000)
        code, said = self.inspected(path)
        self.assertEqual((code, self.advice(said)["sidecar_owner"]), (1, "attention"))
        risk = 'sqlite_filesystem_risk{database="app",'
        exporter = self.exporter(path)
        support.await_that(lambda: [line for line in support.samples(exporter.page())
                                    if line.startswith(risk) and "sidecar_owner" in line],
                           "the risk")

    def test_a_file_that_is_mounted_alone_in_another_namespace(self):
        self.prefixed("unshare", "--mount")
        path = self.closed(self.path("app.db"))
        layer = self.path("layer")
        os.mkdir(layer)
        with open(os.path.join(layer, "app.db"), "wb"):
            pass
        script = self.path("app.sh")
        with open(script, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nmount --bind {path} {layer}/app.db && "
                       f"exec {support.SQLITE_APP}\n")
        os.chmod(script, 0o755)
        namespace = self.path("container.sh")
        with open(namespace, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nexec unshare --mount {script}\n")
        os.chmod(namespace, 0o755)
        program, support.SQLITE_APP = support.SQLITE_APP, namespace
        try:
            app = self.application()
        finally:
            support.SQLITE_APP = program
        app.ask(f"open {layer}/app.db")
        app.exec("insert into t values (1)")
        self.assertFalse(os.path.exists(path + "-wal"))
        self.assertTrue(os.path.exists(layer + "/app.db-wal"))
        code, said = self.inspected(path)
        self.assertEqual((code, self.advice(said)), (1, {"file_mount": "attention"}))
        exporter = self.exporter(path)
        support.await_that(lambda: "file_mount" in "".join(support.samples(exporter.page())),
                           "the risk")
        app.close()
        support.await_that(lambda: "file_mount" not in "".join(support.samples(exporter.page())),
                           "the end of the risk")

    def test_a_copy_of_a_database_in_use_without_its_wal(self):
        self.application("app.db").exec("pragma journal_mode=wal", "create table t(x)",
                                        "insert into t values (1)")
        with open(self.path("app.db"), "rb") as source, open(self.path("copy.db"), "wb") as copy:
            copy.write(source.read())
        code, said = self.inspected(self.path("copy.db"))
        self.assertEqual((code, self.advice(said)["copied_without_wal"]), (0, "note"))
        self.assertNotIn("copied_without_wal", self.advice(self.inspected(self.path("app.db"))[1]))


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""Databases of a real SQLCipher: found, watched and judged by what its pages do not hide."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import support

KEY = "pragma key='example'"
# The salt is not in the file then, so whoever opens it has to know it.
PLAIN_HEADER = ("pragma cipher_plaintext_header_size=32",
                "pragma cipher_salt=\"x'01010101010101010101010101010101'\"")
SPILL = ("pragma cache_size=1", "begin immediate",
         "with recursive n(i) as (select 1 union all select i+1 from n limit 300)"
         " insert into t select randomblob(3000) from n")


class Cipher:
    """A process that has an encrypted database open, in place of support.Application."""

    def __init__(self, path, *pragmas):
        self.process = subprocess.Popen(["sqlcipher", "-batch", path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.exec(KEY, *pragmas)

    def exec(self, *statements):
        # Its own output waits in a buffer; that of a child does not.
        self.process.stdin.write("".join(statement + ";\n" for statement in statements))
        self.process.stdin.write(".system echo done\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline()) != "done\n":
            if line == "" or "rror" in line:
                raise AssertionError("sqlcipher: " + line)
        return self

    def kill(self):
        self.process.kill()
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.wait(support.PATIENCE)
        self.process.stdout.close()


def asked_of(path, statement):
    """The last line of what it answers; the key has an answer of its own since SQLCipher 4."""
    done = subprocess.run(["sqlcipher", path, KEY, statement], capture_output=True, text=True,
                          check=True)
    return done.stdout.splitlines()[-1]


def states(page, database="app"):
    told = f'sqlite_database_state{{database="{database}",state="([a-z_]+)"}}'
    return set(re.findall(told, page))


@unittest.skipUnless(shutil.which("sqlcipher"), "sqlcipher is not installed (package sqlcipher)")
class EncryptedTest(support.TestCase):
    def cipher(self, name="app.db", *pragmas):
        cipher = Cipher(self.path(name), *pragmas)
        self.addCleanup(lambda: cipher.process.stdin.closed or cipher.kill())
        return cipher

    def inspect(self, name="app.db"):
        """(exit code, report, the same as text)"""
        code, text, _ = support.run("inspect", "--format=json", self.path(name))
        return code, json.loads(text)[0], support.run("inspect", self.path(name))[1]

    def test_a_reader_that_pins_the_wal_is_told_as_of_any_database(self):
        writer = self.cipher().exec("pragma journal_mode=wal", "pragma wal_autocheckpoint=0",
                                    "create table t(v)", "insert into t values (1)")
        exporter = self.exporter(self.path("app.db"))
        reader = self.cipher().exec("begin", "select count(*) from t")
        for _ in range(3):
            writer.exec("insert into t values (randomblob(20000))")
        asked = asked_of(self.path("app.db"), "pragma wal_checkpoint")
        frames, copied = map(int, asked.split("|")[1:])
        self.assertLess(copied, frames)
        page = exporter.metrics()
        self.assertEqual(states(page), {"encrypted", "wal_live"})
        self.assertEqual(support.value(page, "sqlite_wal_frames"), frames)
        self.assertEqual(support.value(page, "sqlite_wal_backfilled_frames"), copied)
        self.assertEqual(support.value(page, "sqlite_wal_pinned_frames"), frames - copied)
        self.assertEqual(support.value(page, "sqlite_database_page_size_bytes"),
                         int(asked_of(self.path("app.db"), "pragma page_size")))
        self.assertNotIn("sqlite_database_freelist_pages{", page)

        code, report, text = self.inspect()
        self.assertEqual(set(report["states"]), {"encrypted", "wal_live"})
        self.assertEqual(report["wal_frames"], frames)
        self.assertEqual(report["journal_mode"], "wal")
        self.assertEqual([lock["pid"] for lock in report["readers"]], [reader.process.pid])
        self.assertIn(code, (1, 2))  # a reader of this age is for others to judge
        self.assertRegex(" ".join(text.split()), "Locks can, and in WAL mode frames, readers")

    def test_what_a_crash_left_needs_attention(self):
        self.cipher().exec("pragma journal_mode=wal", "create table t(v)").kill()
        self.cipher("journal.db").exec("create table t(v)", *SPILL).kill()
        for name, state in (("app.db", "wal_unrecovered"), ("journal.db", "hot_journal")):
            code, report, _ = self.inspect(name)
            self.assertEqual((code, set(report["states"])), (1, {"encrypted", state}))
            self.assertEqual(report["advice"][0]["subject"], state)
        exporter = self.exporter(self.path("app.db"), self.path("journal.db"))
        for name, state in (("app", "wal_unrecovered"), ("journal", "hot_journal")):
            exporter.await_sample(f'sqlite_database_state{{database="{name}",state="{state}"}} 1')

    def test_behind_a_plain_header_nothing_is_believed_and_no_series_comes_with_a_commit(self):
        version = asked_of(":memory:", "pragma cipher_version")
        if int(version.split(".")[0]) < 4:
            self.skipTest(f"SQLCipher {version} has no plain header, that of 4.0 has")
        cipher = self.cipher("app.db", *PLAIN_HEADER).exec("create table t(v)")
        exporter = self.exporter(self.path("app.db"))
        infos = set()
        for _ in range(8):
            cipher.exec("insert into t values (randomblob(9000))")
            page = exporter.metrics()
            self.assertTrue(states(page) >= {"encrypted", "rollback_idle"}, states(page))
            infos |= {line for line in support.samples(page) if "sqlite_database_info" in line}
            for family in ("freelist_pages", "schema_version", "user_version", "application_id"):
                self.assertNotIn(f"sqlite_database_{family}{{", page)
            self.assertEqual(support.value(page, "sqlite_database_pages"),
                             os.path.getsize(self.path("app.db")) / 4096)
        self.assertEqual(len(infos), 1, infos)
        self.assertIn('sqlite_version=""', infos.pop())

    def databases_in_folder(self):
        """A live one in WAL mode, one that nothing shows, a plain one."""
        os.mkdir(self.path("data"))
        live = self.cipher("data/live.db").exec("pragma journal_mode=wal", "create table t(v)")
        self.cipher("data/idle.db").exec("create table t(v)").close()
        self.application("data/plain.db").exec("create table t(x)")
        return live

    def test_a_folder_finds_those_that_something_shows_and_counts_the_others(self):
        self.databases_in_folder()
        page = self.exporter(self.path("data") + "/").metrics()
        self.assertEqual(states(page, "live"), {"encrypted", "wal_live"})
        self.assertEqual(states(page, "plain"), {"rollback_idle"})
        self.assertEqual(states(page, "idle"), set())
        self.assertEqual(support.value(page, "sqlite_exporter_discovery_noise_files"), 1)

    def test_encrypted_databases_may_be_left_out(self):
        self.databases_in_folder()
        config = self.config(f'[[database]]\npath = "{self.path("data")}/"\n'
                             '[discovery]\nexclude_states = ["encrypted"]\n')
        page = self.exporter("--config.file=" + config).metrics()
        self.assertEqual(states(page, "live"), set())
        self.assertEqual(states(page, "plain"), {"rollback_idle"})
        self.assertEqual(support.value(page, "sqlite_exporter_databases_excluded"), 1)

    def test_a_process_shows_which_encrypted_database_it_has_open(self):
        self.databases_in_folder()
        others = [entry.path for entry in os.scandir("/") if entry.is_dir()
                  and not self.folder.startswith(entry.path + "/")]
        config = self.config(f'[discovery]\nprocesses = true\nexclude = {json.dumps(others)}\n')
        page = self.exporter("--config.file=" + config).metrics()
        name = self.path("data/live").lstrip("/")
        self.assertEqual(states(page, name), {"encrypted", "wal_live"})


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""The daemon with `[sync]`: what applications say of their synchronisation becomes metrics."""

import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

import scenes
import support

SYNC_STATUS = ("create table sync_status(table_name text primary key, last_sync_timestamp integer, "
               "sync_state text)")
T = 1795249800


def sync(more="", interval="1s"):
    return f"[sync]\ndatabases = ['*']\ninterval = '{interval}'\n{more}\n"


class SyncTest(scenes.EveryState):
    def database(self, name="app.db", *statements):
        app = self.application(name)
        app.exec("pragma journal_mode=wal", *statements)
        return app

    def running(self, text, path="*.db"):
        config = self.config(f"[[database]]\npath = '{self.path(path)}'\n" + text)
        return self.exporter("--config.file=" + config)

    def lines(self, page, prefix="sqlite_sync_"):
        return [line for line in support.samples(page) if line.startswith(prefix)]

    def test_what_the_application_says_is_served(self):
        app = self.database("app.db", SYNC_STATUS, "create table orders(updated_at)",
                            f"insert into orders values ({T}), ({T + 1}), ({T + 2})",
                            f"insert into sync_status values ('orders', {T}, 'pending')")
        self.database("plain.db", "create table t(x)")
        exporter = self.running(sync("max_pending = 2"))
        exporter.await_sample('sqlite_query_success{database="app",query="sync"} 1')
        exporter.await_sample('sqlite_query_success{database="plain",query="sync"} 1')
        self.assertEqual(self.lines(exporter.page()), [
            'sqlite_sync_last_success_timestamp_seconds{database="app",table="orders",peer=""} '
            f"{T}", 'sqlite_sync_pending_rows{database="app",table="orders",peer=""} 2',
            'sqlite_sync_pending_rows_capped{database="app",table="orders",peer=""} 0',
            'sqlite_sync_state{database="app",table="orders",peer="",state="pending"} 1'])
        app.exec(f"insert into orders values ({T + 3})")
        exporter.await_sample(
            'sqlite_sync_pending_rows_capped{database="app",table="orders",peer=""} 1')
        app.exec(f"update sync_status set last_sync_timestamp = {T + 3}, sync_state = 'synced'")
        exporter.await_sample(
            'sqlite_sync_state{database="app",table="orders",peer="",state="synced"} 1')
        page = exporter.page()
        self.assertEqual(len(self.lines(page)), 4)
        self.assertEqual(support.value(page, "sqlite_sync_pending_rows", database="app"), 0)
        app.exec("drop table sync_status")
        support.await_that(lambda: self.lines(exporter.page()) == [], "no samples")
        self.assertEqual(support.value(exporter.page(), "sqlite_query_success", database="app"), 1)

    def test_what_is_missing_is_told_and_the_rest_served(self):
        app = self.database("app.db", "create table sync_status(table_name, last_sync_timestamp, "
                            "sync_state)",
                            f"insert into sync_status values ('a', {T}, ''), ('b', 'never', '')")
        exporter = self.running(sync())
        exporter.await_sample('sqlite_query_success{database="app",query="sync"} 0')
        page = exporter.page()
        self.assertEqual(self.lines(page), [
            f'sqlite_sync_last_success_timestamp_seconds{{database="app",table="a",peer=""}} {T}'])
        self.assertGreaterEqual(support.value(page, "sqlite_exporter_collector_errors_total",
                                              collector="sync", reason="config"), 1)
        app.exec("delete from sync_status where table_name = 'b'")
        exporter.await_sample('sqlite_query_success{database="app",query="sync"} 1')
        self.assertEqual(exporter.stop(), 0)
        [said] = re.findall('level=warn msg="a query gave only .*', "".join(exporter.log))
        self.assertIn('is neither seconds', said)

    def test_states_without_end_become_other(self):
        app = self.database("app.db", SYNC_STATUS)
        for i in range(10):
            app.exec(f"insert into sync_status values ('t{i}', {T}, 'try {i}')")
        exporter = self.running(sync())
        for i in range(10):
            exporter.await_sample(
                f'sqlite_sync_state{{database="app",table="t{i}",peer="",state="try {i}"}} 1')
        app.exec("delete from sync_status",
                 f"insert into sync_status values ('a', {T}, 'try 10')")
        exporter.await_sample(
            'sqlite_sync_state{database="app",table="a",peer="",state="other"} 1')
        app.exec("update sync_status set sync_state = 'try 3'")
        exporter.await_sample(
            'sqlite_sync_state{database="app",table="a",peer="",state="try 3"} 1')
        self.assertEqual(len(self.lines(exporter.page(), "sqlite_sync_state")), 1)

    def test_layouts_of_ones_own_and_a_reload(self):
        self.database("app.db", "create table outbox(tbl, site, sent, st)",
                      f"insert into outbox values ('t', 'north', '2026-11-21T08:30:00Z', 'ok')")
        exporter = self.running("")
        self.assertNotIn("sqlite_sync", exporter.metrics())
        layout = ("[[sync.layout]]\ntable = 'outbox'\ntable_column = 'tbl'\n"
                  "peer_column = 'site'\ntime_column = 'sent'\nstate_column = 'st'\n")
        self.config(f"[[database]]\npath = '{self.path('*.db')}'\n" + sync(layout))
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.await_sample(
            'sqlite_sync_last_success_timestamp_seconds{database="app",table="t",peer="north"} '
            f"{T}")
        self.config(f"[[database]]\npath = '{self.path('*.db')}'\n")
        os.kill(exporter.process.pid, signal.SIGHUP)
        support.await_that(lambda: self.lines(exporter.page()) == [], "no samples")

    def test_what_must_not_be_opened_is_not(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "link.db"))
        before = scenes.fingerprint(data)
        exporter = self.running(sync(), path="data/")
        for name in ("live", "midway", "pinned"):
            exporter.await_sample(f'sqlite_query_success{{database="{name}",query="sync"}} 1')
        for name, reason in {"clean": "not_open", "rollback": "rollback",
                             "crashed": "state"}.items():
            exporter.await_sample(
                f'sqlite_query_skipped{{database="{name}",query="sync",reason="{reason}"}} 1')
        self.assertEqual(exporter.stop(), 0)
        self.assertEqual(scenes.fingerprint(data), before)

    def test_the_example_of_the_page(self):
        with open(os.path.join(support.SOURCE_DIR, "docs/sync.md"), encoding="utf-8") as file:
            page = file.read()
        [example] = re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S)
        [samples] = re.findall(r"^```text\n(.*?)^```$", page, re.M | re.S)
        os.mkdir(self.path("apps"))
        self.database("apps/shop.db", SYNC_STATUS, "create table orders(updated_at)",
                      f"insert into orders values ({T + 1}), ({T + 2}), ({T + 3})",
                      f"insert into sync_status values ('orders', {T}, 'synced')",
                      "create table replication(tab, site, at, status)",
                      f"insert into replication values ('orders', 'depot', {T + 1}, 'ok')")
        exporter = self.exporter("--config.file=" + self.config(
            example.replace("/var/lib/apps", self.path("apps"))))
        exporter.await_sample('sqlite_query_success{database="shop",query="sync"} 1')
        self.assertEqual(self.lines(exporter.page()), samples.splitlines())

    def test_the_expressions_of_the_page(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        with open(os.path.join(support.SOURCE_DIR, "docs/sync.md"), encoding="utf-8") as file:
            [block] = re.findall(r"^```promql\n(.*?)^```$", file.read(), re.M | re.S)
        with open(self.path("rules.yml"), "w", encoding="utf-8") as rules:
            rules.write("groups:\n- name: page\n  rules:\n")
            for i, line in enumerate(block.splitlines()):
                rules.write(f"  - alert: Line{i}\n    expr: {line}\n")
        checked = subprocess.run(["promtool", "check", "rules", self.path("rules.yml")], text=True,
                                 capture_output=True, check=False)
        self.assertIn("SUCCESS: 2 rules found", checked.stdout, checked.stderr)

    def test_a_hostile_name_spoils_no_page(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        self.database("app.db", SYNC_STATUS,
                      f"insert into sync_status values ('n' || char(0) || 'l', {T}, char(1, 10)), "
                      f"('q\"\\' || char(13, 127, 8232), {T}, cast(x'c0ff' as text))")
        exporter = self.running(sync())
        exporter.await_sample('sqlite_query_success{database="app",query="sync"} 1')
        page = exporter.page()
        self.assertEqual(len(self.lines(page)), 4)
        # Prometheus's own lexer refuses it, promtool does not.
        self.assertNotIn("\0", page)
        checked = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                                 capture_output=True, check=False)
        self.assertEqual(checked.stdout + checked.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""What the SQL worker reads from the tables that say how far an application is synchronised."""

import os
import sqlite3
import sys
import unittest

import scenes
import sql

SYNC_STATUS = ("create table sync_status(table_name text primary key, last_sync_timestamp integer, "
               "sync_state text)")
CLUSTER_SYNC = ("create table cluster_sync(sync_id text primary key, cluster_id text, "
                "table_name text, last_sync_time integer, sync_state text)")
# 2026-11-21 08:30:00 UTC
T = 1795249800


class SyncWorkerTest(scenes.EveryState):
    def setUp(self):
        super().setUp()
        self.worker = sql.Worker(self)

    def database(self, *statements, name="app.db"):
        """In WAL mode, open in an application for as long as the test."""
        self.app = self.application(name)
        self.app.exec("pragma journal_mode=wal", *statements)
        return self.path(name)

    def rows(self, path, **options):
        answer = self.worker.sync(path, **options)
        self.assertNotIn("shortfall", answer)
        return answer["rows"]

    def one(self, path, **options):
        [row] = self.rows(path, **options)
        return row

    def test_a_database_without_such_tables_has_no_rows(self):
        path = self.database("create table t(x)")
        self.assertEqual(self.rows(path), [])

    def test_tables_of_that_name_for_something_else_are_passed_over(self):
        path = self.database("create table sync_status(id, done)", CLUSTER_SYNC,
                             f"insert into cluster_sync values ('1', 'b', 'orders', {T}, 'ok')")
        self.assertEqual(self.rows(path), [[["orders", "b", "ok"], [T, None, None]]])

    def test_rows_newer_than_the_last_sync_wait(self):
        path = self.database(
            SYNC_STATUS, "create table orders(id integer primary key, updated_at integer)",
            f"insert into orders values (1, {T - 1}), (2, {T}), (3, {T + 1}), (4, {T + 2}), "
            "(5, null)", "create table plain(x)",
            f"insert into sync_status values ('orders', {T}, 'synced'), ('plain', {T}, null), "
            f"('elsewhere', {T}, 'pending')")
        self.assertEqual(self.rows(path), [[["elsewhere", "", "pending"], [T, None, None]],
                                           [["orders", "", "synced"], [T, 2, 0]],
                                           [["plain", "", ""], [T, None, None]]])

    def test_never_synchronised_all_rows_wait(self):
        path = self.database(SYNC_STATUS, "create table orders(updated_at integer)",
                             "insert into orders values (1), (2), (null)",
                             "insert into sync_status values ('orders', null, 'new')")
        self.assertEqual(self.one(path), [["orders", "", "new"], [None, 3, 0]])

    def test_beyond_the_most_it_is_capped(self):
        path = self.database(SYNC_STATUS, "create table orders(updated_at integer)",
                             f"insert into sync_status values ('orders', {T}, 's')")
        for count, value in {2: [T, 2, 0], 3: [T, 3, 0], 4: [T, 3, 1], 5: [T, 3, 1]}.items():
            self.app.exec("delete from orders", "insert into orders with recursive n(i) as "
                          f"(select 1 union all select i + 1 from n limit {count}) "
                          f"select {T} + i from n")
            self.assertEqual(self.one(path, max_pending=3)[1], value)

    def test_times_in_every_unit_against_rows_in_every_unit(self):
        # The same moment, as each application may write it; and whole seconds of it.
        times = {str(T): T, str(T * 1000): T, f"{T}.0": T, f"{T}000.0": T,
                 "'2026-11-21 08:30:00'": T, "'2026-11-21T08:30:00Z'": T,
                 "'2026-11-21T09:30:00+01:00'": T, "'2026-11-20T22:30:00.000-10:00'": T,
                 f"{T}.25": T + 0.25, str(T * 1000 + 250): T + 0.25,
                 "'2026-11-21 08:30:00.250'": T + 0.25, f"'{T}'": T, f"'{T * 1000}'": T,
                 "'2026-11-21 08:30'": T, "'1969-12-31 23:59:59.500'": -0.5, "0": 0}
        before_and_after = [
            (str(T - 1), f"{T + 1}"), (f"{T}000 - 1", f"{T}000 + 251"), (f"{T}.0", f"{T}.251"),
            ("'2026-11-21T08:30:00Z'", "'2026-11-21T08:30:00.251Z'"),
            ("'2026-11-20 22:29:59-10:00'", "'2026-11-20 22:30:01-10:00'"),
            ("'2026-11-21 20:29:59+12:00'", "'2026-11-21 20:30:01+12:00'")]
        path = self.database(
            "create table sync_status(table_name, last_sync_timestamp, sync_state)",
            *(f"create table {name}(updated_at {affinity})" for name, affinity in
              {"any": "", "whole": "integer", "date": "datetime", "words": "text"}.items()))
        for time, seconds in times.items():
            for before, after in before_and_after:
                for table in ("any", "whole", "date"):
                    self.app.exec(f"delete from {table}", "delete from sync_status",
                                  f"insert into {table} values ({before}), ({after})",
                                  f"insert into sync_status values ('{table}', {time}, '')")
                    pending = 1 if seconds >= T else 2
                    self.assertEqual(self.one(path)[1], [seconds, pending, 0],
                                     (time, before, after, table))
        # A column of type TEXT keeps numbers as texts.
        self.app.exec("delete from sync_status",
                      f"insert into sync_status values ('words', {T}, '')",
                      "insert into words values ('2026-11-21 08:29'), ('2026-11-21 08:31')")
        self.assertEqual(self.one(path)[1], [T, 1, 0])

    def test_a_time_copied_from_a_row_is_not_older_than_the_row(self):
        path = self.database("create table sync_status(table_name, last_sync_timestamp, "
                             "sync_state)", "create table orders(updated_at)")
        for time in (f"{T}.123456", f"{T}.1", f"{T}123", f"{T}123.5", str(T),
                     "'2026-11-21 08:30:00.123456'", "'2026-11-21T08:30:59.9999'", "0.1", "-5"):
            self.app.exec("delete from orders", "delete from sync_status",
                          f"insert into orders values ({time})",
                          f"insert into sync_status values ('orders', {time}, '')")
            self.assertEqual(self.one(path)[1][1:], [0, 0], time)

    def test_what_is_no_time_is_left_out_and_told(self):
        path = self.database("create table sync_status(table_name, last_sync_timestamp, "
                             "sync_state)", "create table good(updated_at)")
        for time in ("'yesterday'", "'now'", "x'00'", "9e999", f"{T}000000", "'10:00'",
                     "9223372036854775807", "'2026-13-45'", "''", "'2461000.5'",
                     "20261121083000"):
            self.app.exec("delete from sync_status", "insert into sync_status values "
                          f"('good', {T}, 's'), ('bad', {time}, 's')")
            answer = self.worker.sync(path)
            self.assertEqual(answer["rows"], [[["good", "", "s"], [T, 0, 0]]], time)
            self.assertEqual(answer["shortfall"], {
                "code": "config", "error": '"sync_status": the time of "bad" is neither seconds '
                "nor milliseconds nor a text as 2026-11-21 08:30"})

    def test_rows_without_a_time_to_compare_are_not_counted(self):
        path = self.database(SYNC_STATUS, "create table orders(updated_at)",
                             f"insert into sync_status values ('orders', {T}, '')")
        neither = "neither seconds nor milliseconds nor a text as 2026-11-21 08:30"
        for times, why in {
                "('later')": neither, "(x'00')": neither, f"({T}000000)": neither, "('')": neither,
                f"(null), ({T - 5}000000)": neither, f"({T}), ('later')": "not always a time",
                f"({T}), ({T + 1}000000)": "not always a time", f"({T}), (x'00')":
                "not always a time", "('2026-11-21'), ('2026-11-99')": "not always a time"}.items():
            self.app.exec("delete from orders", f"insert into orders values {times}")
            answer = self.worker.sync(path)
            self.assertEqual(answer["rows"], [[["orders", "", ""], [T, None, None]]], times)
            self.assertEqual(answer["shortfall"], {
                "code": "config", "error": 'the rows of "orders" are not counted: its "updated_at" '
                f"is {why}"}, times)

    def test_what_sorts_before_the_last_sync_is_not_asked(self):
        path = self.database(SYNC_STATUS, "create table orders(updated_at)",
                             f"insert into sync_status values ('orders', {T}, '')",
                             f"insert into orders values ({T}), (''), (null), ('2026-11-21 08:31')")
        self.assertEqual(self.one(path)[1], [T, 1, 0])

    def test_numbers_that_are_kept_as_texts(self):
        path = self.database(SYNC_STATUS, "create table orders(updated_at text)",
                             f"insert into sync_status values ('orders', {T}, '')",
                             f"insert into orders values (null), ({T - 1}), ({T}), ({T + 1})")
        self.assertEqual(self.one(path)[1], [T, 1, 0])
        self.app.exec("update orders set updated_at = updated_at || '000'")
        self.assertEqual(self.one(path)[1], [T, 1, 0])

    def test_of_several_rows_the_newest_speaks(self):
        path = self.database(
            CLUSTER_SYNC, "create table orders(updated_at)",
            f"insert into orders values ({T}), ({T + 10})",
            "insert into cluster_sync values "
            f"('1', 'b', 'orders', {T - 5}, 'failed'), ('2', 'b', 'orders', {T + 5}, 'synced'), "
            f"('3', 'b', 'orders', {T + 1}, 'failed'), ('4', 'b', 'orders', null, 'failed'), "
            f"('5', 'c', 'orders', null, 'new'), ('6', null, 'orders', {T}, 'local')")
        self.assertEqual(self.rows(path), [[["orders", "", "local"], [T, 1, 0]],
                                           [["orders", "b", "synced"], [T + 5, 1, 0]],
                                           [["orders", "c", "new"], [None, 2, 0]]])

    def test_other_layouts(self):
        path = self.database(
            'create table "out ""box"(tbl, site, "at ;", st)', "create table t(updated_at)",
            f'insert into "out ""box" values (\'t\', \'north\', {T}, \'up\')',
            "create table whole(at)", f"insert into whole values ({T})",
            "create view seen as select 't' as name, max(updated_at) as at from t",
            f"insert into t values ({T + 1})")
        layout = {"table": 'out "box', "table_column": "tbl", "peer_column": "site",
                  "time_column": "at ;", "state_column": "st"}
        self.assertEqual(self.one(path, layouts=[layout]), [["t", "north", "up"], [T, 1, 0]])
        self.assertEqual(self.one(path, layouts=[{"table": "WHOLE", "time_column": "AT"}]),
                         [["", "", ""], [T, None, None]])
        self.assertEqual(self.one(path, layouts=[{"table": "seen", "time_column": "at",
                                                  "table_column": "name"}]),
                         [["t", "", ""], [T + 1, 0, 0]])
        self.assertEqual(self.rows(path, layouts=[{"table": "absent", "time_column": "at"}]), [])

    def test_a_wrong_layout_hides_no_other(self):
        path = self.database(SYNC_STATUS, f"insert into sync_status values ('a', {T}, 's')",
                             "create table whole(at)", "create view broken as select lost() as at",
                             "create view endless as with recursive n(at) as "
                             f"(select {T} union all select at + 1 from n) select at from n")
        for layout, error in {
                ("whole", "x"): ("config", '"whole": it has no column "x"'),
                ("broken", "at"): ("config", '"broken": no such function: lost'),
                ("endless", "at"): ("timeout", '"endless": it takes longer than its share of the '
                                    "timeout")}.items():
            answer = self.worker.sync(path, timeout=400, layouts=[
                {"table": layout[0], "time_column": layout[1]}])
            self.assertEqual([row for row in answer["rows"] if row[0][0]],
                             [[["a", "", "s"], [T, None, None]]])
            self.assertEqual(answer["shortfall"], dict(zip(("code", "error"), error)))

    def test_a_layout_of_the_users_replaces_the_built_in_one(self):
        path = self.database(SYNC_STATUS, "alter table sync_status add column tried",
                             f"insert into sync_status values ('a', {T}, 's', {T + 9})")
        self.assertEqual(self.one(path, layouts=[{"table": "Sync_Status", "time_column": "tried",
                                                  "table_column": "table_name"}]),
                         [["a", "", ""], [T + 9, None, None]])

    def test_names_are_names_whatever_they_hold(self):
        names = ['semi; drop table sync_status; --', 'quo"te', "apo'strophe", "new\nline", "[b]",
                 "`tick`", "sync_status", "sqlite_schema", "a.b", "?1", "%", "ä"]
        statements = []
        for name in names[:6] + names[8:]:
            identifier = '"' + name.replace('"', '""') + '"'
            statements += [f"create table {identifier}(updated_at)",
                           f"insert into {identifier} values ({T + 1})"]
        values = ", ".join("('" + name.replace("'", "''") + f"', {T}, '')" for name in names)
        path = self.path("app.db")
        app = sqlite3.connect(path)
        self.addCleanup(app.close)
        app.executescript(";".join(["pragma journal_mode=wal", SYNC_STATUS, *statements,
                                    f"insert into sync_status values {values}"]))
        before = scenes.fingerprint(self.folder)
        found = {row[0][0]: row[1] for row in self.rows(path)}
        for name in names:
            waits = [None, None] if name in ("sync_status", "sqlite_schema") else [1, 0]
            self.assertEqual(found.pop(name), [T, *waits], name)
        self.assertEqual(found, {})
        self.assertEqual(scenes.fingerprint(self.folder), before)

    def test_only_ordinary_tables_are_counted(self):
        path = self.database(
            SYNC_STATUS, "create virtual table words using fts5(updated_at)",
            "insert into words values ('2027-01-01')",
            "create view endless as with recursive n(updated_at) as "
            f"(select {T} union all select updated_at + 1 from n) select * from n",
            "create table made(x, updated_at generated always as (x + 1) virtual)",
            f"insert into made(x) values ({T})",
            f"insert into sync_status values ('words', {T}, ''), ('endless', {T}, ''), "
            f"('made', {T}, ''), ('', {T}, ''), (null, {T}, '')")
        for row in self.rows(path):
            self.assertEqual(row[1], [T, None, None], row)

    def test_a_stored_column_is_a_column(self):
        path = self.database(
            SYNC_STATUS, "create table made(x, updated_at generated always as (x + 1) stored)",
            f"insert into made(x) values ({T})",
            f"insert into sync_status values ('made', {T}, '')")
        self.assertEqual(self.one(path)[1], [T, 1, 0])

    def test_a_table_that_takes_too_long_costs_its_count(self):
        path = self.database(
            SYNC_STATUS, "create table large(updated_at)", "create table small(updated_at)",
            f"insert into small values ({T + 1})",
            # To read these as times takes far longer than to read all else.
            "insert into large with recursive n(i) as (select 1 union all select i + 1 from n "
            "limit 1000000) select '2026-11-21 08:29' from n",
            f"insert into sync_status values ('large', {T}, ''), ('small', {T}, '')")
        answer = self.worker.sync(path, timeout=400)
        self.assertEqual(answer["rows"], [[["large", "", ""], [T, None, None]],
                                          [["small", "", ""], [T, 1, 0]]])
        self.assertEqual(answer["shortfall"], {
            "code": "timeout", "error": 'the rows of "large" are not counted: it takes longer than '
            'its share of the timeout'})
        self.assertEqual(scenes.locks_of(self.worker.process.pid), [])

    def test_a_large_table_gets_what_small_ones_left(self):
        tables = [f"t{i}" for i in range(60)]
        path = self.database(
            SYNC_STATUS, *(f"create table {name}(updated_at)" for name in tables),
            # It takes longer than a sixtieth of the timeout, and not as long as that.
            "create table large(updated_at)", "insert into large with recursive n(i) as (select 1 "
            "union all select i + 1 from n limit 400000) select '2026-11-21 08:29' from n",
            *(f"insert into sync_status values ('{name}', {T}, '')"
              for name in [*tables, "large"]))
        found = {row[0][0]: row[1] for row in self.rows(path, timeout=20_000)}
        self.assertEqual(found["large"], [T, 0, 0])

    def test_peers_without_end_end_in_time(self):
        path = self.database(
            CLUSTER_SYNC, "create table large(updated_at)",
            "insert into large with recursive n(i) as (select 1 union all select i + 1 from n "
            "limit 300000) select '2026-11-21 08:29' from n",
            "insert into cluster_sync with recursive n(i) as (select 1 union all select i + 1 from "
            f"n limit 10000) select i, i, 'large', {T}, '' from n")
        answer = self.worker.sync(path, timeout=3000, max_rows=10_000)
        self.assertEqual(len(answer["rows"]), 10_000)
        self.assertEqual(answer["shortfall"]["code"], "timeout")

    def test_an_index_serves_the_count(self):
        path = self.database(SYNC_STATUS, f"insert into sync_status values ('large', {T}, '')")
        rows = 100_000 if os.environ.get("SANITIZED") else 1_000_000
        for affinity, old, around in (
                ("", "'2026-11-19'", "('2026-11-21 08:29'), ('2026-11-21 08:31')"),
                ("text", "'2026-11-19'", "('2026-11-21 08:29'), ('2026-11-21 08:31')"),
                ("datetime", "'2026-11-19'", "('2026-11-21 08:29'), ('2026-11-21 08:31')"),
                ("", f"{T}000 - i", f"({T}000), ({T}001)"), ("", f"{T} - i", f"({T}), ({T + 1})"),
                ("integer", f"{T}000 - i", f"({T}000), ({T}001)")):
            # Over a million rows without it the same takes several times that long. A sanitizer
            # makes them slow to write, and would find no more.
            self.app.exec(f"create table large(updated_at {affinity})",
                          "insert into large with recursive n(i) as (select 1 union all select "
                          f"i + 1 from n limit {rows}) select {old} from n",
                          f"insert into large values {around}",
                          "create index i on large(updated_at)")
            self.assertEqual(self.one(path, timeout=100)[1], [T, 1, 0], (affinity, old))
            self.app.exec("drop table large")

    def test_hostile_rows(self):
        path = self.database(
            "create table sync_status(table_name, last_sync_timestamp, sync_state)",
            f"insert into sync_status values ('good', {T}, 's'), (x'41', {T}, 's'), "
            f"(printf('%1025d', 1), {T}, 's'), ('long', {T}, printf('%1025d', 1)), "
            f"(cast(x'ff41' as text), {T}, 's'), ('n' || char(0) || 'l', {T}, 's')")
        answer = self.worker.sync(path)
        self.assertEqual([row[0][0] for row in answer["rows"]], ["\\xffA", "good", "n\\x00l"])
        self.assertEqual(answer["shortfall"], {
            "code": "config", "error": '"sync_status": a table is a blob or longer than 1024 '
            "bytes"})

        self.app.exec("delete from sync_status", "insert into sync_status with recursive n(i) as "
                      "(select 1 union all select i + 1 from n limit 1000000) "
                      f"select i, {T}, 's' from n")
        answer = self.worker.sync(path)
        self.assertEqual(len(answer["rows"]), 100)
        self.assertEqual(answer["shortfall"], {
            "code": "limit", "error": '"sync_status": there are more than 100 tables and peers'})
        self.app.exec("delete from sync_status", "insert into sync_status with recursive n(i) as "
                      "(select 1 union all select i + 1 from n limit 2000) "
                      f"select printf('%900d', i), {T}, 's' from n")
        answer = self.worker.sync(path, max_rows=10_000)
        self.assertEqual(len(answer["rows"]), 1104)
        self.assertEqual(answer["shortfall"], {
            "code": "limit", "error": '"sync_status": its tables, peers and states take more than '
            "1 MiB"})
        self.app.exec("drop table sync_status", "create view sync_status as with recursive n(i) as "
                      "(select 1 union all select i + 1 from n) select 'a' as table_name, "
                      f"{T} as last_sync_timestamp, 's' as sync_state from n")
        answer = self.worker.sync(path, timeout=200)
        self.assertEqual(answer["shortfall"]["code"], "timeout")
        self.app.exec("drop view sync_status", CLUSTER_SYNC, "insert into cluster_sync with "
                      "recursive n(i) as (select 1 union all select i + 1 from n limit 100000) "
                      f"select i, 'b', 'orders', i, printf('%20d', i) from n")
        self.assertEqual(self.one(path), [["orders", "b", " " * 14 + "100000"],
                                          [100000, None, None]])


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

"""The SQL worker reads, and nothing else, whatever it is asked and whatever file it is shown."""

import os
import random
import sqlite3
import sys
import unittest

import scenes
import sql
import support

# What no statement may be, and why it is refused.
REFUSED = {
    "": "it holds no statement",
    "-- nothing": "it holds no statement",
    "select 1 as v; select 2 as v": "it holds more than one statement",
    "select 1 as v; garbage": "it holds more than one statement",
    "insert into t values (1)": "not authorized",
    "insert into t values (1) returning x as v": "not authorized",
    "update t set x = 2": "not authorized",
    "delete from t": "not authorized",
    "delete from sqlite_schema": "may not be modified",
    "update sqlite_schema set sql = '' returning 1 as v": "may not be modified",
    "create table u(x)": "not authorized",
    "create temp table u(x)": "not authorized",
    "create view u as select 1": "not authorized",
    "drop table t": "not authorized",
    "attach ':memory:' as other": "not authorized",
    "detach main": "not authorized",
    "begin": "not authorized",
    "savepoint s": "not authorized",
    "reindex": "it is no SELECT",
    "analyze": "not authorized",
    "vacuum": "it is no SELECT",
    "vacuum into '/tmp/never'": "it is no SELECT",
    "pragma journal_mode = delete": "not authorized",
    "pragma user_version = 3": "not authorized",
    "pragma query_only = 0": "not authorized",
    "pragma wal_checkpoint": "not authorized",
    "pragma integrity_check": "not authorized",
    "pragma optimize": "not authorized",
    "select integrity_check as v from pragma_integrity_check": "not authorized",
    "select load_extension('x') as v": "not authorized",
    "select fts3_tokenizer('simple') as v": "not authorized",
    "select v from nowhere": "no such table: nowhere",
    "select absent as v from t": "no such column: absent",
    'select "nothing" as v from t': "is a text, where a number is due",
    "select x from t": 'it gives no column "v", but "x"',
    "select 'one' as v": 'column "v" of row 1 is a text, where a number is due',
    "select 1 as v union all select 'two'": 'column "v" of row 2 is a text',
    "select x'00' as v": 'column "v" of row 1 is a blob, where a number is due',
    "select": "incomplete input",
}

# What would take forever, or all memory.
ENDLESS = {
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as v from n":
        "timeout",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select i as v from n": "limit",
    "select 1 as v from t a, t b, t c, t d, t e, t f, t g, t h, t i, t j where a.x + j.x = -1":
        "timeout",
    "with recursive n(i) as (select randomblob(1000) union all select randomblob(1000) from n) "
    "select i as v from n order by i": "limit",
    "select zeroblob(2000000000) as v": "limit",
    "select length(group_concat(a.x || b.x || c.x)) as v from t a, t b, t c": "timeout",
    "select " + "(" * 5000 + "1" + ")" * 5000 + " as v": "config",
    "select " + " + ".join("1" for _ in range(3000)) + " as v": "config",
    " union all ".join(["select 1 as v"] * 2000): "config",
}

FLIPS = 300


class SqlWorkerTest(scenes.EveryState):
    def setUp(self):
        super().setUp()
        self.worker = sql.Worker(self)

    def database(self, name, *statements):
        """In WAL mode, open in an application for as long as the test."""
        app = self.application(name)
        app.exec("pragma journal_mode=wal", *statements)
        return self.path(name)

    def test_whatever_the_state_nothing_is_created_changed_or_left_locked(self):
        data, _ = self.every_state()
        os.remove(os.path.join(data, "fifo.db"))
        before = scenes.fingerprint(data)
        answers = {}
        for name in sorted(os.listdir(data)):
            for _ in range(2):
                answers[name] = self.worker.ask(os.path.join(data, name),
                                                "select count(*) as v from sqlite_schema")
                self.assertEqual(scenes.locks_of(self.worker.process.pid), [], name)
        self.assertEqual(scenes.fingerprint(data), before)
        for name in ("live.db", "midway.db", "pinned.db", "rollback.db", "writing.db"):
            self.assertEqual(answers[name]["rows"], [[[], [1]]], name)
        for name in ("clean.db", "garbage.db", "hot.db", "exclusive.db", "link.db"):
            self.assertIn("error", answers[name], name)

    def test_what_is_no_file_is_not_waited_for(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.path("fifo"), self.path("absent"), self.folder, "/dev/zero", "/dev/null"):
            self.assertEqual(self.worker.ask(path, "select 1 as v from sqlite_schema")["code"],
                             "no_data", path)

    def test_a_path_may_hold_any_byte(self):
        for name in ("a b", "per%20cent", "quest?ion=1", "ha#sh", 'quo"te', "\udcff\udc80", "ä"):
            path = self.database(name, "create table t(x)", "insert into t values (7)")
            self.assertEqual(self.worker.value(path, "select x as v from t"), 7, name)

    def test_what_is_no_reading_statement_is_refused(self):
        path = self.database("app.db", "create table t(x)", "insert into t values (1)")
        before = scenes.fingerprint(self.folder)
        for statement, error in REFUSED.items():
            answer = self.worker.ask(path, statement)
            self.assertIn(error, answer.get("error", ""), (statement, answer))
            self.assertEqual(answer["code"], "config", statement)
        self.assertEqual(scenes.fingerprint(self.folder), before)
        self.assertEqual(self.worker.value(path, "select count(*) as v from t"), 1)

    def test_the_schema_can_be_asked_for(self):
        path = self.database(
            "app.db", "create table t(x, y)", "create index i on t(x)",
            "create virtual table r using rtree(id, a, b)", "insert into r values (1, 2, 3)",
            "create virtual table f using fts5(words)", "insert into f values ('a word')")
        for statement, value in {
                "select count(*) as v from pragma_table_info('t')": 2,
                "select count(*) as v from pragma_index_list('t')": 1,
                "select page_count > 3 as v from pragma_page_count": 1,
                "select count(*) > 2 as v from sqlite_schema": 1,
                "select count(*) as v from dbstat where name = 't'": 1,
                "select sum(value) as v from json_each('[1, 2]')": 3,
                "select count(*) as v from r where a > 1": 1,
                "select count(*) as v from f where f match 'word'": 1}.items():
            self.assertEqual(self.worker.value(path, statement), value, statement)

    def test_numbers_keep_all_their_digits(self):
        path = self.database("app.db", "create table t(x)")
        for text, value in {"9223372036854775807": 9223372036854775807,
                            "-9223372036854775808": -9223372036854775808,
                            "9007199254740993": 9007199254740993, "0.1 + 0.2": 0.1 + 0.2,
                            "1e300": 1e300, "5e-324": 5e-324, "9e999": "+Inf", "-9e999": "-Inf",
                            "null": None, "0": 0, "2.0": 2.0, "9e999 - 9e999": None}.items():
            got = self.worker.value(path, f"select {text} as v")
            self.assertEqual((got, type(got)), (value, type(value)), text)

    def test_labels_are_text(self):
        path = self.database("app.db", "create table t(x)")
        for text, label in {"'a'": "a", "1": "1", "1.5": "1.5", "null": "", "''": "",
                            "'two' || char(10) || 'lines'": "two\nlines",
                            "'nul' || char(0) || 'l'": "nul\\x00l", "'\"\\'": '"\\',
                            "cast(x'ff41' as text)": "\\xffA", "'ä€𝄞'": "ä€𝄞"}.items():
            answer = self.worker.ask(path, f"select {text} as l, 1 as v", labels=["l"])
            self.assertEqual(answer.get("rows"), [[[label], [1]]], (text, answer))
        for text, code in {"x'41'": "config", "printf('%1025d', 1)": "limit"}.items():
            answer = self.worker.ask(path, f"select {text} as l, 1 as v", labels=["l"])
            self.assertEqual(answer.get("code"), code, (text, answer))

    def test_columns_may_be_named_in_any_way(self):
        path = self.database("app.db", 'create table "t""\'; x"("a""b", "c")',
                             "insert into \"t\"\"'; x\" values (5, 6)")
        answer = self.worker.ask(path, "select * from \"t\"\"'; x\"", values=['a"b', "c"])
        self.assertEqual(answer["rows"], [[[], [5, 6]]])

    def test_more_rows_than_allowed_are_none(self):
        path = self.database("app.db", "create table t(x)", "insert into t values (1), (2), (3)")
        self.assertEqual(len(self.worker.ask(path, "select x as v from t", max_rows=3)["rows"]), 3)
        answer = self.worker.ask(path, "select x as v from t", max_rows=2)
        self.assertEqual(answer, {"code": "limit", "error": "it gives more than 2 rows"})

    def test_what_has_no_end_is_ended(self):
        path = self.database(
            "app.db", "create table t(x)",
            "insert into t with recursive n(i) as (select 1 union all select i + 1 from n limit "
            "1000) select i from n")
        for statement, code in ENDLESS.items():
            answer = self.worker.ask(path, statement, timeout=300 if code == "timeout" else 30_000)
            self.assertEqual(answer.get("code"), code, (statement[:60], answer))
            self.assertEqual(scenes.locks_of(self.worker.process.pid), [])
        self.assertEqual(self.worker.value(path, "select count(*) as v from t"), 1000)

    def test_hostile_schemas_cost_an_error_at_most(self):
        path = self.path("app.db")
        app = self.application("app.db")
        app.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values (1)",
                 "create view endless as with recursive n(i) as (select 1 union all "
                 "select i + 1 from n) select count(*) as v from n",
                 "create trigger r after insert on t begin insert into t values (new.x); end",
                 "create table g(x, y generated always as (zeroblob(900000000)) virtual)",
                 "insert into g values (1)", "create view a as select 1 as v",
                 "create view b as select * from a", "drop view a",
                 "create view a as select * from b",
                 'create table "it\'s ""so"""(x)')
        for statement, code in {"select v from endless": "timeout", "select v from a": "config",
                                "select length(y) as v from g": "limit"}.items():
            answer = self.worker.ask(path, statement, timeout=300)
            self.assertEqual(answer.get("code"), code, (statement, answer))
        self.assertEqual(self.worker.value(path, 'select count(*) as v from "it\'s ""so"""'), 0)

        columns = ",".join(f"c{i}" for i in range(1_000_000))
        wide = sqlite3.connect(self.path("wide.db"))
        wide.execute("create table t(x)")
        wide.execute("pragma writable_schema = 1")
        wide.execute("update sqlite_schema set sql = ?", (f"create table t({columns})",))
        wide.commit()
        wide.close()
        answer = self.worker.ask(self.path("wide.db"), "select count(*) as v from t")
        self.assertIn(answer.get("code"), ("config", "corrupt", "limit"), answer)

    def test_bytes_that_are_no_text_in_a_schema(self):
        path = self.path("app.db")
        bad = sqlite3.connect(path)
        bad.execute("create table t(x)")
        bad.execute("pragma writable_schema = 1")
        bad.execute("update sqlite_schema set sql = cast(x'637265617465207461626c6520742822ff222c20"
                    "7829' as text)")  # create table t("\xff", x)
        bad.commit()
        bad.close()
        answer = self.worker.ask(path, "select * from t")
        self.assertIn("\\xff", answer["error"])

    def test_what_an_application_may_have_in_its_schema_is_in_nobodys_way(self):
        columns = ", ".join(f"c{i}" for i in range(1900))
        path = self.database(
            "app.db", "create table t(x)", "insert into t values (1)",
            f"create table wide({columns})",
            "create view deep as select " + " || ".join(["x"] * 500) + " as v from t",
            "create view many as " + " union all ".join(["select x as v from t"] * 300),
            'create view quoted as select "open" as v from t',
            "create table large(d)", "insert into large values (zeroblob(4000000))")
        for statement, value in {"select count(*) as v from t": 1, "select sum(v) as v from many":
                                 300, "select length(v) as v from deep": 500,
                                 "select length(v) as v from quoted": 4,
                                 "select length(substr(d, 1, 10)) as v from large": 10}.items():
            self.assertEqual(self.worker.value(path, statement), value, statement)

    def test_a_file_that_may_not_be_read_is_told_from_one_that_is_not_there(self):
        path = self.database("app.db", "create table t(x)")
        for denied in (path, path + "-shm"):
            self.worker.files.denied = denied
            self.assertEqual(self.worker.ask(path, "select 1 as v from t")["code"], "denied")
        self.worker.files.denied = None
        self.assertEqual(self.worker.ask(path + "2", "select 1 as v from t")["code"], "no_data")
        self.assertEqual(self.worker.value(path, "select count(*) as v from t"), 0)

    def test_it_opens_nothing_itself_and_asks_for_files_of_its_database_alone(self):
        path = self.database("app.db", "create table t(x)", "insert into t values (7)")
        other = self.database("other.db", "create table t(x)", "insert into t values (8)")
        worker = sql.Worker(self, user=65534 if os.geteuid() == 0 else None)
        os.chmod(self.folder, 0o700)  # it may not even look into the folder
        self.assertEqual(worker.value(path, "select x as v from t"), 7)
        self.assertLessEqual({path, path + "-wal", path + "-shm"}, set(worker.files.asked))
        del worker.files.asked[:]
        self.assertEqual(worker.value(other, "select x as v from t"), 8)
        self.assertNotIn(path, worker.files.asked)

    def test_who_hands_out_nothing_is_no_database(self):
        path = self.database("app.db", "create table t(x)")
        self.worker.files.end()
        self.assertEqual(self.worker.ask(path, "select 1 as v from t")["code"], "no_data")

    def test_a_large_result_is_an_error_and_no_lost_worker(self):
        path = self.database("app.db", "create table t(x)")
        values = [f"v{i}" for i in range(100)]
        answer = self.worker.ask(
            path, "with recursive n(i) as (select 0.1 union all select i + 1 from n limit 10000) "
            "select " + ", ".join(f"i as {name}" for name in values) + " from n",
            values=values, max_rows=10_000)
        self.assertEqual(answer, {"code": "limit", "error": "its rows take more than 1 MiB"})
        answer = self.worker.ask(
            path, "select substr(hex(zeroblob(500)), 2) as l, 1 as v from (with recursive n(i) as "
            "(select 1 union all select i + 1 from n limit 2000) select i from n)", labels=["l"],
            max_rows=10_000)
        self.assertEqual(answer["code"], "limit")
        name = "n" * 300_000
        answer = self.worker.ask(path, f"select {name} as v from t")
        self.assertLess(len(answer["error"]), 500)

    def test_flipped_bits_cost_one_worker_at_most(self):
        source = self.path("sound.db")
        sound = sqlite3.connect(source)
        sound.executescript(
            "pragma page_size = 512; create table t(x integer primary key, y text, z);"
            "create index i on t(y, z); create virtual table f using fts5(y);"
            "create virtual table r using rtree(id, a, b); create view w as select y from t;"
            "insert into t with recursive n(i) as (select 1 union all select i + 1 from n limit "
            "300) select i, hex(i), i * 1.5 from n; insert into f select y from t;"
            "insert into r select x, x, x + 1 from t;")
        sound.close()
        with open(source, "rb") as file:
            content = file.read()
        rng = random.Random(20)
        damaged = self.path("damaged.db")
        answers = workers = 0
        for _ in range(FLIPS):
            broken = bytearray(content)
            for _ in range(rng.randint(1, 20)):
                # Half of them where the schema and the roots of the trees are.
                end = len(broken) if rng.random() < 0.5 else 4096
                broken[rng.randrange(18, end)] ^= 1 << rng.randrange(8)
            with open(damaged, "wb") as file:
                file.write(broken)
            for statement in (
                    "select count(*) + sum(length(y)) as v from t order by z",
                    "select count(*) as v from f where f match '3*'",
                    "select count(*) as v from r where a > 10 and b < 200",
                    "select count(*) as v from t join w using (y) where t.z > 7",
                    "select sum(pgsize) as v from dbstat"):
                answer = self.worker.ask(damaged, statement, timeout=1000)
                if answer is None:
                    workers += 1
                    self.worker = sql.Worker(self)
                else:
                    answers += 1
        self.assertGreater(answers, FLIPS)
        print(f"{answers} answers, {workers} workers lost")
        self.assertEqual(sorted(os.listdir(self.folder)), ["damaged.db", "sound.db"])

    def test_what_is_no_request_ends_it(self):
        self.worker.process.stdin.write(b'{"path": 1}\n')
        self.worker.process.stdin.flush()
        self.assertIsNone(self.worker.answer())
        self.assertEqual(self.worker.process.wait(support.PATIENCE), 1)

    def test_it_ends_with_its_input(self):
        self.worker.process.stdin.close()
        self.assertEqual(self.worker.process.wait(support.PATIENCE), 0)

    def test_its_sandbox_is_on(self):
        with open(f"/proc/{self.worker.process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        if self.worker.hello["missing"]:
            self.skipTest(f"this kernel lacks {self.worker.hello['missing']}")
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual([int(status[name], 16) for name in ("CapEff", "CapPrm")], [0, 0])


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])

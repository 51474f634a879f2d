#!/usr/bin/env python3
"""The dependency rule and the first law, read off the sources; each rule is seen to fail once."""
import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A file belongs to the longest prefix that fits, and may include the files of these layers.
LAYERS = {
    "collectors/base/": ["collectors/base/"],
    "collectors/sqlite/": ["collectors/base/", "collectors/sqlite/"],
    "collectors/linux/": ["collectors/base/", "collectors/linux/"],
    "collectors/replication/": ["collectors/base/", "collectors/replication/"],
    "collectors/": ["collectors/"],
    "exporter/demo/application": ["exporter/demo/application"],
    "exporter/sql/worker/": ["collectors/base/", "collectors/sqlite/lock_bytes.h",
                             "exporter/naming.h", "exporter/quoted.h",
                             "exporter/sql/handed_file.h", "exporter/sql/messages.h",
                             "exporter/sql/sync_work.h",
                             "exporter/sql/worker/"],
    "exporter/": ["collectors/", "exporter/"],
    "tests/": ["collectors/", "exporter/", "tests/"],
}
LIBRARIES_OF_THE_EXPORTER = re.compile(
    r"CLI/|civetweb|nlohmann/|prometheus/|re2/|spdlog/|fmt/|toml\+\+/|uv\.h|uv/")
# Law 1: an observing process opens no SQLite connection.
MAY_CALL_SQLITE = ("exporter/demo/application.", "exporter/sql/worker/", "tests/")
# Laws 1, 2 and 5: an observing process locks, changes and maps no file.
OBSERVES = ("collectors/", "exporter/")
OBSERVES_NOT = ("exporter/demo/", "exporter/sql/worker/")
NEVER_WHILE_OBSERVING = re.compile(
    r"\b(F_SETLKW?|F_OFD_SETLKW?|O_RDWR|O_WRONLY|O_CREAT|O_TRUNC|mmap|flock\s*\()\b")
MAX_LINES = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def sources(root):
    for top in ("collectors", "exporter", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp", ".py", ".cmake", ".sh"):
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def layer_of(name):
    return max((prefix for prefix in LAYERS if name.startswith(prefix)), key=len)


def broken_includes(name, text):
    layer = layer_of(name)
    for bracket, included in INCLUDE.findall(text):
        if bracket == '"' and not included.startswith(tuple(LAYERS[layer])):
            yield f"{name}: {layer} must not include {included}"
        if name.startswith("collectors/") and LIBRARIES_OF_THE_EXPORTER.match(included):
            yield f"{name}: a collector knows no {included}"
        if included == "sqlite3.h" and not name.startswith(MAY_CALL_SQLITE):
            yield f"{name}: only the SQL worker may include sqlite3.h"


def broken_laws(name, text):
    code = COMMENT_OR_STRING.sub('""', text)
    if not name.startswith(MAY_CALL_SQLITE) and re.search(r"\bsqlite3_\w+\s*\(", code):
        yield f"{name}: only the SQL worker may call SQLite"
    if name.startswith(OBSERVES) and not name.startswith(OBSERVES_NOT):
        for match in NEVER_WHILE_OBSERVING.finditer(code):
            yield f"{name}: an observer never uses {match.group(1)}"


def violations(root):
    found = []
    for name, text in sources(root):
        lines = text.count("\n")
        if lines > MAX_LINES:
            found.append(f"{name}: {lines} lines, more than {MAX_LINES}")
        if name.endswith((".h", ".cpp")):
            found += broken_includes(name, text)
            found += broken_laws(name, text)
    return found


class Layers(unittest.TestCase):
    def test_there_are_sources(self):
        self.assertGreater(len(list(sources(ROOT))), 50)

    def test_the_sources_keep_the_rules(self):
        self.assertEqual(violations(ROOT), [])

    def test_each_rule_is_able_to_fail(self):
        seeds = {
            "collectors/base/a.h": ('#include "collectors/sqlite/page_one.h"', "must not include"),
            "collectors/sqlite/b.cpp": ('#include "collectors/linux/file.h"', "must not include"),
            "collectors/linux/c.cpp": ('#include "collectors/sqlite/page_one.h"', "must not"),
            "collectors/linux/d.cpp": ('#include "collectors/batch.h"', "must not include"),
            "collectors/replication/e.h": ('#include "collectors/wal.h"', "must not include"),
            "collectors/f.cpp": ('#include "exporter/log.h"', "must not include"),
            "collectors/g.cpp": ("#include <uv.h>", "knows no"),
            "collectors/h.cpp": ("#include <toml++/toml.h>", "knows no"),
            "collectors/i.cpp": ("#include <spdlog/spdlog.h>", "knows no"),
            "collectors/j.cpp": ("#include <civetweb.h>", "knows no"),
            "collectors/k.cpp": ("#include <prometheus/registry.h>", "knows no"),
            "collectors/k2.cpp": ("#include <nlohmann/json.hpp>", "knows no"),
            "collectors/k.h": ('#include "batch.h"', "must not include"),
            "exporter/l.cpp": ('#include "tests/support/catch.h"', "must not include"),
            "exporter/m.cpp": ("#include <sqlite3.h>", "may include sqlite3.h"),
            "exporter/demo/n.cpp": ("int i = sqlite3_open(path, &db);", "may call SQLite"),
            "exporter/sql/worker/s.cpp": ('#include "exporter/loop.h"', "must not include"),
            "exporter/sql/t.cpp": ("int i = sqlite3_step(statement);", "may call SQLite"),
            "exporter/demo/application_kinds.cpp": ("sqlite3_open(path, &db);", "may call SQLite"),
            "exporter/demo/application.cpp": ('#include "exporter/log.h"', "must not include"),
            "exporter/o.cpp": ("int i = fcntl(fd, F_SETLK, &lock);", "never uses F_SETLK"),
            "collectors/p.cpp": ("int i = open(path, O_RDWR);", "never uses O_RDWR"),
            "collectors/q.cpp": ("void* p = mmap(0, n, 0, 0, fd, 0);", "never uses mmap"),
            "tests/r.py": ("pass\n" * (MAX_LINES + 1), "lines, more than"),
        }
        for name, (text, message) in seeds.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / name
                path.parent.mkdir(parents=True)
                path.write_text(text + "\n", encoding="utf-8")
                found = violations(Path(folder))
                self.assertEqual(len(found), 1, found)
                self.assertIn(message, found[0])

    def test_comments_and_strings_are_not_code(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "exporter" / "fine.cpp"
            path.parent.mkdir()
            path.write_text('// never sqlite3_open(), O_RDWR\nauto s = "mmap sqlite3_step()";\n'
                            "/* F_SETLK */\n", encoding="utf-8")
            self.assertEqual(violations(Path(folder)), [])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What needs no formatter to check: widths, blanks, and one sentence on top of each source."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_COLUMNS = 100
TOPS = ("collectors", "dashboards", "exporter", "helm", "tests")
SHEBANG = "#!/usr/bin/env python3\n"
FIRST_LINE = {
    ".h": re.compile(r"/// [A-Z`].*"),
    # A source may leave the sentence to its header, which it then includes first.
    ".cpp": re.compile(r'/// [A-Z`a-z].*|#include "[^"]*"'),
    ".py": re.compile(r'#!/usr/bin/env python3|"""[A-Z].*'),
    ".sh": re.compile(r"#!/(usr/)?bin/.*"),
    ".cmake": re.compile(r"# [A-Z].*"),
}
RAW_STRING = re.compile(r'R"(\w*)\(.*?\)\1"', re.DOTALL)


def complaints(name, text):
    suffix = Path(name).suffix
    lines = text.splitlines()
    if not lines or not FIRST_LINE[suffix].fullmatch(lines[0]):
        yield f"{name}:1: does not begin with its one sentence"
    if lines and lines[0].startswith("#include") and f'"{name[:-4]}.h"' not in lines[0]:
        yield f"{name}:1: begins with another header than its own"
    if suffix == ".py" and not "\n".join(lines).removeprefix(SHEBANG).startswith('"""'):
        yield f"{name}:2: does not begin with its one sentence"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield f"{name}: does not end in one newline"
    if suffix == ".h" and "#pragma once" not in lines:
        yield f"{name}: lacks #pragma once"
    # The text in a raw string (an exposition, a table) is data: it has its own width.
    code = RAW_STRING.sub(lambda raw: '""' + "\n" * raw.group().count("\n"), text)
    for number, line in enumerate(code.splitlines(), 1):
        if len(line) > MAX_COLUMNS:
            yield f"{name}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end"
        if "\t" in line:
            yield f"{name}:{number}: a tab"


class Format(unittest.TestCase):
    maxDiff = None

    def test_the_sources(self):
        paths = [path for top in TOPS for path in sorted((ROOT / top).rglob("*"))
                 if path.suffix in FIRST_LINE
                 and not {"golden", "fixtures", "corpus"} & set(path.parts)]
        self.assertGreater(len(paths), 50)
        found = [complaint for path in paths for complaint in
                 complaints(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))]
        self.assertEqual(found, [], "\n".join(["", *found]))

    def test_every_script_is_run(self):
        listed = re.search(r"foreach\(script ([^)]*)\)",
                           (ROOT / "tests/targets.cmake").read_text(encoding="utf-8")).group(1)
        scripts = [path.name.removesuffix("_test.py")
                   for path in (ROOT / "tests/e2e").glob("*_test.py")]
        self.assertEqual(listed.split(), sorted(scripts))

    def test_each_rule_is_able_to_fail(self):
        good = "/// A header.\n#pragma once\n"
        self.assertEqual(list(complaints("a.h", good)), [])
        self.assertEqual(list(complaints("x/a.cpp", '#include "x/a.h"\n')), [])
        self.assertEqual(list(complaints("a.py", '#!/usr/bin/env python3\n"""Text."""\n')), [])
        for name, text in {
                "a.h": "#pragma once\n", "b.h": "/// A header.\n", "c.h": good + "\n",
                "d.h": good + "int a;", "e.h": good + "int a; \n", "f.h": good + "\tint a;\n",
                "g.h": good + "//" * 51 + "\n", "h.py": "#!/usr/bin/env python3\nimport os\n",
                "i.cmake": "add_test()\n", "j.cpp": '#include "other.h"\n'}.items():
            with self.subTest(name):
                self.assertEqual(len(list(complaints(name, text))), 1)


if __name__ == "__main__":
    unittest.main()

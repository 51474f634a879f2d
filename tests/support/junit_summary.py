#!/usr/bin/env python3
"""Counts a ctest report: "PASSED FAILED SKIPPED" on stdout, the reason of each skip on stderr."""
import re
import sys
import xml.etree.ElementTree as ElementTree

# A case that a script skipped although its test, as a whole, passed (Python's unittest, verbose).
SKIPPED_CASE = re.compile(r"^(\S+) .*\.\.\. skipped (.+)$", re.MULTILINE)


def main(report):
    counts = {"run": 0, "fail": 0, "notrun": 0}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        output = case.findtext("system-out") or ""
        # ctest says "notrun" of a skipped test, but also of one whose program is missing.
        skip = case.find("skipped")
        if status == "notrun" and (skip is None or "SKIP" not in skip.get("message", "")):
            status = "fail"
        counts[status if status in counts else "fail"] += 1
        if status == "notrun":
            print(f"skipped {name}: {(output.strip() or 'no reason given').splitlines()[-1]}",
                  file=sys.stderr)
        elif status == "run":
            for skipped, reason in SKIPPED_CASE.findall(output):
                counts["notrun"] += 1
                print(f"skipped {name}, {skipped}: {reason}", file=sys.stderr)
    print(counts["run"], counts["fail"], counts["notrun"])


if __name__ == "__main__":
    main(sys.argv[1])

"""The shipped rules with shorter windows and pauses, for tests that wait for them."""

import glob
import os
import re

import support

try:
    import yaml
except ImportError:
    yaml = None

# A minute is two seconds.
SHORTER = 30
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Ages that a test cannot wait for. All else is as it is shipped.
THRESHOLDS = {"threshold:sqlite_reader_age:seconds": "vector(10)"}


def shortened(duration):
    seconds = sum(int(number) * SECONDS[unit]
                  for number, unit in re.findall(r"(\d+)([smhd])", duration))
    return f"{max(1, seconds // SHORTER)}s"


def with_short_windows(rule, thresholds):
    rule = dict(rule)
    for key in ("for", "keep_firing_for"):
        if key in rule:
            rule[key] = shortened(rule[key])
    rule["expr"] = thresholds.get(rule.get("record"), re.sub(
        r"(?<=\[)\w+(?=\])|(?<=offset )\w+", lambda match: shortened(match[0]), rule["expr"]))
    return rule


def write(folder, thresholds=THRESHOLDS):
    """Into this folder, which is made for them; the path pattern of their files."""
    os.mkdir(folder)
    for path in glob.glob(os.path.join(support.SOURCE_DIR, "alerts", "rules", "*.yml")):
        with open(path, encoding="utf-8") as file:
            groups = yaml.safe_load(file)["groups"]
        for group in groups:
            group["rules"] = [with_short_windows(rule, thresholds) for rule in group["rules"]]
            group.pop("interval", None)
        with open(os.path.join(folder, os.path.basename(path)), "w", encoding="utf-8") as file:
            yaml.safe_dump({"groups": groups}, file)
    return os.path.join(folder, "*.yml")

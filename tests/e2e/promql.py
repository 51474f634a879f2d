"""The shipped rules, and the names that stand in an expression of PromQL."""

import glob
import json
import os
import re

import support

try:
    import yaml
except ImportError:
    yaml = None

RULES = sorted(glob.glob(os.path.join(support.SOURCE_DIR, "alerts", "rules", "*.yml")))

# What Prometheus itself puts on a series, or an external label does.
TARGET_LABELS = {"job", "instance", "cluster", "alertname", "alertstate", "severity", "le"}
PROMETHEUS_METRICS = {"up", "scrape_duration_seconds", "ALERTS"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def rules(kind):
    return [rule for path in RULES for group in load(path)["groups"] for rule in group["rules"]
            if kind in rule]


def described():
    """Labels by metric; those of a histogram by each of its series."""
    _, out, _ = support.run("describe", "metrics", "--format=json")
    found = {}
    for metric in json.loads(out):
        names = [metric["name"]]
        if metric["type"] == "histogram":
            names += [metric["name"] + suffix for suffix in ("_bucket", "_sum", "_count")]
        found.update({name: set(metric["labels"]) for name in names})
    return found


def known_labels():
    """Of metrics, of targets, and those that rules make."""
    made = re.findall(r'"(\w+)",\s*"[^"]*",\s*"",\s*""\)',
                      " ".join(rule["expr"] for rule in rules("record")))
    return TARGET_LABELS.union(made, *described().values())


GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)"


def code_of(expression):
    """An expression without its strings and durations."""
    return re.sub(r"\[[^]]*\]", "", re.sub(r'"(\\.|[^"\\])*"', '""', expression))


def metrics_in(expression):
    return set(re.findall(r"(?<![\w:])(?:(?:\w+:)?sqlite_[\w:]+|(?:process|scrape)_\w+)|"
                          r"\bup\b|\bALERTS\b", re.sub(GROUPING, "", code_of(expression))))


def labels_in(expression):
    code = code_of(expression)
    named = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*""', code))
    for group in re.findall(GROUPING, code):
        named |= set(re.findall(r"\w+", group))
    return named

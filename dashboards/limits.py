"""The thresholds of the alerts, read from their rules: a panel colours what an alert tells."""

import ast
import os
import re

import yaml

RULES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                     "alerts", "rules", "thresholds.yml")


def product(node):
    """The value of a number, or of numbers multiplied: all that a threshold may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return product(node.left) * product(node.right)
    raise ValueError(f"{ast.unparse(node)} is no number and no product of numbers")


def read(path=RULES):
    """Value by name of its series."""
    with open(path, encoding="utf-8") as file:
        rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    return {rule["record"]: product(ast.parse(
        re.fullmatch(r"vector\((.*)\)", rule["expr"])[1], mode="eval").body) for rule in rules}

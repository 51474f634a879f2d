#!/usr/bin/env python3
"""Writes the dashboards as Grafana imports them, into this folder or the one that is named."""

import json
import os
import sys

import database
import exporter
import fleet
import limits
from grafana_foundation_sdk.cog.encoder import JSONEncoder

HERE = os.path.dirname(os.path.abspath(__file__))


def numbered(dashboard):
    """Grafana gives the panels numbers if they have none: other ones in each import."""
    for number, panel in enumerate(dashboard.panels, 1):
        panel.id_val = number
    return dashboard


def main(folder):
    thresholds = limits.read()
    for source in (fleet, database, exporter):
        made = numbered(source.build(thresholds).build())
        with open(os.path.join(folder, made.uid + ".json"), "w", encoding="utf-8") as file:
            json.dump(made, file, cls=JSONEncoder, indent=2, sort_keys=True)
            file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else HERE)

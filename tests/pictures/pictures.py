#!/usr/bin/env python3
"""Draws the dashboards with what a real Prometheus has of a fleet with incidents."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import fleet  # noqa: E402
import grafana  # noqa: E402
import incident_demo  # noqa: E402
import short_rules  # noqa: E402
import support  # noqa: E402

MODULES = os.path.join(support.SOURCE_DIR, "build-pictures", "node_modules")
SECONDS, STEP = 480, 2  # what a picture shows, when all alerts of the incidents have fired
PATIENCE = 900
# Of the incidents, and of a query of the node that is well.
ALERTS = {*incident_demo.INCIDENTS.values(), "SqliteQueryFailing"}


def picture(page):
    """What the drawing needs."""
    shown = [["Data source", "Prometheus"]]
    for name, each in grafana.variables(page.dashboard).items():
        shown.append([each["label"], page.values.get(name) or "All"])
    for panel in page.dashboard["panels"]:
        panel["title"] = page.filled(panel["title"])
        for link in grafana.links(panel):
            link["url"] = page.filled(link["url"])
    end = page.end
    return {"dashboard": page.dashboard, "variables": shown, "from": end - page.seconds, "to": end,
            "step": page.step,
            "answers": {f"{panel['id']}/{target['refId']}": page.run(target)["result"]
                        for panel in grafana.panels(page.dashboard)
                        for target in panel["targets"]}}


def have_fired(prometheus):
    found = {labels["alertname"] for labels, _ in prometheus.query('ALERTS{alertstate="firing"}')}
    lasted = prometheus.query(f"max(time() - process_start_time_seconds) > {SECONDS}")
    return ALERTS <= found and lasted


def check_links(name, links, uids):
    """Each leads to a dashboard or a runbook, with all that it needs filled in."""
    if name != "sqlite-database" and not links:
        raise AssertionError(f"{name}: there is no link")
    for text, url in links:
        if "__data" in url or "=&" in url.replace("var-cluster=&", "") or (
                not url.startswith(tuple(f"/d/{uid}?" for uid in uids))
                and support.http_get(url)[0] != 200):
            raise AssertionError(f"{name}: {text!r} leads to {url}")


def main(into):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        rules = short_rules.write(os.path.join(folder, "rules"), thresholds={})
        scene = fleet.Fleet(stack.callback, folder, "1s", [rules])
        print(f"waiting some {SECONDS // 60} minutes for the alerts of the incidents", flush=True)
        support.await_that(lambda: have_fired(scene.prometheus), "the alerts", PATIENCE)
        shown = {"sqlite-fleet": {},
                 "sqlite-database": {**scene.variables_of("shop"), "database": "outbox"},
                 "sqlite-exporter": scene.variables_of("shop")}
        end = int(time.time())
        for uid, values in shown.items():
            page = grafana.Page(grafana.load(uid), scene.prometheus, values, seconds=SECONDS,
                                step=STEP, end=end)
            with open(os.path.join(folder, uid + ".json"), "w", encoding="utf-8") as file:
                json.dump(picture(page), file)
        subprocess.run(["node", os.path.join(HERE, "shoot.cjs"), folder, *shown], check=True,
                       env={**os.environ, "NODE_PATH": MODULES})
        for uid in shown:
            with open(os.path.join(folder, uid + ".links.json"), encoding="utf-8") as file:
                check_links(uid, json.load(file), grafana.uids())
            shutil.copy(os.path.join(folder, uid + ".png"), into)
            print(os.path.join(into, uid + ".png"))


if __name__ == "__main__":
    main(sys.argv[1])

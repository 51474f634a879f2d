"""A small fleet of real exporters: a node with each incident of the demo, and one that is well."""

import os
import subprocess
import sys

import incident_demo
import monitoring
import pod
import support

HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTERS = ("harbour", "mill")

CONFIG = """
[[database]]
path = "/data/*.db"

[sync]
databases = ["*"]
interval = "2s"

[[query]]
name = "orders"
databases = ["*"]
interval = "2s"
sql = "SELECT count(*) AS orders FROM orders"
[[query.metric]]
name = "outbox_orders"
help = "Orders in the outbox."
type = "gauge"
values = ["orders"]

# As after an update of the application that nobody told the exporter of.
[[query]]
name = "invoices"
databases = ["*"]
interval = "2s"
sql = "SELECT count(*) AS invoices FROM invoices"
[[query.metric]]
name = "outbox_invoices"
help = "Invoices in the outbox."
type = "gauge"
values = ["invoices"]
"""


class Shop:
    """A node whose one application runs in a pod with limits and synchronises its orders."""

    def __init__(self, add_cleanup, folder, interval):
        root = os.path.join(folder, "root")
        os.makedirs(os.path.join(root, "data"))
        self.pod = pod.Pod(add_cleanup, os.path.join(root, "var/log"), "shop", "till-0",
                           "outbox")
        config = os.path.join(folder, "sqlite_exporter.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.application = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "outbox_application.py"),
             os.path.join(root, "data", "outbox.db")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=self.pod.enter)
        add_cleanup(self.end)
        self.exporter = None
        if self.application.stdout.readline() != "ready\n":
            raise AssertionError("the application of the shop ended")
        self.exporter = support.Exporter("--path.rootfs=" + root, "--config.file=" + config,
                                         interval=interval)
        self.exporter.drain_log()
        self.address = self.exporter.address

    def end(self):
        self.application.stdin.close()
        try:
            self.application.wait(support.PATIENCE)
        finally:
            self.application.kill()
            self.application.stdout.close()
            if self.exporter:
                self.exporter.end()


class Fleet:
    """They are scraped as instances of one job in two clusters; `rules` are patterns of files."""

    def __init__(self, add_cleanup, folder, interval, rules):
        demos = {name: incident_demo.Demo(add_cleanup, name, os.path.join(folder, name), interval)
                 for name in incident_demo.INCIDENTS}
        home = os.path.join(folder, "shop")
        os.mkdir(home)
        self.shop = Shop(add_cleanup, home, interval)
        self.nodes = {name: demo.address for name, demo in demos.items()}
        self.nodes["shop"] = self.shop.address
        self.clusters = {node: CLUSTERS[place % len(CLUSTERS)]
                         for place, node in enumerate(self.nodes)}
        self.prometheus = monitoring.Prometheus(
            add_cleanup, folder,
            {address: {"cluster": self.clusters[node]} for node, address in self.nodes.items()},
            interval, rules)

    def variables_of(self, node):
        """What one chooses in Grafana to see this node."""
        return {"cluster": self.clusters[node], "instance": self.nodes[node]}

    @staticmethod
    def databases_of(node):
        return ["outbox"] if node == "shop" else [node, "healthy"]

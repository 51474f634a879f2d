"""A real Prometheus, a real Alertmanager and a webhook that keeps what it is told."""

import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import urllib.parse

import support


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One of them as a child process, with its log in a file of its folder."""

    def __init__(self, add_cleanup, folder, name, *arguments):
        self.address = f"127.0.0.1:{free_port()}"
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [name, *arguments, "--web.listen-address=" + self.address], stdout=log, stderr=log)
        add_cleanup(self.process.wait, support.PATIENCE)
        add_cleanup(self.process.send_signal, signal.SIGTERM)
        support.await_that(self.is_ready, f"{name} to be ready")

    def is_ready(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8") as log:
                raise AssertionError(log.read())
        try:
            return support.http_get(f"http://{self.address}/-/ready")[0] == 200
        except OSError:
            return False  # not listening yet


def labels_by_target(targets):
    return targets if isinstance(targets, dict) else dict.fromkeys(targets, {})


class Prometheus(Program):
    """Evaluates `rule_files`, and scrapes each target as an instance of the job `sqlite`; targets
    may be given with labels of their own."""

    def __init__(self, add_cleanup, folder, targets, interval="300ms", rule_files=(),
                 alertmanager=None):
        config = {
            "global": {"scrape_interval": interval, "evaluation_interval": interval},
            "rule_files": list(rule_files),
            "scrape_configs": [{"job_name": "sqlite",
                                "static_configs": [
                                    {"targets": [target], "labels": labels}
                                    for target, labels in labels_by_target(targets).items()]}]}
        if alertmanager:
            config["alerting"] = {"alertmanagers": [
                {"static_configs": [{"targets": [alertmanager.address]}]}]}
        path = os.path.join(folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        super().__init__(add_cleanup, folder, "prometheus", "--config.file=" + path,
                         "--storage.tsdb.path=" + os.path.join(folder, "tsdb"))

    def ask(self, path, **parameters):
        """The data of the answer to /api/v1/PATH; any other answer is an error."""
        status, _, body = support.http_get(
            f"http://{self.address}/api/v1/{path}?" + urllib.parse.urlencode(parameters))
        answer = json.loads(body)
        if status != 200 or answer["status"] != "success":
            raise AssertionError(f"{parameters}: {body}")
        return answer["data"]

    def query(self, expression):
        """Labels and value of each series of the answer."""
        return [(series["metric"], float(series["value"][1]))
                for series in self.ask("query", query=expression)["result"]]


class Webhook:
    """What an Alertmanager delivers, in the order in which it comes."""

    def __init__(self, add_cleanup):
        self.messages = []
        messages = self.messages

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages.append((self.path.strip("/"), json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        add_cleanup(server.server_close)
        add_cleanup(server.shutdown)

    def alerts(self, status):
        """(receiver, alert) of all that were delivered with this status so far."""
        return [(receiver, alert) for receiver, message in list(self.messages)
                for alert in message["alerts"] if alert["status"] == status]


class Alertmanager(Program):
    """The shipped configuration, whose receivers all lead to the webhook."""

    def __init__(self, add_cleanup, folder, config, webhook):
        for receiver in config["receivers"]:
            receiver["webhook_configs"] = [{"url": webhook.url + receiver["name"],
                                            "send_resolved": True}]
        path = os.path.join(folder, "alertmanager.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        super().__init__(add_cleanup, folder, "prometheus-alertmanager", "--config.file=" + path,
                         "--storage.path=" + os.path.join(folder, "alertmanager"),
                         "--cluster.listen-address=")

"""What the end-to-end tests share: the exporter, real SQLite applications, and their clean-up."""

import os
import re
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

EXPORTER = os.environ["SQLITE_EXPORTER"]
SQLITE_APP = os.environ["SQLITE_APP"]
SOURCE_DIR = os.environ["SOURCE_DIR"]
PATIENCE = 60  # seconds; far beyond any correct run, also under a sanitizer

# Talking to 127.0.0.1 must not go through a proxy of the environment.
_HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def await_that(condition, what, patience=PATIENCE):
    """Returns the first true value of `condition()`; for what no other process announces."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain for " + what)
        select.select([], [], [], 0.02)


def http_get(url):
    """(status, headers, body); error statuses are answers too."""
    try:
        with _HTTP.open(url, timeout=PATIENCE) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


class Application:
    """A real SQLite application in a process of its own; sentences go in, answers come out."""

    def __init__(self, path=None):
        self.process = subprocess.Popen([SQLITE_APP], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1, errors="surrogateescape")
        if path is not None:
            self.ask("open " + path)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        if not answer.startswith("ok"):
            raise AssertionError(f"{command}: {answer}")
        return answer[3:]

    def exec(self, *statements):
        for sql in statements:
            self.ask("exec " + sql)
        return self

    def query(self, sql):
        return self.ask("query " + sql)

    def number(self, sql):
        return int(self.query(sql))

    def close(self):
        self.ask("close")

    def kill(self):
        self.process.kill()
        self.stop()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Exporter:
    """The real program, listening on a free port of 127.0.0.1."""

    def __init__(self, *arguments, interval="200ms", prefix=()):
        self.process = subprocess.Popen(
            [*prefix, EXPORTER, "--web.listen-address=127.0.0.1:0", "--poll.interval=" + interval,
             *arguments], stderr=subprocess.PIPE, text=True)
        self.is_child = bool(prefix) and prefix[0] in ("strace", "unshare")
        self.log = []
        self.address = await_that(self._listening, "the exporter to listen")

    def _listening(self):
        line = self.process.stderr.readline()
        if line == "":
            raise AssertionError("the exporter ended: " + "".join(self.log))
        self.log.append(line)
        match = re.search(r'msg="listening" address=(\S+)', line)
        return match and match.group(1)

    def drain_log(self):
        """Reads away what it logs from now on: a full pipe would hold it up."""
        descriptor = os.dup(self.process.stderr.fileno())

        def read_all():
            with os.fdopen(descriptor, "rb") as log:
                while log.read1(65536):
                    pass

        threading.Thread(target=read_all, daemon=True).start()

    def get(self, path):
        return http_get(f"http://{self.address}{path}")

    def ready(self):
        await_that(lambda: self.get("/-/ready")[0] == 200, "the exporter to be ready")
        return self

    def page(self):
        """The page as it is now; one that is too old is not served, and waited for."""

        def fresh():
            status, _, body = self.get("/metrics")
            return body if status == 200 else None

        return await_that(fresh, "a fresh snapshot")

    def metrics(self):
        """The page of a pass that began after this call, and looked at every database."""
        asked = time.time()
        # The one after the last that had ended may be under way.
        first = value(self.page(), "sqlite_exporter_passes_total") + 2

        def page():
            status, _, body = self.get("/metrics")
            whole = (status == 200 and value(body, "sqlite_exporter_passes_total") >= first
                     and value(body, "sqlite_exporter_databases_waiting") == 0)
            # Samples have a rhythm of their own: however fast passes are, each had one meanwhile.
            sampled = whole and value(
                body, "sqlite_exporter_snapshot_timestamp_seconds") > asked + 0.5
            return body if sampled else None

        return await_that(page, "a new snapshot")

    def await_sample(self, sample):
        """Waits until the page holds this line."""
        return await_that(lambda: sample in self.get("/metrics")[2].splitlines(), sample)

    def end(self):
        """Whatever has become of it."""
        if self.process.poll() is None:
            self.stop()
        self.process.stderr.close()

    def stop(self, number=signal.SIGTERM):
        """Returns the exit code."""
        # Neither strace nor unshare passes a signal on.
        os.kill(child_of(self.process.pid) if self.is_child else self.process.pid, number)
        self.log += self.process.stderr.readlines()
        self.process.stderr.close()
        return self.process.wait(PATIENCE)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def child_of(pid):
    """The one child of a process."""
    return children_of(pid)[0]


def samples(page):
    return [line for line in page.splitlines() if line and not line.startswith("#")]


def value(page, name, **labels):
    """The value of the one sample with this name that has all these labels."""
    wanted = [f'{label}="{text}"' for label, text in labels.items()]
    found = [line for line in samples(page)
             if re.match(re.escape(name) + r"[{ ]", line) and all(pair in line for pair in wanted)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} samples of {name}{labels}")
    return float(found[0].rsplit(" ", 1)[1])


class TestCase(unittest.TestCase):
    """Ends every process that it began, and removes its folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def application(self, name=None):
        application = Application(self.path(name) if name else None)
        self.addCleanup(lambda: application.process.poll() is None and application.stop())
        return application

    def exporter(self, *arguments, **options):
        exporter = Exporter(*arguments, **options)
        self.addCleanup(exporter.end)
        return exporter.ready()

    def prefixed(self, *prefix):
        """A command in front of another; skips the test where it is refused."""
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("not permitted here: " + " ".join(prefix))
        return prefix

    def mount(self, name, *arguments):
        """Mounts on a new folder until the end of the test; skips it where that is refused."""
        mountpoint = self.path(name)
        os.mkdir(mountpoint)
        mounted = subprocess.run(["mount", *arguments, mountpoint], capture_output=True,
                                 text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("a filesystem cannot be mounted here: " + mounted.stderr.strip())
        self.addCleanup(self.unmount, mountpoint, "--lazy")
        return mountpoint

    @staticmethod
    def unmount(mountpoint, *options):
        """True if it was mounted and not busy."""
        return subprocess.run(["umount", *options, mountpoint], capture_output=True,
                              check=False).returncode == 0

    def config(self, text):
        path = self.path("sqlite_exporter.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def run(*arguments, **options):
    """The program to its end: exit code, standard output, standard error."""
    done = subprocess.run([EXPORTER, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, check=False, **options)
    return done.returncode, done.stdout, done.stderr

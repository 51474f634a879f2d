"""What the machine's tests share: units, the exporter's page, and comparing it with the kernel."""

import os
import re
import select
import subprocess
import time
import unittest
import urllib.error
import urllib.request

PATIENCE = 180  # seconds; everything here is emulated
ADDRESS = "http://127.0.0.1:10003"
EXPORTER = "sqlite_exporter.service"
PROGRAM = "/srv/program/sqlite_exporter"

SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)",?')


def await_that(condition, what):
    """Returns the first true value of `condition()`; for what no other process announces."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain for " + what)
        select.select([], [], [], 0.1)


def command(*arguments):
    """Its standard output; an error is the test's."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: {done.returncode} {done.stderr.strip()}")
    return done.stdout.strip()


def unmount(mountpoint):
    """Without its application a database is held by nobody, at the latest after the next look."""
    await_that(lambda: subprocess.run(["umount", mountpoint], capture_output=True,
                                      timeout=PATIENCE, check=False).returncode == 0,
               mountpoint + " to be unmounted")


def unit_property(unit, name):
    return command("systemctl", "show", "--value", "--property", name, unit)


def device_of(path):
    """The kernel's name of the disk that a path lies on."""
    number = os.stat(path).st_dev
    link = os.readlink(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    return os.path.basename(link)


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class Page:
    """One exposition: each sample's value by its name and labels."""

    def __init__(self, text):
        self.samples = {}
        for line in text.splitlines():
            if match := SAMPLE.fullmatch(line):
                name, labels, value = match.groups()
                key = (name, frozenset(LABEL.findall(labels or "")))
                if key in self.samples:
                    raise AssertionError("twice on one page: " + line)
                self.samples[key] = float(value)

    def find(self, metric, **labels):
        """The values of all samples of that name which have at least these labels."""
        return [value for (name, pairs), value in self.samples.items()
                if name == metric and pairs >= set(labels.items())]

    def labels(self, metric, **labels):
        return [dict(pairs) for name, pairs in self.samples
                if name == metric and pairs >= set(labels.items())]

    def value(self, metric, **labels):
        found = self.find(metric, **labels)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} samples of {metric}{labels}")
        return found[0]


def get(path, address=ADDRESS):
    """(status, text); error statuses are answers too, and no answer is status 0."""
    try:
        with urllib.request.urlopen(address + path, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except urllib.error.URLError as error:
        return 0, str(error.reason)


def page_after(moment, address=ADDRESS):
    """A page whose snapshot was published after that moment."""
    def newer():
        status, text = get("/metrics", address)
        page = Page(text) if status == 200 else None
        taken = page.find("sqlite_exporter_snapshot_timestamp_seconds") if page else []
        return page if taken and taken[0] > moment else None
    return await_that(newer, "a new snapshot")


def new_page(address=ADDRESS):
    """A page all of whose looks began after this call: those of a snapshot that began when another
    one, published after this call, was done."""
    between = page_after(time.time(), address)
    return page_after(between.value("sqlite_exporter_snapshot_timestamp_seconds"), address)


class TestCase(unittest.TestCase):
    """The exporter runs; what a test compares is printed."""

    applications = ()

    @classmethod
    def setUpClass(cls):
        command("systemctl", "start", EXPORTER, *cls.applications)
        await_that(lambda: get("/-/ready")[0] == 200, "the exporter to be ready")

    @staticmethod
    def note(what, value):
        print(f"  {what}: {value}", flush=True)

    def check_equal(self, what, told, truth):
        self.note(what, f"told {told}, wanted {truth}")
        self.assertEqual(told, truth, what)

    def await_value(self, wanted, metric, **labels):
        """Waits until the page says so."""
        pairs = ",".join(f'{label}="{value}"' for label, value in labels.items())
        what = f"{metric}{{{pairs}}} {wanted}"
        await_that(lambda: new_page().find(metric, **labels) == [wanted], what)
        self.note(what, "seen")

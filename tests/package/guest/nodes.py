"""What the package's tests share: the package, installed anew for each, and applications."""

import os
import shutil
import subprocess

import support

support.PATIENCE = 60  # seconds; nothing is emulated here
PACKAGE = "prometheus-sqlite-exporter"
CURRENT = "/srv/package/current.deb"
CONFIG = "/etc/sqlite_exporter/sqlite_exporter.toml"
UNIT = support.EXPORTER
UNITS = "/run/systemd/system"

# It keeps the database open; what it is told comes through a pipe, and its end is no input.
APPLICATION = """\
[Service]
User={user}
ExecStart=/bin/sh -c 'mkfifo {path}.in && exec sqlite3 {path} <> {path}.in'
"""

QUERY = """
[[query]]
name = "rows"
databases = ["*"]
sql = "select count(*) as v from t"
[[query.metric]]
name = "app_rows"
help = "Rows."
values = ["v"]
"""


def dpkg(*arguments):
    return support.command("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *arguments)


class TestCase(support.TestCase):
    """With the package as it was just installed; afterwards nothing of it is left."""

    @classmethod
    def setUpClass(cls):
        pass  # each test begins on a node without it

    def setUp(self):
        dpkg("--install", CURRENT)
        self.addCleanup(dpkg, "--purge", PACKAGE)
        self.await_ready()

    def await_ready(self):
        support.await_that(lambda: support.get("/-/ready")[0] == 200, "the exporter to be ready")

    def application(self, path, user="nobody"):
        """A unit of that user, which has a database of its own open, in WAL mode."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        unit = "app-" + path.strip("/").replace("/", "-").replace(".", "-") + ".service"
        support.write(os.path.join(UNITS, unit), APPLICATION.format(user=user, path=path))
        support.command("systemctl", "daemon-reload")
        support.command("systemctl", "start", unit)
        self.addCleanup(self._remove, unit, path)
        support.await_that(lambda: os.path.exists(path + ".in"), "the application's pipe")
        # Whoever counts its rows must not make it fail.
        self.tell(path, f".timeout {1000 * support.PATIENCE}")
        self.tell(path, "pragma journal_mode=wal; create table t(x); insert into t values (1);")
        self.await_rows(path, 1)
        return unit

    def await_rows(self, path, count):
        """By another application that comes and goes while the first one has it open."""
        def are_there():
            done = subprocess.run(["sqlite3", "-readonly", path, "select count(*) from t"],
                                  text=True, capture_output=True, timeout=support.PATIENCE,
                                  check=False)
            return done.stdout == f"{count}\n"

        support.await_that(are_there, f"{count} rows")

    def folder_of(self, path, user="nobody"):
        """A folder that is closed to others."""
        os.makedirs(path)
        shutil.chown(path, user)
        os.chmod(path, 0o700)
        self.addCleanup(shutil.rmtree, path)

    @staticmethod
    def tell(path, statements):
        with open(path + ".in", "w", encoding="ascii") as pipe:
            pipe.write(statements + "\n")

    @staticmethod
    def _remove(unit, path):
        support.command("systemctl", "stop", unit)
        for ending in ("", "-wal", "-shm", ".in"):
            if os.path.exists(path + ending):
                os.unlink(path + ending)

    @staticmethod
    def configure(text, tail='[poll]\ninterval = "200ms"\n'):
        with open(CONFIG, "w", encoding="utf-8") as file:
            file.write(text + tail)

    @staticmethod
    def set_flags(flags):
        support.write(f"/etc/default/{PACKAGE}", f'ARGS="{flags}"\n')

    @staticmethod
    def drop_in(text, unit=UNIT):
        folder = f"{UNITS}/{unit}.d"
        os.makedirs(folder, exist_ok=True)
        support.write(folder + "/test.conf", text)
        support.command("systemctl", "daemon-reload")

    def remove_drop_in(self, unit=UNIT):
        shutil.rmtree(f"{UNITS}/{unit}.d", ignore_errors=True)
        support.command("systemctl", "daemon-reload")

    @staticmethod
    def main_pid():
        pid = int(support.unit_property(UNIT, "MainPID"))
        if pid == 0:  # which kill() would take for all of us
            raise AssertionError("the service does not run")
        return pid

    @staticmethod
    def journal(unit=UNIT):
        return support.command("journalctl", "--no-pager", "--output=cat", "--unit=" + unit)


def fails(*arguments):
    """Its standard error; a success is the test's failure."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=support.PATIENCE, check=False)
    if done.returncode == 0:
        raise AssertionError(f"{' '.join(arguments)} did not fail")
    return done.stderr

"""The real `sqlite_exporter demo --incident NAME`, and what it says at its start."""

import os
import re
import subprocess

import support

# The alert that each leads to.
INCIDENTS = {
    "forgotten-reader": "SqliteForgottenReader",
    "no-checkpoint": "SqliteCheckpointStarved",
    "killed-writer": "SqliteCrashLeftover",
    "replaced-file": "SqliteDatabaseReplaced",
    "stuck-writer": "SqliteWriteLockSaturated",
}


class Demo:
    """Its temporary folder is below `temporary`, which is made for it."""

    def __init__(self, add_cleanup, incident, temporary, interval="300ms"):
        self.incident = incident
        self.temporary = temporary
        os.mkdir(temporary)
        self.process = subprocess.Popen(
            [support.EXPORTER, "demo", "--incident", incident, "--poll.interval=" + interval,
             "--web.listen-address=127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": temporary})
        self.reader = None
        add_cleanup(self.clean_up)
        self.head = [self.process.stdout.readline() for _ in range(5)]
        self.address = re.search(r"http://(\S+)/metrics", self.head[-1])[1]
        self.path = os.path.join(re.search(r"databases in (\S+)", self.head[0])[1],
                                 incident + ".db")
        # What it shows from now on is read away: a full pipe would hold it up.
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stdout,
                                       stdout=subprocess.DEVNULL)
        self.process.stdout.close()

    def page(self):
        return support.http_get(f"http://{self.address}/metrics")[2]

    def stop(self, number):
        """The exit code after this signal."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        code = self.process.wait(support.PATIENCE)
        if self.reader:
            self.reader.wait(support.PATIENCE)
        return code

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.end()

"""Queries for the tests, and the SQL worker by itself, spoken with as the exporter does."""

import ctypes
import errno
import json
import os
import re
import select
import socket
import stat
import struct
import subprocess
import threading

import support


# One operation of SQLite's virtual machine that goes on for ages: no timeout of SQLite ends it.
STUCK = ("select instr(printf('%.900000c', 'a'), printf('%.450000c', 'a') || 'b') as v from t "
         "limit 1")
# Runs the rest with a descriptor, the first argument, as number 3.
THIRD = ("/bin/bash", "-c", 'exec 3<&"$1"; shift; exec "$@"', "sh")
# Reads all the while, and can be ended at any time.
LONG = ("with recursive n(i) as (select 1 from t union all select i + 1 from n) "
        "select count(*) as v from n")


def query(name, statement, *, databases=("*",), metric=None, values=("v",), labels=(), more="",
          interval="1s", timeout="1s"):
    metric = metric or "shop_" + name
    return (f"[[query]]\nname = {name!r}\ndatabases = {list(databases)!r}\nsql = {statement!r}\n"
            f"interval = '{interval}'\ntimeout = '{timeout}'\n"
            f"[[query.metric]]\nname = '{metric}'\nhelp = 'Of {name}.'\n"
            f"values = {list(values)!r}\nlabels = {list(labels)!r}\n{more}\n")


def workers_of(exporter):
    pid = exporter.process.pid
    return support.children_of(support.child_of(pid) if exporter.is_child else pid)


def check_it_is_not_blamed(test, exporter, ended='sqlite_query_success.*query="long".*'):
    """While the query `long` reads `app`, which one application has open; `ended` tells its end."""
    for _ in range(5):
        page = exporter.metrics()
        # It goes on.
        test.assertEqual(re.findall(ended, page), [])
        test.assertEqual(support.value(page, "sqlite_readers", database="app"), 0)
        test.assertEqual(support.value(page, "sqlite_holder_processes", database="app"), 1)
        for family in ("sqlite_oldest_reader_age_seconds", "sqlite_oldest_reader_pid",
                       "sqlite_checkpoint_blocked", "sqlite_reader_pinned_frames"):
            test.assertNotIn(family + "{", page)


def traced_calls(trace):
    """What SQL workers called, and what all others did, of what `strace -f -o` wrote."""
    with open(trace, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip("\n").split(None, 1) for line in file]
    workers = {pid for pid, call in lines if "execve(" in call and '"sql-worker"' in call}
    return ([call for pid, call in lines if pid in workers],
            [call for pid, call in lines if pid not in workers])


LIBC = ctypes.CDLL(None, use_errno=True)
IN_MODIFY = 2


class Files:
    """Hands a worker the files of one database, as the exporter does; `asked` has each request."""

    ENDS = ("", "-wal", "-shm", "-journal")

    def __init__(self):
        self.socket, self.of_worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.path = None
        self.denied = None  # this one cannot be opened
        self.asked = []
        self.events = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.watched = None
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while request := self.socket.recv(64):
            number, wish = request
            path = self.path + self.ENDS[number]
            self.asked.append(path)
            descriptors, status, error = [], None, 0
            try:
                if path == self.denied:
                    raise PermissionError(errno.EACCES, "denied")
                descriptors.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
                status = os.fstat(descriptors[0])
                error = 0 if stat.S_ISREG(status.st_mode) else errno.ENXIO
            except OSError as failure:
                error = failure.errno
            facts = (0,) * 7 if error else (status.st_dev, status.st_ino, status.st_nlink,
                                            status.st_size, int(status.st_mtime), status.st_uid,
                                            status.st_mode)
            handed = descriptors if wish == 1 and not error else []
            if wish > 1 and not error:
                self.watch(descriptors[0])
                handed = [self.events] if wish == 3 else []
            socket.send_fds(self.socket, [struct.pack("=QQQQQIIiI", *facts, error, 0)], handed)
            for descriptor in descriptors:
                os.close(descriptor)

    def watch(self, descriptor):
        """Writes to this file, and to no other, are events from now on."""
        path = f"/proc/self/fd/{descriptor}".encode()
        before, self.watched = self.watched, LIBC.inotify_add_watch(self.events, path, IN_MODIFY)
        assert self.watched >= 0, os.strerror(ctypes.get_errno())
        if before not in (None, self.watched):
            LIBC.inotify_rm_watch(self.events, before)

    def end(self):
        if self.thread.is_alive():
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        if self.events is not None:
            os.close(self.events)
            self.events = None


class Worker:
    """`sqlite_exporter sql-worker`: a line in, a line out."""

    def __init__(self, test, user=None, prefix=()):
        self.files = Files()
        self.process = subprocess.Popen(
            [*THIRD, str(self.files.of_worker.fileno()), *prefix, support.EXPORTER, "sql-worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=user,
            pass_fds=[self.files.of_worker.fileno()])
        self.files.of_worker.close()
        test.addCleanup(self.end)
        self.hello = json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait()
        self.files.end()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()

    def begin(self, path, sql, values=("v",), labels=(), max_rows=100, timeout=10_000,
              **more):
        self.files.path = path
        # A path's bytes are the first 256 characters.
        request = {"path": os.fsencode(path).decode("latin-1"), "sql": sql, "values": values,
                   "labels": labels, "max_rows": max_rows, "timeout": timeout, **more}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, patience=support.PATIENCE):
        """None if it says nothing for so long, or ends."""
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def ask(self, path, sql, **options):
        self.begin(path, sql, **options)
        return self.answer()

    def sync(self, path, layouts=(), max_pending=100, **options):
        """What its synchronisation tables say."""
        return self.ask(path, "", labels=("table", "peer", "state"),
                        values=("last_success", "pending", "capped"),
                        sync={"layouts": layouts, "max_pending": max_pending}, **options)

    def value(self, path, sql):
        """The one value of the one row."""
        answer = self.ask(path, sql)
        if "rows" not in answer:
            raise AssertionError(f"{sql}: {answer}")
        [[[], [value]]] = answer["rows"]
        return value

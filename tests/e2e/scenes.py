"""Databases in every state, and how to see that nothing was done to them."""

import hashlib
import os
import shutil
import stat

import support


def fingerprint(folder):
    """Every entry with its content, inode, times, owner and mode. Read by this process, which is
    none of the applications: so no lock of theirs is lost."""
    entries = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        status = os.lstat(path)
        content = ""
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
        entries[name] = (content, status.st_ino, status.st_mtime_ns, status.st_ctime_ns,
                         status.st_uid, status.st_gid, status.st_mode, status.st_size)
    folder_status = os.stat(folder)
    return entries, folder_status.st_mtime_ns, folder_status.st_ctime_ns


def locks_of(pid):
    with open("/proc/locks", encoding="ascii") as file:
        return [line for line in file if line.split()[4 if "->" not in line else 5] == str(pid)]


class EveryState(support.TestCase):
    def every_state(self):
        """One database in each state that an application can leave behind or be in."""
        data = self.path("data")
        os.mkdir(data)
        apps = {}

        def app(name):
            apps[name] = self.application("data/" + name if name.endswith(".db") and
                                          " " not in name else None)
            return apps[name]

        app("live.db").exec("pragma journal_mode=wal", "create table t(x)",
                            "insert into t values (1)")
        app("midway.db").exec("pragma journal_mode=wal", "create table t(x)", "begin immediate",
                              "insert into t values (1)")
        app("clean.db").exec("pragma journal_mode=wal", "create table t(x)").close()
        app("crashed.db").exec("pragma journal_mode=wal", "create table t(x)").kill()
        app("rollback.db").exec("create table t(x)")
        app("writing.db").exec("create table t(x)", "begin immediate", "insert into t values (1)")
        app("hot.db").exec("pragma cache_size=1", "create table t(x)", "begin",
                           "insert into t select zeroblob(3000) from "
                           "(with recursive n(i) as (select 1 union all select i+1 from n "
                           "limit 100) select i from n)").kill()
        app("exclusive.db").exec("pragma locking_mode=exclusive", "pragma journal_mode=wal",
                                 "create table t(x)", "insert into t values (1)")
        app("kept.db").exec("pragma journal_mode=wal", "create table t(x)")
        apps["kept.db"].ask("config persist_wal 1")
        apps["kept.db"].close()
        app("pending.db").exec("pragma journal_mode=wal", "create table t(x)")
        apps["pending.db"].ask("config no_ckpt_on_close 1")
        apps["pending.db"].close()
        app("replaced.db").exec("pragma journal_mode=wal", "create table t(x)")
        shutil.copy(os.path.join(data, "replaced.db"), os.path.join(data, "copy"))
        os.rename(os.path.join(data, "copy"), os.path.join(data, "replaced.db"))
        app("careless.db").exec("pragma journal_mode=wal", "create table t(x)")
        apps["careless.db"].ask("read " + os.path.join(data, "careless.db"))
        app("pinned.db").exec("pragma journal_mode=wal", "create table t(x)",
                              "insert into t values (1), (2)")
        app("reader of pinned.db").ask("open " + os.path.join(data, "pinned.db"))
        apps["reader of pinned.db"].ask("step select x from t")
        apps["pinned.db"].exec("insert into t values (3)")
        with open(os.path.join(data, "garbage.db"), "wb") as file:
            file.write(b"SQLite format 3\0" + b"\xff" * 200)
        with open(os.path.join(data, "empty.db"), "wb"):
            pass
        os.mkfifo(os.path.join(data, "fifo.db"))
        os.symlink("live.db", os.path.join(data, "link.db"))
        return data, apps

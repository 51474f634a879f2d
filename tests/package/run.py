#!/usr/bin/env python3
"""Installs the real package under a real systemd, and judges what the tests there said."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tree
from verdict import Verdict, expected_tests

PATIENCE = 900  # seconds
TOO_LONG = f"no end within {PATIENCE} s"
HERE = os.path.dirname(os.path.realpath(__file__))
VM_GUEST = os.path.join(HERE, "..", "vm", "guest")

# systemd-nspawn of Debian 12 refuses them; on a node nobody does.
SYSTEM_CALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
CGROUPS = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


def assemble(folder, package):
    """What the system is given: the tests, the package, and where it says what they came to."""
    guest = os.path.join(folder, "guest")
    shutil.copytree(os.path.join(HERE, "guest"), guest,
                    ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("main.py", "support.py"):
        shutil.copy(os.path.join(VM_GUEST, name), guest)
    for name in ("all-processes.conf", "least-privilege.conf"):
        shutil.copy(os.path.join(HERE, "..", "..", "systemd", name), guest)
    for name in ("package", "said"):
        os.mkdir(os.path.join(folder, name))
    shutil.copy(package, os.path.join(folder, "package", "current.deb"))
    return guest


def boot(system, folder):
    """Its exit code; nothing that it does to its own files is left."""
    binds = [f"--bind={folder}/{name}:/srv/{name}" for name in ("guest", "package", "said")]
    with open(os.path.join(folder, "console"), "wb") as console:
        process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--directory=" + system, "--volatile=overlay",
             "--register=no", "--keep-unit", "--console=pipe", "--private-network",
             "--system-call-filter=" + SYSTEM_CALLS, *binds, "--boot"],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return TOO_LONG
        finally:
            process.kill()
            process.wait()


def leave_no_cgroups():
    for parent in CGROUPS:
        for name in ("payload", "supervisor"):
            try:
                os.rmdir(os.path.join(parent, name))
            except OSError:
                pass  # it was not made, or others are in it


def console_of(folder):
    """Its end, on one line."""
    with open(os.path.join(folder, "console"), encoding="utf-8", errors="replace") as file:
        return " / ".join(file.read().split("\n")[-5:]).strip()


def skip(reason):
    print("0 passed, 0 failed, 1 skipped: " + reason)
    return 0


def main(package, folder):
    os.makedirs(folder, exist_ok=True)
    start = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and the system with it
    system = tree.Tree(folder, package)
    if not system.exists():
        print("building a Debian system", flush=True)
        try:
            system.build()
        except subprocess.CalledProcessError as error:
            return skip(f"a Debian system cannot be built: {error}")
    built = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        verdict = Verdict(expected_tests(assemble(scratch, package)))
        code = boot(system.path, scratch)
        leave_no_cgroups()
        log = os.path.join(scratch, "said", "log")
        if not os.path.exists(log) and code not in (0, TOO_LONG):
            return skip("systemd does not start here: " + console_of(scratch))
        if not os.path.exists(log):
            log = os.path.join(scratch, "console")
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file.read().splitlines():
                print(line)
                verdict.hear(line)
    good = verdict.tell(code)
    print(f"system {built - start:.0f} s, tests {time.monotonic() - built:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    if reason := tree.missing_reason():
        sys.exit(skip(reason))
    sys.exit(main(*sys.argv[1:]))

"""A cgroup with limits that is named as Kubernetes names that of a container."""

import os
import pathlib
import uuid

import support

# What v1 splits into hierarchies; where the kernel has a controller in v2, v1 has none of it.
CONTROLLERS = ("systemd", "cpu", "cpuacct", "memory", "blkio", "pids")
# Little CPU time, so that it is used up; much of the disk: v1 counts bytes where there is a limit.
LIMITS = {"cpu/cpu.cfs_period_us": "100000", "cpu/cpu.cfs_quota_us": "1000",
          "memory/memory.limit_in_bytes": "67108864",
          "blkio/blkio.throttle.read_bps_device": "{device} 1000000000",
          "blkio/blkio.throttle.write_bps_device": "{device} 1000000000"}
ROOT = "/sys/fs/cgroup"


class Pod:
    """Its names are where the node has them, below /var/log, which becomes `logs`."""

    def __init__(self, add_cleanup, logs, namespace, name, container):
        uid = str(uuid.uuid4())
        identity = uuid.uuid4().hex * 2
        self.path = f"kubepods/besteffort/pod{uid}/{identity}"
        self.folders = []
        os.makedirs(os.path.join(logs, "pods", f"{namespace}_{name}_{uid}"))
        os.makedirs(os.path.join(logs, "containers",
                                 f"{name}_{namespace}_{container}-{identity}.log"))
        at = os.stat(logs).st_dev
        device = f"{os.major(at)}:{os.minor(at)}"
        add_cleanup(self.remove)
        self.missing = ""
        hierarchies = set()
        for controller in CONTROLLERS:
            # In cgroup v2 a folder of this name would become a group.
            if not os.path.isdir(os.path.join(ROOT, controller)):
                self.missing = f"{controller} of cgroup v1 is not mounted"
                return
            hierarchies.add(os.path.realpath(os.path.join(ROOT, controller)))
        try:
            for hierarchy in hierarchies:
                self.folders.append(os.path.join(hierarchy, self.path))
                os.makedirs(self.folders[-1])
            for file, number in LIMITS.items():
                controller, _, file = file.partition("/")
                with open(os.path.join(ROOT, controller, self.path, file), "w",
                          encoding="ascii") as limit:
                    limit.write(number.format(device=device))
        except OSError as error:
            self.missing = f"cgroup v1 with its limits: {error}"
            self.remove()
            self.folders = []

    def enter(self):
        """For a child process, before it becomes another program."""
        for folder in self.folders:
            with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

    def remove(self):
        # A process that was waited for is still listed for a moment.
        support.await_that(lambda: all([removed(folder) for folder in self.folders]),
                           f"{self.path} to be empty")
        for folder in self.folders:
            # The pod, and what it shares with others if there are any.
            for parent in pathlib.Path(folder).parents[:3]:
                removed(parent)


def removed(path):
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True

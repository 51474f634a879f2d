"""A Debian system to install the package in: this machine's release, kept for its packages."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "vm"))

import image

PACKAGES = ["systemd-sysv", "dbus", "python3", "sqlite3", "prometheus-node-exporter"]

UNIT = """\
[Unit]
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /srv/guest/main.py
StandardOutput=append:/srv/said/log
StandardError=inherit
[Install]
WantedBy=multi-user.target
"""


def missing_reason():
    """Why there can be none here, or None."""
    if image.release().get("ID") != "debian":
        return "the system is made of Debian packages, and this is not Debian"
    if tool := image.missing_tool("systemd-nspawn", "mmdebstrap", "dpkg-deb"):
        return tool + " is not installed"
    if os.geteuid() != 0:
        return "starting it needs root"
    return None


def dependencies(package):
    """What the package needs, of alternatives the first."""
    field = image.output_of("dpkg-deb", "--field", package, "Depends")
    return [re.match(r"[a-z0-9.+-]+", part.strip()).group(0) for part in field.split(",")]


class Tree:
    """The directory `path`; `build` makes it where it is not."""

    def __init__(self, folder, package):
        self.packages = sorted({*PACKAGES, *dependencies(package)})
        with open(__file__, "rb") as file:
            recipe = file.read() + " ".join(self.packages).encode() + str(image.release()).encode()
        self.path = os.path.join(folder, "tree-" + hashlib.sha256(recipe).hexdigest()[:16])

    def exists(self):
        return os.path.exists(self.path)

    def build(self):
        """Whole or not at all: it gets its name when it is done."""
        partial = self.path + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=essential",
             "--include=" + ",".join(self.packages),
             *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
             "--customize-hook=rm \"$1\"/usr/sbin/policy-rc.d || true",
             image.release()["VERSION_CODENAME"], partial, *image.sources()],
            check=True, stdin=subprocess.DEVNULL)
        for folder in ("guest", "package", "said"):
            os.makedirs(os.path.join(partial, "srv", folder))
        wants = os.path.join(partial, "etc/systemd/system/multi-user.target.wants")
        os.makedirs(wants, exist_ok=True)
        with open(os.path.join(partial, "etc/systemd/system/guest.service"), "w",
                  encoding="ascii") as file:
            file.write(UNIT)
        os.symlink("/etc/systemd/system/guest.service", os.path.join(wants, "guest.service"))
        os.rename(partial, self.path)

"""The machine's kernel and first disk: built once for a list of packages, then kept."""

import glob
import hashlib
import os
import platform
import shutil
import subprocess

# The guest's libraries are the host's packages by name, so it has the host's release too.
PACKAGES = ["linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "udev", "dbus", "python3",
            "sqlite3", "nfs-kernel-server", "nftables", "dmsetup", "e2fsprogs"]
SIZE = "2G"

# Only what the first disk needs, uncompressed: a default initrd takes half a minute to unpack.
INITRAMFS = "MODULES=list\nCOMPRESS=cat\n"
INITRAMFS_MODULES = "virtio_pci\nvirtio_blk\next4\n"

MOUNTS = """\
/dev/vda / ext4 defaults,noatime 0 0
LABEL=program /srv/program ext4 ro 0 0
LABEL=data /srv/data ext4 noatime 0 0
"""

# The second serial port is this unit's alone: no message of the kernel tears its lines.
UNIT = """\
[Unit]
RequiresMountsFor=/srv/program /srv/data
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /srv/program/guest/main.py
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
[Install]
WantedBy=multi-user.target
"""


def missing_reason():
    """Why there can be no machine here, or None."""
    if platform.machine() != "x86_64":
        return "the machine is built for x86-64, and this is " + platform.machine()
    if release().get("ID") != "debian":
        return "the machine is made of Debian packages, and this is not Debian"
    if tool := missing_tool("qemu-system-x86_64", "mmdebstrap", "mke2fs", "dpkg-query", "ldd"):
        return tool + " is not installed"
    if os.geteuid() != 0 and not shutil.which("sudo"):
        return "building its disk needs root or sudo"
    return None


def missing_tool(*tools):
    """The first that is not installed, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return next((tool for tool in tools if not shutil.which(tool, path=path)), None)


def release():
    with open("/etc/os-release", encoding="utf-8") as file:
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return {key: value.strip('"') for key, value in pairs}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def libraries(program):
    """The packages of the shared libraries that the program is linked with."""
    packages = set()
    for line in output_of("ldd", program).splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path is None:
            continue
        # dpkg knows each file by the name it was packed with, before or after /usr was merged.
        names = [path, "/usr" + path, path.removeprefix("/usr")]
        found = subprocess.run(["dpkg-query", "--search", *names], capture_output=True, text=True,
                               check=False).stdout
        if not found:
            raise RuntimeError(f"no Debian package has {path}")
        packages.add(found.split(":", 1)[0])
    return sorted(packages)


def sources():
    """Where this machine has its own Debian packages from."""
    lines = output_of("apt-get", "indextargets", "--format",
                      "$(ORIGIN) deb $(REPO_URI) $(CODENAME) $(COMPONENT)",
                      "Created-By: Packages").splitlines()
    return sorted({line.split(" ", 1)[1] for line in lines if line.startswith("Debian ")})


class Image:
    """The paths of `kernel`, `initrd` and `disk`; `build` makes them where they are not."""

    def __init__(self, folder, program):
        self.packages = PACKAGES + libraries(program)
        with open(__file__, "rb") as file:
            recipe = file.read() + " ".join(self.packages).encode() + str(release()).encode()
        self.folder = os.path.join(folder, "image-" + hashlib.sha256(recipe).hexdigest()[:16])
        self.kernel, self.initrd, self.disk = (
            os.path.join(self.folder, name) for name in ("vmlinuz", "initrd.img", "disk.img"))

    def exists(self):
        return os.path.exists(self.folder)

    def build(self):
        """Whole or not at all: it gets its name when it is done."""
        partial = self.folder + ".partial"
        self._as_root("rm", "-rf", *glob.glob(os.path.dirname(self.folder) + "/image-*"))
        os.makedirs(partial)
        tree = os.path.join(partial, "tree")
        before, after = (os.path.join(partial, name) for name in ("before.sh", "after.sh"))
        self._write(before, {
            "/etc/initramfs-tools/conf.d/vm": INITRAMFS,
            "/usr/share/initramfs-tools/modules.d/vm": INITRAMFS_MODULES})
        self._write(after, {
            "/etc/fstab": MOUNTS, "/etc/hostname": "vm\n",
            "/etc/systemd/system/vm.service": UNIT},
            'mkdir -p "$1/srv/program" "$1/srv/data"',
            'systemctl --root="$1" --quiet enable vm.service',
            'systemctl --root="$1" --quiet disable nfs-server.service rpcbind.service',
            'systemctl --root="$1" --quiet mask serial-getty@ttyS0.service getty@tty1.service')
        self._as_root("mmdebstrap", "--quiet", "--variant=essential", "--architectures=amd64",
                      "--include=" + ",".join(self.packages),
                      *(f"--dpkgopt=path-exclude=/usr/share/{name}/*"
                        for name in ("doc", "man", "locale")),
                      f"--extract-hook=sh {before} \"$1\"", f"--customize-hook=sh {after} \"$1\"",
                      release()["VERSION_CODENAME"], tree, *sources())
        for name in ("vmlinuz", "initrd.img"):
            self._as_root("cp", "--dereference", os.path.join(tree, name), partial)
        self._as_root("mke2fs", "-q", "-t", "ext4", "-d", tree, os.path.join(partial, "disk.img"),
                      SIZE)
        self._as_root("rm", "-rf", tree)
        self._as_root("chown", "-R", f"{os.getuid()}:{os.getgid()}", partial)
        os.rename(partial, self.folder)

    @staticmethod
    def _as_root(*command):
        prefix = [] if os.geteuid() == 0 else ["sudo"]
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        subprocess.run([*prefix, "env", "PATH=" + path, *command], check=True,
                       stdin=subprocess.DEVNULL)

    @staticmethod
    def _write(script, files, *commands):
        """A shell script that writes these files below $1."""
        with open(script, "w", encoding="utf-8") as file:
            file.write("set -e\n")
            for path, text in files.items():
                file.write(f'mkdir -p "$1{os.path.dirname(path)}"\n'
                           f"cat >\"$1{path}\" <<'END'\n{text}END\n")
            file.write("\n".join(commands) + "\n")

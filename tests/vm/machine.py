"""The virtual machine: its disks, its process, and what its guest says on the serial ports."""

import os
import queue
import shutil
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
BOOT_ARGUMENTS = "root=/dev/vda rw console=ttyS0 quiet panic=-1 psi=1 mitigations=off"


class Machine:
    """Without a network, on throw-away disks; `lines` ends when it does, or at the deadline."""

    def __init__(self, image, folder, program):
        self.folder = folder
        self.console = os.path.join(folder, "console.log")
        program_disk = self._program_disk(program)
        data_disk = self._disk("data", "512M")
        faulty_disk = self._disk("faulty", "64M")
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot",
             "-display", "none", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
             "-smp", "2", "-m", "1G",
             "-kernel", image.kernel, "-initrd", image.initrd, "-append", BOOT_ARGUMENTS,
             "-serial", "file:" + self.console, "-serial", "stdio",
             *self._drive(image.disk, "system"), *self._drive(program_disk, "program"),
             *self._drive(data_disk, "data"), *self._drive(faulty_disk, "faulty")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")

    def lines(self, seconds):
        """What the guest writes on its second port; it is killed if it takes longer than that."""
        deadline = time.monotonic() + seconds
        arrived = queue.SimpleQueue()

        def read():
            for line in self.process.stdout:
                arrived.put(line.rstrip("\r\n"))
            arrived.put(None)

        threading.Thread(target=read, daemon=True).start()
        while True:
            try:
                line = arrived.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                self.end()
                yield f"the machine did not end within {seconds} s and was killed"
                return
            if line is None:
                self.process.wait()
                return
            yield line

    def end(self):
        """Kills it if it lives; returns its exit code."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()

    def console_tail(self, count=40):
        with open(self.console, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()[-count:]

    @staticmethod
    def _drive(path, name):
        # Writes go to a file that vanishes with the machine.
        return ["-drive", f"file={path},if=none,id={name},format=raw,snapshot=on,cache=unsafe",
                "-device", f"virtio-blk-pci,drive={name},serial={name}"]

    def _disk(self, label, size, *options):
        path = os.path.join(self.folder, label + ".img")
        if os.path.exists(path):
            os.unlink(path)
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", label, *options, path, size],
                       env=environment, check=True, stdout=subprocess.DEVNULL)
        return path

    def _program_disk(self, program):
        tree = os.path.join(self.folder, "program")
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(os.path.join(HERE, "guest"), os.path.join(tree, "guest"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(os.path.join(HERE, "../../systemd"), os.path.join(tree, "systemd"))
        shutil.copy(program, tree)
        return self._disk("program", "128M", "-d", tree)

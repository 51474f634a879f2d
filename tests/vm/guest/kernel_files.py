"""What the kernel's own files say of a cgroup, under the names that the exporter's page has."""

import os

import support

ROOT = "/sys/fs/cgroup"
RESOURCES = ("cpu", "io", "memory")
MICROSECONDS = 1e6


def _pairs(path):
    """The numbers of lines of "name number"."""
    return {name: int(number) for name, number in map(str.split, support.read(path).splitlines())}


def _limit(text):
    return None if text == "max" else int(text)


def _device_name(number):
    return os.path.basename(os.readlink("/sys/dev/block/" + number))


class Cgroup:
    """The folder of one unit; each function gives samples: {(name, label value): number}. Seconds
    are in microseconds, as the kernel counts them: those are whole."""

    def __init__(self, unit):
        self.path = "/system.slice/" + unit
        self.folder = ROOT + self.path

    def _text(self, name):
        return support.read(os.path.join(self.folder, name)).strip()

    def freeze(self, frozen):
        support.write(os.path.join(self.folder, "cgroup.freeze"), "1" if frozen else "0")
        wanted = f"frozen {frozen:d}"
        support.await_that(lambda: wanted in self._text("cgroup.events").splitlines(), wanted)

    def number(self, name, key):
        return _pairs(os.path.join(self.folder, name))[key]

    def cpu(self):
        stat = _pairs(os.path.join(self.folder, "cpu.stat"))
        samples = {("cpu_usage_seconds_total", ""): stat["usage_usec"],
                   ("cpu_periods_total", ""): stat["nr_periods"],
                   ("cpu_throttled_periods_total", ""): stat["nr_throttled"],
                   ("cpu_throttled_seconds_total", ""): stat["throttled_usec"]}
        quota, period = self._text("cpu.max").split()
        if quota != "max":
            samples["cpu_limit_cores", ""] = int(quota) / int(period)
        return samples

    def memory(self):
        current = int(self._text("memory.current"))
        inactive = self.number("memory.stat", "inactive_file")
        samples = {("memory_current_bytes", ""): current,
                   ("memory_working_set_bytes", ""): max(0, current - inactive),
                   ("memory_max_bytes", ""): _limit(self._text("memory.max")),
                   ("memory_high_bytes", ""): _limit(self._text("memory.high"))}
        events = _pairs(os.path.join(self.folder, "memory.events"))
        samples.update({("memory_events_total", event): count for event, count in events.items()})
        return {key: value for key, value in samples.items() if value is not None}

    def io(self):
        samples = {}
        for line in self._text("io.stat").splitlines():
            number, *fields = line.split()
            counts = dict(field.split("=") for field in fields)
            device = _device_name(number)
            samples["io_read_bytes_total", device] = int(counts["rbytes"])
            samples["io_written_bytes_total", device] = int(counts["wbytes"])
        return samples

    def pids(self):
        return {("pids_current", ""): int(self._text("pids.current"))}

    def pressure(self):
        samples = {}
        kinds = {"some": "pressure_waiting_seconds_total", "full": "pressure_stalled_seconds_total"}
        for resource in RESOURCES:
            for line in self._text(resource + ".pressure").splitlines():
                kind, *_, total = line.split()
                samples[kinds[kind], resource] = int(total.removeprefix("total="))
        return samples


def told_of(page, path):
    """What the page says of that cgroup, in the same form."""
    samples = {}
    for (name, labels), value in page.samples.items():
        labels = dict(labels)
        if not name.startswith("sqlite_cgroup_") or labels["cgroup"] != path:
            continue
        value = round(value * MICROSECONDS) if "_seconds_" in name else value
        own = labels.get("event") or labels.get("device") or labels.get("resource") or ""
        samples[name.removeprefix("sqlite_cgroup_"), own] = value
    return samples

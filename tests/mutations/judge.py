"""What must hold of every page, whatever was done to the files."""

import math
import re
import time

# What a writer can do at most (collectors/commit_pace.h), and seconds of slack: that of the look,
# and of one that is late.
MOST_A_SECOND = 300_000
SLACK = 3
CLOCK_TOLERANCE = 1.5  # seconds

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')
SIGNED = ("sqlite_database_user_version", "sqlite_database_application_id",
          "sqlite_database_schema_version")
SANITIZER = re.compile(r"Sanitizer|runtime error:|terminate called|Assertion")


class Page:
    """Samples by family and labels; what is no exposition is a fault."""

    def __init__(self, text):
        self.types, self.values, self.faults = {}, {}, []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split()
                if family in self.types:
                    self.faults.append("two families " + family)
                self.types[family] = kind
            elif line and not line.startswith("#"):
                self.add(line)

    def add(self, line):
        match = SAMPLE.fullmatch(line)
        if not match:
            self.faults.append("no sample: " + line)
            return
        key = (match[1], match[2] or "")
        if key in self.values:
            self.faults.append("two samples of " + str(key))
        self.values[key] = float(match[3])

    def of(self, database, family=None):
        label = f'database="{database}"'
        return {key: value for key, value in self.values.items()
                if label in key[1] and family in (None, key[0])}

    def value(self, database, family):
        return next(iter(self.of(database, family).values()), None)

    def states(self, database):
        return {key for key in self.of(database, "sqlite_database_state")}


class Judge:
    """Of one exporter's pages, in the order in which they were taken."""

    def __init__(self):
        self.last = {}
        self.seen = {}  # when each counter was there last
        self.start = time.time()
        self.largest = {}  # step of each family of counters

    def faults_of(self, page):
        now = time.time()
        faults = list(page.faults)
        for key, value in page.values.items():
            faults += self.faults_of_sample(page, key, value, now)
            if page.types.get(key[0]) == "counter":
                faults += self.faults_of_counter(key, value, now)
        for database in {key[1] for key in page.values if key[0] == "sqlite_database_pages"}:
            free = page.values.get(("sqlite_database_freelist_pages", database), 0)
            if free and free >= page.values["sqlite_database_pages", database]:
                faults.append(f"as many free pages as pages: {database}")
        return faults

    @staticmethod
    def faults_of_sample(page, key, value, now):
        family = key[0]
        if math.isnan(value):
            return [f"NaN: {key}"]
        if value < 0 and family not in SIGNED:
            return [f"negative: {key} {value}"]
        if family.endswith("_timestamp_seconds") and value > now + CLOCK_TOLERANCE:
            return [f"in the future: {key} {value - now:.3f} s"]
        if family not in page.types and not re.search("_(bucket|sum|count)$", family):
            return [f"no type: {family}"]
        return []

    def faults_of_counter(self, key, value, now):
        # A series that appears has counted since it was last there, if it ever was.
        before, since = self.last.get(key, 0), self.seen.get(key, self.start)
        self.last[key], self.seen[key] = value, now
        step = value - before
        if step < 0:
            return [f"backwards: {key} {before} -> {value}"]
        if key[0].startswith(("sqlite_exporter_", "sqlite_cgroup_", "process_")):
            return []
        self.largest[key[0]] = max(step, self.largest.get(key[0], 0))
        most = (now - since + SLACK) * (1 if key[0].endswith("_seconds_total") else MOST_A_SECOND)
        leap = f"a leap: {key} {before} -> {value} in {now - since:.3f} s"
        return [leap] if step > most else []


def faults_of_sizes(page, database, file_size, wal_size):
    """What the files can hold at most; the page of the lock bytes is never written."""
    pages = page.value(database, "sqlite_database_pages")
    size = page.value(database, "sqlite_database_page_size_bytes")
    if pages is None or not size or pages <= file_size // size + wal_size // (24 + size) + 1:
        return []
    return [f"{database}: {pages} pages of {size} in {file_size} bytes, -wal {wal_size}"]

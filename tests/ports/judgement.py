"""What was seen of a port, moment by moment, and the cells that are made of it."""

import dataclasses

RIGHT = "right"
UNSEEN = "not told"
COLUMNS = ("state", "journal mode", "frames", "readers", "culprit", "transactions",
           "crash leftovers")


def wrong(saw, truth):
    return f"saw {saw} instead of {truth}"


def compare(seen, truth):
    """A number that is told or not; where the truth is not known, neither is a verdict."""
    if truth is None:
        return None
    if seen is None:
        return UNSEEN
    return RIGHT if seen == truth else wrong(f"{seen:g}", f"{truth:g}")


def compare_states(seen, right, unseen):
    if seen in right:
        return RIGHT
    if seen in unseen or not seen:
        return UNSEEN
    return wrong("+".join(sorted(seen)), " or ".join("+".join(sorted(one)) for one in right))


def compare_count(seen, truth):
    """A counter may be a lower bound; but it is no 0 while there were some."""
    if seen is None:
        return UNSEEN
    if 0 < seen < truth:
        return "lower bound"
    return RIGHT if seen == truth else wrong(f"{seen:g}", f"{truth:g}")


def worst(pairs):
    """column -> the verdict that is least right of those that it got."""
    verdicts = {}
    for column, verdict in pairs:
        before = verdicts.get(column)
        if before is None or before == RIGHT or (verdict or "").startswith("saw "):
            verdicts[column] = verdict if verdict is not None else before
    return verdicts


@dataclasses.dataclass
class Row:
    """Of one port: column -> moment -> verdict."""

    name: str
    package: str
    engine: str = ""
    cannot: str = ""
    failure: str = ""  # why it could not be run
    states: set = dataclasses.field(default_factory=set)  # while open
    leftover: set = dataclasses.field(default_factory=set)
    verdicts: dict = dataclasses.field(default_factory=dict)

    def note(self, column, moment, verdict):
        if verdict is not None:
            self.verdicts.setdefault(column, {})[moment] = verdict

    def faults(self):
        """What was said and is not so."""
        return [f"{column} at {moment}: {verdict}"
                for column, moments in self.verdicts.items()
                for moment, verdict in moments.items() if verdict.startswith("saw ")]

    def cell(self, column):
        moments = self.verdicts.get(column, {})
        if not moments:
            return "-"
        faults = {}
        for moment, verdict in moments.items():
            if verdict.startswith("saw "):
                faults.setdefault(verdict, []).append(moment)
        if faults:
            return "; ".join(f"**wrong** at {', '.join(when)}: {verdict}"
                             for verdict, when in faults.items())
        unseen = [moment for moment, verdict in moments.items() if verdict == UNSEEN]
        if len(unseen) == len(moments):
            return UNSEEN
        if column == "transactions":
            return "exact" if set(moments.values()) == {RIGHT} else "lower bound"
        said = RIGHT
        if column == "state":
            said = ", ".join(f"`{state}`" for state in sorted(self.states))
        elif column == "crash leftovers":
            said = ", ".join(f"`{state}`" for state in sorted(self.leftover))
        return said + (", not told at " + ", ".join(unseen) if unseen else "")

    def cells(self):
        """Those that must be the same wherever it is run."""
        if self.failure:
            return ["not run: " + self.failure] + ["-"] * (len(COLUMNS) - 1) + [self.cannot or "-"]
        return [self.cell(column) for column in COLUMNS] + [self.cannot or "-"]

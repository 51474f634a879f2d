"""The dashboard of all databases of all nodes: what is wrong, worst first, and where to look."""

from grafana_foundation_sdk.builders import dashboard as board

import frame
from frame import KEY, NODE
from panels import (BLUE, ORANGE, RED, UNKNOWN, YELLOW, Column, from_on, lines, number, rows,
                    severity, steps, words)

NODES = 'cluster=~"$cluster",instance=~"$instance"'
MOST_DATABASES, MOST_NODES, MOST_ALERTS = 100, 50, 200
# Only these are joined with their values: a refresh costs no more with more databases in trouble.
SCORES = (f'topk({MOST_DATABASES}, '
          f'database:sqlite_trouble:score{{{NODES},owner_namespace=~"$namespace"}})')
NODE_SCORES = f"topk({MOST_NODES}, instance:sqlite_trouble:score{{{NODES}}})"

YEAR = from_on(365 * 86400, "not soon")
STATES = words({
    **dict.fromkeys(("corrupt_header", "truncated", "not_a_database", "orphaned", "overwritten",
                     "wal_lost", "unreadable", "locks_cancelled", "locks_inconsistent"),
                    (None, RED)),
    **dict.fromkeys(("hot_journal", "wal_unrecovered", "wal_mismatched", "locks_unobservable"),
                    (None, ORANGE)),
    **dict.fromkeys(("absent", "empty", "encrypted", "newer_format", "wal_exclusive",
                     "rollback_exclusive"), (None, BLUE))})


def until_full(limits, source, title="Disk full in", width=100):
    """Of a time until a filesystem is full: the less the worse, within the limits of its alert."""
    return Column(source, title, width, "s", mappings=[YEAR, UNKNOWN], colors=steps(
        (limits["threshold:sqlite_filesystem_full:seconds_page"], ORANGE),
        (limits["threshold:sqlite_filesystem_full:seconds_ticket"], "text"), base=RED))


def largest_clusters(record):
    """By cluster, the ten that had the most of it; also those that are gone now."""
    series = f"{record}{{{NODES}}}"
    return ('label_replace('
            f"sum by (cluster) ({series}) and on (cluster) "
            f"topk(10, sum by (cluster) (avg_over_time({series}[$__range] @ end()))), "
            '"cluster", "no cluster", "cluster", "")')


def count_of(kind):
    """Alerts that fire; 0 only where the rules are evaluated."""
    return (f"count({frame.firing(NODES, severity=kind)}) "
            f"or 0 * count(instance:sqlite_exporter_up:bool{{{NODES}}})")


def summary():
    return [
        number("Nodes", "Exporters that answer. Good: as many as you have nodes. Metric: `up` of "
               "what was an exporter within a day.", "short",
               f"sum(instance:sqlite_exporter_up:bool{{{NODES}}})"),
        number("Nodes down", "Exporters that did not answer the last scrape. Good: 0. Metric: `up` "
               "of what was an exporter within a day.", "short",
               f"sum(1 - instance:sqlite_exporter_up:bool{{{NODES}}})", colors=steps((1, RED))),
        number("Databases", "Databases that are watched. Good: what you expect. "
               "Metric: `sqlite_up`.", "short", f"sum(instance:sqlite_databases:count{{{NODES}}})"),
        number("Not readable", "Databases whose last look failed: their filesystem hangs, fails, "
               "or keeps the exporter out. Good: 0. Metric: `sqlite_up`.", "short",
               f"sum(instance:sqlite_databases_down:count{{{NODES}}})", colors=steps((1, RED))),
        number("Alerts: page", "Alerts that wake somebody, firing now. Good: 0. Metric: `ALERTS`, "
               "made of rules about `sqlite_database_state` and others.", "short",
               count_of("page"), colors=steps((1, RED))),
        number("Alerts: ticket", "Alerts for the working day, firing now. Good: 0. Metric: "
               "`ALERTS`, made of rules about `sqlite_wal_frames` and others.", "short",
               count_of("ticket"), colors=steps((1, ORANGE))),
        number("Transactions", "Committed write transactions of all databases. Good: what is "
               "usual. Metric: `sqlite_transactions_total`.", "ops",
               f"sum(instance:sqlite_transactions:rate5m{{{NODES}}})", decimals=1),
        number("Waiting in WALs", "Bytes that no checkpoint has copied into their databases yet. "
               "Good: a few MiB for each busy database. Metrics: `sqlite_wal_frames`, "
               "`sqlite_wal_backfilled_frames`.", "bytes",
               f"sum(instance:sqlite_wal_backlog:bytes{{{NODES}}})", decimals=1)]


def firing():
    labels = (f"alertname, severity, {KEY}, reason, query, table, device, mountpoint, "
              f"{frame.OWNER}")

    def of(kind):
        return f"max by ({labels}) ({frame.firing(NODES, severity=kind)})"

    return rows(
        "Alerts that fire",
        f"The {MOST_ALERTS} worst of the selected nodes; a name leads to its runbook, which the "
        "exporter of the node itself serves. Good: none. Metric: `ALERTS`, made of rules about "
        "`sqlite_up` and others.",
        {"alert": f"topk({MOST_ALERTS}, 3 * {of('page')} or 2 * {of('ticket')} or {of('info')})"},
        [Column("alert", "Severity", 80, mappings=[severity("transparent")], filled=True),
         Column("alertname", "Alert", 210, link=frame.TO_RUNBOOK),
         Column("cluster", "Cluster", 90),
         Column("instance", "Node", 150, link=frame.TO_EXPORTER),
         Column("database", "Database", link=frame.TO_DATABASE),
         Column("reason", "Reason", 110),
         Column("query", "Query", 110),
         Column("table", "Table", 110),
         Column("device", "Device", 130),
         Column("mountpoint", "Mountpoint", 110),
         Column("owner_namespace", "Namespace", 110),
         Column("owner_pod", "Pod", 150),
         Column("owner_unit", "Unit", 150),
         Column("owner_process", "Process", 130)],
        sort="alert", hidden=["severity", "owner_container"], size=(24, 10),
        empty="Nothing fires, or no rules are evaluated.")


def worst(name, *labels):
    """Of the worst databases alone."""
    return frame.among(KEY, SCORES, f"{name}{{{NODES}}}", *labels)


def databases(limits):
    def limit(name, source, title, width, unit):
        return Column(source, title, width, unit,
                      colors=steps((limits["threshold:" + name], ORANGE), base="text"))

    return rows(
        "Databases, the worst first",
        f"The {MOST_DATABASES} databases with the worst alerts, then those nearest to a threshold "
        "of one (100 % is there; an alert may ask for more, as that it lasts). A name leads to the "
        "database. Good: no colour. Metrics: "
        "`sqlite_database_state`, `sqlite_wal_frames`, `sqlite_oldest_reader_age_seconds`, "
        "`sqlite_lock_held_seconds_total`, `sqlite_sync_last_success_timestamp_seconds`, "
        "`sqlite_filesystem_avail_bytes`.",
        {"score": f"max by ({KEY}, {frame.OWNER}) ({SCORES})",
         "severity": worst("database:sqlite_alerts:severity"),
         "severity of state": worst("database:sqlite_state:severity", "state"),
         "nearest": worst("database:sqlite_nearest_threshold:ratio", "threshold"),
         "backlog": worst("database:sqlite_wal_backlog:frames"),
         "reader": worst("sqlite_oldest_reader_age_seconds"),
         "lock": worst("database:sqlite_write_lock_held:ratio_rate5m"),
         "sync": worst("database:sqlite_sync_age:seconds"),
         "full": worst("database:sqlite_filesystem_full:seconds")},
        [Column("severity", "Alert", 70, mappings=[severity("transparent")], filled=True),
         Column("cluster", "Cluster", 90),
         Column("instance", "Node", 150, link=frame.TO_EXPORTER),
         Column("owner_namespace", "Namespace", 100),
         Column("owner_process", "Held by", 120),
         Column("database", "Database", link=frame.TO_DATABASE),
         Column("state", "State", 120, mappings=[STATES]),
         Column("nearest", "Nearest", 80, "percentunit",
                colors=steps((0.5, YELLOW), (1, ORANGE), base="text")),
         Column("threshold", "Threshold", 110),
         limit("sqlite_wal_backlog:frames", "backlog", "Backlog, frames", 130, "short"),
         limit("sqlite_reader_age:seconds", "reader", "Oldest reader", 115, "s"),
         limit("sqlite_write_lock_held:ratio", "lock", "Write lock", 90, "percentunit"),
         limit("sqlite_sync_age:seconds", "sync", "Sync lag", 90, "s"),
         until_full(limits, "full")],
        sort="score", size=(24, 13), empty="No database is watched.",
        hidden=["Value #A", "Value #C", "owner_unit", "owner_pod", "owner_container"])


def trends():
    return [
        lines("Transactions", "Write transactions of the ten busiest clusters. Good: the daily "
              "rhythm; a fall to 0 is an application that stands still. "
              "Metric: `sqlite_transactions_total`.", "ops",
              {"{{cluster}}": largest_clusters("instance:sqlite_transactions:rate5m")}),
        lines("Waiting in WALs", "Bytes not checkpointed, in the ten clusters with the most. Good: "
              "goes up and down; what only goes up is a reader that was forgotten. Metrics: "
              "`sqlite_wal_frames`, `sqlite_wal_backfilled_frames`.", "bytes",
              {"{{cluster}}": largest_clusters("instance:sqlite_wal_backlog:bytes")}),
        lines("What is in the way of checkpoints", "Databases by what keeps checkpoints "
              "from finishing. Good: short bursts. Metric: `sqlite_checkpoint_blocked`.", "short",
              {"{{cause}}": "sum by (cause) "
               f"(instance:sqlite_checkpoint_blocked:count{{{NODES}}})"},
              stacked=True, empty="Nothing is in the way, or nothing is watched."),
        lines("Databases by state", "One may be in several. Good: wal_live, wal_clean, "
              "rollback_idle and rollback_active. Metric: `sqlite_database_state`.", "short",
              {"{{state}}": f"sum by (state) (instance:sqlite_database_state:count{{{NODES}}})"},
              stacked=True),
        lines("Size of databases", "Files of the databases, in the ten largest clusters. Good: "
              "grows slowly. Metric: `sqlite_database_file_size_bytes`.", "bytes",
              {"{{cluster}}": largest_clusters("instance:sqlite_database_file_size:bytes")}),
        lines("Size of WALs", "Files beside them, in the ten clusters with the largest. Good: far "
              "below the size of the databases. Metric: `sqlite_wal_file_size_bytes`.", "bytes",
              {"{{cluster}}": largest_clusters("instance:sqlite_wal_file_size:bytes")})]


def nodes(limits):
    def of_node(name):
        return frame.among(NODE, NODE_SCORES, f"instance:sqlite_{name}{{{NODES}}}")

    return rows(
        "Nodes, the worst first",
        f"The {MOST_NODES} nodes that have the database with the worst alert. Good: no colour. "
        "Metrics: `sqlite_up`, `sqlite_wal_frames`, `sqlite_oldest_reader_age_seconds`.",
        {"score": of_node("trouble:score"),
         "databases": of_node("databases:count"),
         "down": of_node("databases_down:count"),
         "transactions": of_node("transactions:rate5m"),
         "backlog": of_node("wal_backlog:bytes"),
         "wal": of_node("wal_file_size:bytes"),
         "reader": of_node("oldest_reader_age:seconds"),
         "full": of_node("filesystem_full:seconds")},
        [Column("cluster", "Cluster", 80),
         Column("instance", "Node", link=frame.TO_EXPORTER),
         Column("databases", "Databases", 120, "short"),
         Column("down", "Not readable", 120, "short", colors=steps((1, RED), base="text")),
         Column("transactions", "Transactions", 130, "ops"),
         Column("backlog", "Waiting", 110, "bytes"),
         Column("wal", "WALs", 110, "bytes"),
         Column("reader", "Oldest reader", 130, "s", colors=steps(
             (limits["threshold:sqlite_reader_age:seconds"], ORANGE), base="text")),
         until_full(limits, "full", width=120)],
        sort="score", hidden=["Value #A"], size=(24, 8), empty="No node is watched.")


def filesystems(limits):
    of_mount = f"max by ({NODE}, device, mountpoint)"
    forecast = f"{of_mount} (mountpoint:sqlite_filesystem_full:seconds{{{NODES}}})"
    soonest = f"and bottomk({MOST_NODES}, {forecast})"
    avail, size = (f"sqlite_filesystem_{what}_bytes{{{NODES}}}" for what in ("avail", "size"))
    return rows(
        "Filesystems, the first to be full first",
        f"The {MOST_NODES} that will be full first if they go on as in the last hour. Good: not "
        "soon. Metrics: `sqlite_filesystem_avail_bytes`, `sqlite_filesystem_size_bytes`.",
        {"order": f"-bottomk({MOST_NODES}, {forecast})",
         "full": f"{forecast} {soonest}",
         "avail": f"{of_mount} ({avail}) {soonest}",
         "share": f"{of_mount} ({avail} / {size}) {soonest}"},
        [Column("cluster", "Cluster", 80),
         Column("instance", "Node", 160, link=frame.TO_EXPORTER),
         Column("mountpoint", "Mountpoint"),
         Column("device", "Device", 160),
         Column("avail", "Left", 110, "bytes"),
         Column("share", "Share", 100, "percentunit", mappings=[UNKNOWN], colors=steps(
             (limits["threshold:sqlite_filesystem_avail:ratio"], "text"), base=RED)),
         until_full(limits, "full", "Full in", 120)],
        sort="order", hidden=["Value #A"], size=(24, 8),
        empty="No forecast: it takes half an hour, and a filesystem that can be written to.")


def build(limits):
    made = frame.dashboard(
        frame.FLEET, "SQLite fleet",
        "All databases of all nodes, the worst first. Needs the rules of sqlite_exporter.",
        [frame.cluster(several=True), frame.node(several=True),
         frame.variable("namespace", "Namespace (of databases)", "label_values("
                        f"database:sqlite_owner:info{{{NODES}}}, owner_namespace)",
                        several=True)],
        frame.annotation(["severity", "cluster"], NODES), of_a_node=False)
    for panel in summary():
        made.with_panel(panel)
    made.with_panel(firing()).with_panel(databases(limits))
    made.with_row(board.Row("Over time"))
    for panel in trends():
        made.with_panel(panel)
    made.with_row(board.Row("Nodes and filesystems"))
    return made.with_panel(nodes(limits)).with_panel(filesystems(limits))

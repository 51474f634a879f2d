"""The dashboard of one database: its WAL, who pins and who holds it, its owner and its disk."""

from grafana_foundation_sdk.builders import dashboard as board

import frame
from fleet import YEAR
from frame import NODE
from panels import ORANGE, RED, UNKNOWN, Column, lines, number, rows, severity, steps, words

NODES = 'cluster="$cluster",instance="$instance"'
THIS = NODES + ',database="$database"'
ALERTED = (THIS, NODES + ',database=""')  # Disks and owners are no single database's.
CGROUP_OWNER = "owner_unit, owner_namespace, owner_pod, owner_container"
# In rollback mode a holder is seen only while it reads or writes.
# What has no name as unit or pod cannot be told from what else has none.
KNOWN_OWNERS = " or ".join(
    f'last_over_time(sqlite_holder_processes{{{THIS},{label}!=""}}[1h])'
    for label in ("owner_unit", "owner_pod"))
ITS_OWNERS = f"and on ({NODE}, {CGROUP_OWNER}) ({KNOWN_OWNERS})"
ITS_MOUNT = f"and on ({NODE}, mountpoint) database:sqlite_mountpoint:info{{{THIS}}}"
WHO = "{{owner_pod}} {{owner_container}} {{owner_unit}}"
NO_WAL = "No data: not in WAL mode, or not watched."
NO_HEADER = "No data: its header cannot be read, or it is not watched."
NO_OWNER = "No data: no unit and no pod had it open within an hour."


def now(limits):
    return [
        number("State", "The worst that holds. Good: wal_live, wal_clean, rollback_idle or "
               "rollback_active. Metric: `sqlite_database_state`.", "",
               f"max by (state) (database:sqlite_state:severity{{{THIS}}})",
               names="{{state}}", size=(4, 4), empty="unknown",
               colors=steps((2, ORANGE), (3, RED))),
        number("Worst alert", "Of those that fire for this database, not for its disk. Good: -. "
               "Metric: `ALERTS`, made of rules about `sqlite_up` and others.", "",
               f"max(database:sqlite_alerts:severity{{{THIS}}})", mappings=[severity("text")],
               size=(2, 4)),
        number("Last write", "How long ago. Good: as its application usually does. "
               "Metric: `sqlite_last_write_timestamp_seconds`.", "s",
               f"time() - max(sqlite_last_write_timestamp_seconds{{{THIS}}})", size=(3, 4)),
        number("Oldest reader", "At least so long it has held a snapshot older than the last "
               "commit. Good: seconds. Metric: `sqlite_oldest_reader_age_seconds`.", "s",
               f"max(sqlite_oldest_reader_age_seconds{{{THIS}}}) or "
               f"0 * max(sqlite_up{{{THIS}}})", colors=steps(
                   (limits["threshold:sqlite_reader_age:seconds"], ORANGE))),
        number("Write lock", "Share of the time in which some transaction holds it. Good: well "
               "below the threshold. Metric: `sqlite_lock_held_seconds_total`.", "percentunit",
               f"max(database:sqlite_write_lock_held:ratio_rate5m{{{THIS}}})", decimals=1,
               colors=steps((limits["threshold:sqlite_write_lock_held:ratio"], ORANGE))),
        number("Database", "Size of its file. Good: grows slowly. "
               "Metric: `sqlite_database_file_size_bytes`.", "bytes",
               f"max(sqlite_database_file_size_bytes{{{THIS}}})", decimals=1),
        number("WAL", "Size of the file beside it, which only a truncating checkpoint or the last "
               "close shrinks. Good: a few MiB. Metric: `sqlite_wal_file_size_bytes`.", "bytes",
               f"max(sqlite_wal_file_size_bytes{{{THIS}}})", decimals=1, empty=NO_WAL,
               colors=steps((limits["threshold:sqlite_wal_file_size:bytes"], ORANGE))),
        number("Disk full in", "If it goes on as in the last hour. Good: not soon. "
               "Metric: `sqlite_filesystem_avail_bytes`.", "s",
               f"min(database:sqlite_filesystem_full:seconds{{{THIS}}})", mappings=[YEAR, UNKNOWN],
               empty="unknown",
               colors=steps((limits["threshold:sqlite_filesystem_full:seconds_page"], ORANGE),
                            (limits["threshold:sqlite_filesystem_full:seconds_ticket"], "text"),
                            base=RED))]


def what_it_is():
    columns = "path, journal_mode, auto_vacuum, encoding, sqlite_version, mountpoint"
    return rows(
        "File", "What its header says; sqlite_version is that of the last writer. Good: a path and "
        "a version that you know. Metric: `sqlite_database_info`.",
        {"info": f"max by ({columns}) (sqlite_database_info{{{THIS}}})"},
        [Column("path", "Path"), Column("mountpoint", "Mountpoint", 160),
         Column("journal_mode", "Journal mode", 110), Column("auto_vacuum", "Auto-vacuum", 110),
         Column("encoding", "Encoding", 100), Column("sqlite_version", "SQLite", 90)],
        hidden=["Value"], size=(16, 4), empty="No header could be read.")


def firing():
    labels = "alertname, severity, device"
    return rows(
        "Alerts", "Those that fire for this database, its node and its disk; a name leads to its "
        "runbook. Good: none. Metric: `ALERTS`, made of rules about `sqlite_up` and others.",
        {"alert": f"max by ({labels}) ({frame.firing(*ALERTED)})"},
        [Column("severity", "Severity", 90, mappings=[
            words({"page": (None, RED), "ticket": (None, ORANGE)})]),
         Column("alertname", "Alert", link=frame.TO_RUNBOOK_OF_THIS),
         Column("device", "Device", 110)],
        hidden=["Value"], size=(8, 4), empty="Nothing fires, or no rules are evaluated.")


def wal(limits):
    backlog = limits["threshold:sqlite_wal_backlog:frames"]
    return [
        lines("Frames in the WAL", "What a checkpoint has copied, and what is pinned, are parts of "
              "all frames. Good: backfilled follows frames, and both fall to 0 at a reset. Metrics:"
              " `sqlite_wal_frames`, `sqlite_wal_backfilled_frames`, `sqlite_wal_pinned_frames`.",
              "short",
              {"frames": f"max(sqlite_wal_frames{{{THIS}}})",
               "backfilled": f"max(sqlite_wal_backfilled_frames{{{THIS}}})",
               "pinned": f"max(sqlite_wal_pinned_frames{{{THIS}}})"}, empty=NO_WAL),
        lines("Waiting for a checkpoint", "Frames less those backfilled. Good: below 1,000 most of "
              "the time; the line is SqliteCheckpointStarved's. Metrics: `sqlite_wal_frames`, "
              "`sqlite_wal_backfilled_frames`.", "short",
              {"backlog": f"max(database:sqlite_wal_backlog:frames{{{THIS}}})"},
              limit=backlog, empty=NO_WAL),
        lines("Size of the WAL", "A high-water mark: a reset does not shrink it. Good: flat; the "
              "line is SqliteWalGrowing's. Metric: `sqlite_wal_file_size_bytes`.", "bytes",
              {"size": f"max(sqlite_wal_file_size_bytes{{{THIS}}})"},
              limit=limits["threshold:sqlite_wal_file_size:bytes"], empty=NO_WAL),
        lines("Frames written", "How fast the WAL is written, and how often it was started over. "
              "Good: resets go with writes. Metrics: `sqlite_wal_frames_written_total`, "
              "`sqlite_wal_resets_total`, `sqlite_wal_unseen_generations_total`.", "ops",
              {"frames": f"max(rate(sqlite_wal_frames_written_total{{{THIS}}}[$__rate_interval]))",
               "resets": f"max(rate(sqlite_wal_resets_total{{{THIS}}}[$__rate_interval]))",
               "generations unseen":
               f"max(rate(sqlite_wal_unseen_generations_total{{{THIS}}}[$__rate_interval]))"},
              right=("resets|generations unseen", "ops"), empty=NO_WAL),
        lines("Checkpoints", "Good: as often as resets, and none that fail. Metrics: "
              "`sqlite_checkpoints_total`, `sqlite_checkpoint_failures_total`.", "short",
              {"checkpoints": f"max(increase(sqlite_checkpoints_total{{{THIS}}}"
               "[$__rate_interval]))",
               "failed": f"max(increase(sqlite_checkpoint_failures_total{{{THIS}}}"
               "[$__rate_interval]))"}, empty=NO_WAL),
        lines("In the way of a checkpoint", "Each cause that holds. Good: nothing, or short bursts."
              " Metric: `sqlite_checkpoint_blocked`.", "short",
              {"{{cause}}": f"max by (cause) (sqlite_checkpoint_blocked{{{THIS}}})"},
              most=1, empty="Nothing is in the way, or it is not watched.")]


def people(limits):
    who = frame.OWNER
    return [
        rows("Who has it open", "Owners of processes that have the database open, and what their "
             "old readers pin. Good: those that you expect, and 0 pinned. Metrics: "
             "`sqlite_holder_processes`, `sqlite_reader_pinned_frames`.",
             {"processes": f"max by ({who}) (sqlite_holder_processes{{{THIS}}})",
              "pinned": f"max by ({who}) (sqlite_reader_pinned_frames{{{THIS}}})"},
             [Column("owner_process", "Process"), Column("owner_unit", "Unit"),
              Column("owner_namespace", "Namespace"), Column("owner_pod", "Pod"),
              Column("owner_container", "Container"), Column("processes", "Processes", 90, "short"),
              Column("pinned", "Pins frames", 100, "short", colors=steps((1, ORANGE),
                                                                         base="text"))],
             sort="pinned", size=(24, 5),
             empty="Nobody has it open, or not all locks can be seen, or it is not watched."),
        lines("Frames pinned, by owner", "What no checkpoint may copy because of their readers. "
              "Good: nothing. Metric: `sqlite_reader_pinned_frames`.", "short",
              {"{{owner_process}} " + WHO:
               f"max by ({who}) (sqlite_reader_pinned_frames{{{THIS}}})"},
              size=(12, 8), empty="No old reader, or it is not watched."),
        lines("Age of the oldest reader", "At least so long it has held a snapshot older than the "
              "last commit. Good: seconds; the line is SqliteForgottenReader's. Metric: "
              "`sqlite_oldest_reader_age_seconds`.", "s",
              {"age": f"max(sqlite_oldest_reader_age_seconds{{{THIS}}})"}, size=(12, 8),
              limit=limits["threshold:sqlite_reader_age:seconds"],
              empty="No old reader, or it is not watched.")]


def locks(limits):
    return [
        lines("Locks held", "Share of the time. Good: write well below the line, which is "
              "SqliteWriteLockSaturated's. Metric: `sqlite_lock_held_seconds_total`.",
              "percentunit",
              {"{{lock}}": "max by (lock) "
               f"(rate(sqlite_lock_held_seconds_total{{{THIS}}}[$__rate_interval]))"},
              limit=limits["threshold:sqlite_write_lock_held:ratio"]),
        lines("Held now, for so long", "One process, without a commit since. Good: milliseconds to "
              "seconds. Metric: `sqlite_lock_current_hold_seconds`.", "s",
              {"{{lock}}": f"max by (lock) (sqlite_lock_current_hold_seconds{{{THIS}}})"},
              empty="No lock is held for long, or it is not watched."),
        lines("Readers", "Read marks that are held, each by one reader or more; there are five. "
              "Good: comes and goes. Metric: `sqlite_readers`.", "short",
              {"readers": f"max(sqlite_readers{{{THIS}}})"}),
        lines("Transactions", "Committed write transactions. Good: what is usual. "
              "Metric: `sqlite_transactions_total`.", "ops",
              {"transactions":
               f"max(rate(sqlite_transactions_total{{{THIS}}}[$__rate_interval]))"}),
        lines("Pages", "Of the file, and of these unused. Good: few unused, or as many as come "
              "back into use. Metrics: `sqlite_database_pages`, `sqlite_database_freelist_pages`.",
              "short",
              {"pages": f"max(sqlite_database_pages{{{THIS}}})",
               "unused": f"max(sqlite_database_freelist_pages{{{THIS}}})"}, empty=NO_HEADER),
        lines("Unused share", "What a VACUUM would give back. Good: below the line, which is "
              "SqliteFreelistBloat's for large files. Metrics: `sqlite_database_freelist_pages`, "
              "`sqlite_database_pages`.", "percentunit",
              {"unused": f"max(database:sqlite_freelist:ratio{{{THIS}}})"}, most=1,
              limit=limits["threshold:sqlite_freelist:ratio"], empty=NO_HEADER)]


def owners(limits):
    def of(name, more=""):
        return f"sqlite_cgroup_{name}{{{NODES}{more}}}"

    def rate(name, more=""):
        return f"rate({of(name, more)}[$__rate_interval])"

    return [
        lines("CPU of its owners", "Cores used by the cgroups of those that have it open, and what "
              "they may use. Good: below the limit. Metrics: `sqlite_cgroup_cpu_usage_seconds_total"
              "`, `sqlite_cgroup_cpu_limit_cores`.", "suffix: cores",
              {"used " + WHO: f"{rate('cpu_usage_seconds_total')} {ITS_OWNERS}",
               "limit " + WHO: f"{of('cpu_limit_cores')} {ITS_OWNERS}"},
              size=(6, 8), dashed="limit.*", empty=NO_OWNER),
        lines("Stopped by the CPU limit", "Share of the periods in which the limit was used up. A "
              "transaction that is stopped keeps its locks. Good: below the line, which is "
              "SqliteOwnerThrottled's. Metrics: `sqlite_cgroup_cpu_throttled_periods_total`, "
              "`sqlite_cgroup_cpu_periods_total`.", "percentunit",
              {"stopped " + WHO: f"{rate('cpu_throttled_periods_total')} "
               f"/ ({rate('cpu_periods_total')} > 0) {ITS_OWNERS}"}, size=(6, 8), most=1,
              limit=limits["threshold:sqlite_owner_throttled:ratio"],
              empty="No data: its owners have no CPU limit, or are not known."),
        lines("Memory of its owners", "What their cgroups work with. Good: well below the limit; "
              "SqliteOwnerNearMemoryLimit tells of "
              f"{limits['threshold:sqlite_owner_memory:ratio']:.0%}. Metrics: "
              "`sqlite_cgroup_memory_working_set_bytes`, `sqlite_cgroup_memory_max_bytes`, "
              "`sqlite_cgroup_memory_events_total`.", "bytes",
              {"used " + WHO: f"{of('memory_working_set_bytes')} {ITS_OWNERS}",
               "limit " + WHO: f"{of('memory_max_bytes')} {ITS_OWNERS}",
               # Of a pod: that of its container ends with the container.
               "killed {{owner_pod}} {{owner_unit}}":
               "max by (owner_namespace, owner_pod, owner_unit) (increase("
               + of("memory_events_total", ',event="oom_kill"') + "[$__rate_interval]) "
               f"and on ({NODE}, owner_namespace, owner_pod, owner_unit) ({KNOWN_OWNERS}))"},
              size=(6, 8), dashed="limit.*", right=("killed.*", "short"), empty=NO_OWNER),
        lines("Their reads and writes", "Bytes between their cgroups and devices. Good: what is "
              "usual. Metrics: `sqlite_cgroup_io_read_bytes_total`, "
              "`sqlite_cgroup_io_written_bytes_total`.", "Bps",
              {"read {{device}}": "sum by (device) "
               f"({rate('io_read_bytes_total')} {ITS_OWNERS})",
               "written {{device}}": "sum by (device) "
               f"({rate('io_written_bytes_total')} {ITS_OWNERS})"},
              size=(6, 8), empty=NO_OWNER)]


def disk(limits):
    ahead = limits["threshold:sqlite_filesystem_full:seconds_page"]

    def of(name):
        return f"max by (mountpoint) (sqlite_filesystem_{name}{{{NODES}}} {ITS_MOUNT})"

    return [
        lines("Space left on its disk", "And what will be left in "
              f"{ahead // 3600} hours if it goes on as in the last hour. Good: the forecast stays "
              "above 0. Metrics: `sqlite_filesystem_avail_bytes`, `sqlite_filesystem_size_bytes`.",
              "bytes",
              {"left": of("avail_bytes"), "size": of("size_bytes"),
               "forecast": "clamp_min(max by (mountpoint) (predict_linear("
               f"sqlite_filesystem_avail_bytes{{{NODES}}}[1h], {ahead}) {ITS_MOUNT}), 0)"},
              dashed="size|forecast", size=(8, 8), empty="Its filesystem cannot be asked."),
        lines("Inodes left on its disk", "At 0 no journal and no WAL can be made. Good: far from "
              "0. Metrics: `sqlite_filesystem_files_free`, `sqlite_filesystem_files`.", "short",
              {"left": of("files_free"), "all": of("files")},
              dashed="all", size=(8, 8), empty="This filesystem makes them as it needs them."),
        lines("Read-only", "1 if nothing can be written, as after an error of the disk. Good: 0. "
              "Metric: `sqlite_filesystem_readonly`.", "short",
              {"{{mountpoint}}": of("readonly")}, most=1, size=(8, 8),
              empty="Its filesystem cannot be asked.")]


def from_sql(limits):
    no_sync = "No [sync] reads this database, see docs/sync.md."
    return [
        lines("Since the last synchronisation", "By table and peer, as the application wrote it. "
              "Good: below the line, which is SqliteSyncBehind's if rows wait. Metric: "
              "`sqlite_sync_last_success_timestamp_seconds`.", "s",
              {"{{table}} {{peer}}": "time() - max by (table, peer) "
               f"(sqlite_sync_last_success_timestamp_seconds{{{THIS}}})"},
              limit=limits["threshold:sqlite_sync_age:seconds"], empty=no_sync),
        lines("Rows that wait", "Newer than the last synchronisation, as far as they are counted. "
              "Good: falls to 0 again and again. Metric: `sqlite_sync_pending_rows`.", "short",
              {"{{table}} {{peer}}":
               f"max by (table, peer) (sqlite_sync_pending_rows{{{THIS}}})"}, empty=no_sync),
        lines("Queries", "1 if the last run gave all of its samples. Good: 1. Metrics: "
              "`sqlite_query_success`, `sqlite_query_duration_seconds`.", "short",
              {"{{query}}": f"max by (query) (sqlite_query_success{{{THIS}}})",
               "{{query}} takes": f"max by (query) (sqlite_query_duration_seconds{{{THIS}}})"},
              right=(".* takes", "s"), empty="No [[query]] reads it, see docs/queries.md.")]


def build(limits):
    made = frame.dashboard(
        frame.DATABASE, "SQLite database",
        "One database: its WAL, who pins and holds it, its owner and its disk.",
        [frame.cluster(several=False), frame.node(several=False),
         frame.variable("database", "Database", f"label_values(sqlite_up{{{NODES}}}, database)",
                        several=False)],
        frame.annotation(["severity", "device"], *ALERTED), of_a_node=True)
    for panel in [*now(limits), what_it_is(), firing()]:
        made.with_panel(panel)
    for title, panels in (("WAL", wal), ("Who pins and who holds it", people),
                          ("Locks, transactions and pages", locks), ("Owner", owners),
                          ("Disk", disk), ("From SQL", from_sql)):
        made.with_row(board.Row(title))
        for panel in panels(limits):
            made.with_panel(panel)
    return made

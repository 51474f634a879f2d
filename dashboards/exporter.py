"""The dashboard of the exporters: that they look, how long it takes, and what it costs."""

from grafana_foundation_sdk.builders import dashboard as board

import frame
from frame import NODE
from panels import GREEN, ORANGE, RED, Column, lines, number, rows, steps, words

ALL = 'cluster="$cluster"'
THIS = ALL + ',instance="$instance"'
MOST_NODES = 100
# Other exporters of a node may have the same `instance`.
EXPORTERS = f"on ({NODE}) instance:sqlite_exporter_up:bool{{{ALL}}}"
WORST = f"topk({MOST_NODES}, 1 - instance:sqlite_exporter_up:bool{{{ALL}}})"
SNAPSHOT = f"sqlite_exporter_snapshot_timestamp_seconds{{{THIS}}}"
AGE = f"max(timestamp({SNAPSHOT}) - {SNAPSHOT})"


def of(name, each=""):
    """The counter's rate; `each` are labels to tell apart."""
    return f"sum by ({each}) (rate({name}{{{THIS}}}[$__rate_interval]))"


def worst(expression, *labels):
    """Of the exporters in the list alone."""
    return frame.among(NODE, WORST, expression % ALL, *labels)


def own(metric):
    """Of the exporter, and of nothing else that has its `instance`."""
    return f"({metric} and {EXPORTERS})"


def all_of_them():
    return rows(
        "Exporters", f"At most {MOST_NODES}, those that do not answer first. Good: up, nothing "
        "stalled, no error, a slowdown of 1. Metrics: `up`, `sqlite_exporter_databases`, "
        "`sqlite_exporter_stalled_mounts`, `sqlite_exporter_sampler_slowdown`, "
        "`sqlite_exporter_collector_errors_total`, `process_cpu_seconds_total`.",
        {"up": f"max by ({NODE}) ({WORST})",
         "build": worst("sqlite_exporter_build_info{%s}", "version"),
         "databases": worst("sqlite_exporter_databases{%s}"),
         "limit": worst("sqlite_exporter_databases_over_limit{%s}"),
         "stalled": worst("sqlite_exporter_stalled_mounts{%s}"),
         "errors": worst("sum without (collector, reason) (rate("
                         "sqlite_exporter_collector_errors_total{%s}[$__rate_interval]))"),
         "slowdown": worst("sqlite_exporter_sampler_slowdown{%s}"),
         "cpu": worst("rate(process_cpu_seconds_total{%s}[$__rate_interval])"),
         "memory": worst("process_resident_memory_bytes{%s}")},
        [Column("up", "Up", 70, mappings=[words({0: ("up", GREEN), 1: ("down", RED)})]),
         Column("cluster", "Cluster", 120),
         Column("instance", "Node", link=frame.TO_EXPORTER),
         Column("version", "Version", 90),
         Column("databases", "Databases", 100, "short"),
         Column("limit", "Over the limit", 120, "short", colors=steps((1, ORANGE), base="text")),
         Column("stalled", "Stalled mounts", 130, "short", colors=steps((1, RED), base="text")),
         Column("errors", "Errors", 100, "ops", colors=steps((0.001, ORANGE), base="text")),
         Column("slowdown", "Slowdown", 100, "short", colors=steps((2, ORANGE), base="text")),
         Column("cpu", "CPU", 90, "percentunit"),
         Column("memory", "Memory", 100, "bytes")],
        sort="up", hidden=["Value #B"], empty="No exporter is scraped.", size=(24, 8))


def now():
    return [
        number("Up", "Whether the last scrape was answered. Good: up. Metric: `up`.", "",
               f"max(instance:sqlite_exporter_up:bool{{{THIS}}})",
               mappings=[words({0: ("down", RED), 1: ("up", GREEN)})]),
        number("Databases", "Under observation. Good: what you expect. "
               "Metric: `sqlite_exporter_databases`.", "short",
               f"max(sqlite_exporter_databases{{{THIS}}})"),
        number("Limits reached", "Databases over max_databases of [poll], and walks that ended at "
               "a limit of [discovery]: not all is watched. Good: 0. "
               "Metrics: `sqlite_exporter_databases_over_limit`, "
               "`sqlite_exporter_discovery_limited`.", "short",
               f"max(sqlite_exporter_databases_over_limit{{{THIS}}}) "
               f"+ sum(sqlite_exporter_discovery_limited{{{THIS}}})", colors=steps((1, ORANGE))),
        number("Configuration", "Whether the last reload was taken. Good: taken. Metric: "
               "`sqlite_exporter_config_last_reload_successful`.", "",
               f"max(sqlite_exporter_config_last_reload_successful{{{THIS}}})",
               mappings=[words({0: ("refused", RED), 1: ("taken", GREEN)})]),
        number("Age of readings", "How old what is served was at the last scrape. Good: within two "
               "intervals. Metric: `sqlite_exporter_snapshot_timestamp_seconds`.", "s",
               AGE, decimals=1),
        number("Stalled mounts", "Filesystems that do not answer. Good: 0. "
               "Metric: `sqlite_exporter_stalled_mounts`.", "short",
               f"max(sqlite_exporter_stalled_mounts{{{THIS}}})", colors=steps((1, RED))),
        number("Running for", "Good: long. Metric: `process_start_time_seconds`.", "s",
               f"time() - max{own(f'process_start_time_seconds{{{THIS}}}')}"),
        number("Log lines lost", "Because nobody read standard error. Good: 0. "
               "Metric: `sqlite_exporter_log_lines_lost_total`.", "short",
               f"max(sqlite_exporter_log_lines_lost_total{{{THIS}}})", colors=steps((1, ORANGE)))]


def looks():
    duration = "sqlite_exporter_collector_duration_seconds"
    return [
        lines("Looks", "Samples taken of all databases. Good: steady. "
              "Metric: `sqlite_exporter_sampler_looks_total`.", "ops",
              {"samples": of("sqlite_exporter_sampler_looks_total")}),
        lines("Slowdown", "How many times longer than usual the periods between samples are, to "
              "keep within cpu_budget. Good: 1. Metric: `sqlite_exporter_sampler_slowdown`.",
              "short", {"slowdown": f"max(sqlite_exporter_sampler_slowdown{{{THIS}}})"}),
        lines("Stalls and age of readings", "Good: nothing stalled, and an age within two "
              "intervals. Metrics: `sqlite_exporter_stalled_mounts`, "
              "`sqlite_exporter_snapshot_timestamp_seconds`.", "short",
              {"stalled mounts": f"max(sqlite_exporter_stalled_mounts{{{THIS}}})",
               "age": AGE}, right=("age", "s")),
        lines("Time of one look, by collector", "On average. Good: microseconds, below a "
              "millisecond. Metric: `sqlite_exporter_collector_duration_seconds`.", "s",
              {"{{collector}}": of(duration + "_sum", each="collector") + " / "
               + f"({of(duration + '_count', each='collector')} > 0)"}),
        lines("Slowest looks, by collector", "All but one of a hundred take less. Good: far below "
              "the interval. Metric: `sqlite_exporter_collector_duration_seconds`.", "s",
              {"{{collector}}": "histogram_quantile(0.99, "
               + of(duration + "_bucket", each="collector, le") + ") >= 0"}),
        lines("Errors", "Looks that gave no readings. Good: none. "
              "Metric: `sqlite_exporter_collector_errors_total`.", "ops",
              {"all": of("sqlite_exporter_collector_errors_total"),
               "{{collector}}: {{reason}}": of("sqlite_exporter_collector_errors_total",
                                               each="collector, reason") + " > 0"})]


def cost():
    cpu = own(f"rate(process_cpu_seconds_total{{{THIS}}}[$__rate_interval])")
    looks_cpu = f"rate(sqlite_exporter_looks_cpu_seconds_total{{{THIS}}}[$__rate_interval])"
    return [
        lines("CPU", "Share of one core: all of it, and of this the looks. Good: below cpu_budget, "
              "or what you spare for it. Metrics: `process_cpu_seconds_total`, "
              "`sqlite_exporter_looks_cpu_seconds_total`.", "percentunit",
              {"all": f"sum{cpu}", "looks": f"sum({looks_cpu})"}),
        lines("Memory", "Good: flat. Metric: `process_resident_memory_bytes`.", "bytes",
              {"resident": "max" + own(f"process_resident_memory_bytes{{{THIS}}}")}),
        lines("Descriptors and threads", "Good: flat. Metrics: `process_open_fds`, "
              "`process_threads`.", "short",
              {"descriptors": "max" + own(f"process_open_fds{{{THIS}}}"),
               "threads": "max" + own(f"process_threads{{{THIS}}}")}),
        lines("Scrapes", "How often it is scraped, and how many bytes it serves. Good: steady. "
              "Metrics: `sqlite_exporter_scrapes_total`, `sqlite_exporter_served_bytes_total`.",
              "ops",
              {"scrapes": of("sqlite_exporter_scrapes_total"),
               "bytes": of("sqlite_exporter_served_bytes_total")}, right=("bytes", "Bps")),
        lines("Time of a scrape", "As Prometheus sees it. Good: far below its interval. Metric: "
              "`scrape_duration_seconds`, of what serves `sqlite_up`.", "s",
              {"scrape": "max" + own(f"scrape_duration_seconds{{{THIS}}}")}),
        lines("SQL worker", "How often it was replaced, and whether it runs in its whole sandbox. "
              "Good: never, and 1. Metrics: `sqlite_exporter_worker_restarts_total`, "
              "`sqlite_exporter_worker_sandboxed`.", "short",
              {"restarts: {{reason}}": "sum by (reason) (increase("
               f"sqlite_exporter_worker_restarts_total{{{THIS}}}[$__rate_interval]))",
               "sandboxed": f"max(sqlite_exporter_worker_sandboxed{{{THIS}}})"},
              empty="No data: no query is configured, or it is not watched.")]


def build(_):
    made = frame.dashboard(
        frame.EXPORTER, "SQLite exporter",
        "The exporters themselves: that they look, how long it takes, and what it costs.",
        [frame.cluster(several=False), frame.node(several=False)],
        frame.annotation(["severity", "database"], THIS), of_a_node=True)
    made.with_row(board.Row("All exporters")).with_panel(all_of_them())
    made.with_row(board.Row("$instance"))
    for panel in [*now(), *looks()]:
        made.with_panel(panel)
    made.with_row(board.Row("Cost"))
    for panel in cost():
        made.with_panel(panel)
    return made

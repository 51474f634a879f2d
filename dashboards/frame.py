"""What the dashboards share: variables, links from one to the other, alerts as annotations."""

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.models import dashboard as model
from panels import DATASOURCE, RED

FLEET, DATABASE, EXPORTER = "sqlite-fleet", "sqlite-database", "sqlite-exporter"
TAG = "sqlite_exporter"
KEY = "cluster, job, instance, database"
NODE = "cluster, job, instance"
OWNER = "owner_process, owner_unit, owner_namespace, owner_pod, owner_container"

# In a row of a table: `cluster` may be missing, which means the same as empty.
TO_DATABASE = ("Open the database", f"/d/{DATABASE}?${{datasource:queryparam}}"
               "&var-cluster=${__data.fields.cluster:percentencode}"
               "&var-instance=${__data.fields.instance:percentencode}"
               "&var-database=${__data.fields.database:percentencode}&${__url_time_range}")
TO_EXPORTER = ("Open its exporter", f"/d/{EXPORTER}?${{datasource:queryparam}}"
               "&var-cluster=${__data.fields.cluster:percentencode}"
               "&var-instance=${__data.fields.instance:percentencode}&${__url_time_range}")
# The exporter has the runbooks in itself: a node that is cut off can be repaired.
TO_RUNBOOK = ("Open the runbook",
              "http://${__data.fields.instance}/runbooks/${__data.fields.alertname}")
# Where all rows are of one node, which is no column.
TO_RUNBOOK_OF_THIS = ("Open the runbook",
                      "http://${instance}/runbooks/${__data.fields.alertname}")


def among(key, chosen, expression, *labels):
    """By these labels and the key, and of what has the key of something chosen alone."""
    return f"max by ({', '.join([key, *labels])}) ({expression} and on ({key}) {chosen})"


class Annotation(model.AnnotationQuery):
    """An annotation of Prometheus, whose formats of text the library does not know."""

    def __init__(self, *, title, text, **arguments):
        super().__init__(**arguments)
        self.title, self.text = title, text

    def to_json(self):
        return {**super().to_json(), "titleFormat": self.title, "textFormat": self.text}


def firing(*selectors, severity=None):
    """Alerts that fire and match one of these selectors."""
    more = f',severity="{severity}"' if severity else ""
    return " or ".join(f'ALERTS{{alertname=~"Sqlite.+",alertstate="firing"{more},{selector}}}'
                       for selector in selectors)


def annotation(labels, *selectors):
    """Where alerts fired, as marks in all panels over time; one for each set of these labels."""
    text = " ".join("{{%s}}" % label for label in labels)
    return Annotation(
        name="Alerts", datasource=DATASOURCE, icon_color=RED, title="{{alertname}}", text=text,
        expr=f"max by (alertname, {', '.join(labels)}) ({firing(*selectors)})")


def variable(name, label, query, *, several):
    found = (board.QueryVariable(name).label(label).datasource(DATASOURCE).query(query)
             .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
             .sort(model.VariableSort.ALPHABETICAL_ASC))
    if several:
        # All: also what has no such label.
        found.include_all(True).all_value(".*").multi(True).current(
            model.VariableOption(text=["All"], value=["$__all"]))
    return found


def cluster(several):
    """Of one that is not there the name is empty, which matches what has no such label."""
    return variable("cluster", "Cluster", "label_values(sqlite_exporter_build_info, cluster)",
                    several=several)


def node(several):
    return variable("instance", "Node",
                    'label_values(sqlite_exporter_build_info{%s"$cluster"}, instance)'
                    % ("cluster=~" if several else "cluster="),
                    several=several)


def dashboard(uid, title, description, variables, marks, *, of_a_node):
    """With the time, the variables and the links that all have; panels are for the caller."""
    made = (board.Dashboard(title).uid(uid).description(description).tags([TAG]).editable()
            .time("now-6h", "now").timezone("browser").refresh("1m")
            .tooltip(model.DashboardCursorSync.CROSSHAIR)
            .with_variable(board.DatasourceVariable("datasource").label("Data source")
                           .type("prometheus")))
    for each in variables:
        made.with_variable(each)
    made.annotation(_Built(marks))
    made.link(board.DashboardLink("SQLite dashboards")
              .type(model.DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)
              .include_vars(True))
    if of_a_node:
        made.link(board.DashboardLink("Runbooks").type(model.DashboardLinkType.LINK)
                  .icon("doc").url("http://${instance}/runbooks/").target_blank(True))
    return made


class _Built:
    """What is built already, for a builder that takes builders."""

    def __init__(self, built):
        self._built = built

    def build(self):
        return self._built

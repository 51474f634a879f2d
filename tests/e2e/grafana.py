"""What Grafana asks of a Prometheus for a dashboard: its variables, its panels, its annotations."""

import glob
import importlib.util
import json
import os
import re
import time

import support

DASHBOARDS = os.path.join(support.SOURCE_DIR, "dashboards")


def load(uid):
    with open(os.path.join(DASHBOARDS, uid + ".json"), encoding="utf-8") as file:
        return json.load(file)


def source(name):
    """One of the modules that the dashboards are made of."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(DASHBOARDS, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def uids():
    return sorted(os.path.basename(path)[:-len(".json")]
                  for path in glob.glob(os.path.join(DASHBOARDS, "*.json")))


def panels(dashboard):
    """All but rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def links(panel):
    """Of the fields of a panel."""
    return [link for override in panel.get("fieldConfig", {}).get("overrides", [])
            for each in override["properties"] if each["id"] == "links" for link in each["value"]]


def variables(dashboard):
    """Those that are asked of Prometheus, by name."""
    return {each["name"]: each for each in dashboard["templating"]["list"]
            if each["type"] == "query"}


def annotations(dashboard):
    return [each["expr"] for each in dashboard["annotations"]["list"] if "expr" in each]


def expressions(dashboard):
    """Of all panels, variables and annotations."""
    return ([target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
            + [label_values(each["query"])[0] for each in variables(dashboard).values()]
            + annotations(dashboard))


def label_values(query):
    """Selector and label of `label_values(selector, label)`."""
    return re.fullmatch(r"label_values\((.*), *(\w+)\)", query, re.S).groups()


def in_regex(value):
    """As Grafana writes a value of a variable that may be several into an expression."""
    return re.sub(r"([\\^$*+?.()|{}\[\]])", r"\\\\\1", value)


class Page:
    """A dashboard as it is shown: variables by name, the last `seconds` up to `end` or to now."""

    def __init__(self, dashboard, prometheus, values, *, seconds=120, step=1, scrape=1, end=None):
        self.dashboard, self.prometheus, self.values = dashboard, prometheus, values
        self.fixed_end, self.seconds, self.step = end, seconds, step
        self.rate_interval = max(step + scrape, 4 * scrape)

    @property
    def end(self):
        return self.fixed_end or time.time()

    def filled(self, text):
        """With the values of all variables: whole, or all of them."""
        text = text.replace("$__rate_interval", f"{self.rate_interval}s")
        text = text.replace("$__range", f"{self.seconds}s")
        for name, each in variables(self.dashboard).items():
            value = self.values.get(name)
            if value is None:
                value = each["allValue"]
            elif each.get("includeAll"):
                value = in_regex(value)
            text = text.replace("${%s}" % name, value).replace("$" + name, value)
        return text

    def run(self, target, **more):
        """The answer to one query of a panel."""
        if target.get("instant"):
            return self.prometheus.ask("query", query=self.filled(target["expr"]), time=self.end,
                                       **more)
        return self.range(target["expr"], **more)

    def range(self, expression, **more):
        end = self.end
        return self.prometheus.ask("query_range", query=self.filled(expression),
                                   start=end - self.seconds, end=end, step=self.step, **more)

    def choices(self, name):
        """What a variable offers."""
        selector, label = label_values(variables(self.dashboard)[name]["query"])
        end = self.end
        return self.prometheus.ask(f"label/{label}/values", start=end - self.seconds, end=end,
                                   **{"match[]": self.filled(selector)})


def has_data(answer):
    """Some series with a number in it."""
    return any(value != "NaN" for series in answer["result"]
               for _, value in series.get("values") or [series["value"]])

"""The kinds of panels that the dashboards are made of, in the terms of Grafana's own library."""

from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import common as parts
from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
COUNTS = ("short", "ops")  # Units of which 0 is usual: an axis goes to 1 at least.
GREEN, YELLOW, ORANGE, RED, BLUE = "green", "#EAB839", "orange", "red", "blue"


def steps(*above, base=GREEN):
    """A colour, and from each number on the one beside it."""
    return board.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(
        [model.Threshold(color=base, value=None),
         *(model.Threshold(color=color, value=value) for value, color in above)])


def words(by_value):
    """Text and colour for single values; without a text the value stays as it is."""
    return model.ValueMap(options={
        str(value): model.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(by_value.items())})


UNKNOWN = model.SpecialValueMap(options=model.DashboardSpecialValueMapOptions(
    match=model.SpecialValueMatch.NULL,
    result=model.ValueMappingResult(text="-", color="text")))


def from_on(number, text):
    """A word for all numbers from this one on."""
    return model.RangeMap(options=model.DashboardRangeMapOptions(
        from_val=number, to=None, result=model.ValueMappingResult(text=text)))


def severity(none):
    """Words for the numbers of the rules; `none` is the colour of no alert."""
    return words({0: ("-", none), 1: ("info", BLUE), 2: ("ticket", ORANGE), 3: ("page", RED)})


def letter(place):
    """What Grafana calls the query at this place."""
    return chr(ord("A") + place)


def query(place, expression):
    return prometheus.Dataquery().expr(expression).ref_id(letter(place))


def described(panel, title, description, size, unit, empty):
    """`empty` is what stands there where nothing can be shown."""
    panel.title(title).description(description).datasource(DATASOURCE)
    panel.span(size[0]).height(size[1])
    if unit:
        panel.unit(unit)
    if empty:
        panel.no_value(empty)
    return panel


def lines(title, description, unit, queries, *, size=(8, 8), limit=None, most=None, stacked=False,
          dashed=None, right=None, empty=None):
    """Values over time: expressions by legend. `limit` is drawn as a dashed line; `dashed` is a
    pattern of legends that are bounds; `right` is a pattern and its unit, on a second axis."""
    panel = described(timeseries.Panel(), title, description, size, unit, empty)
    panel.line_width(1).fill_opacity(40 if stacked else 8)
    panel.show_points(common.VisibilityMode.AUTO).min(0)
    if unit in COUNTS:
        panel.axis_soft_max(1)
    panel.legend(parts.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST)
                 .placement(common.LegendPlacement.BOTTOM).show_legend(True).calcs([]))
    panel.tooltip(parts.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
                  .sort(common.SortOrder.DESCENDING))
    panel.color_scheme(board.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
    if most is not None:
        panel.max(most)
    if stacked:
        panel.stacking(parts.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if limit is not None:
        panel.thresholds(steps((limit, RED), base="transparent"))
        panel.thresholds_style(parts.GraphThresholdsStyleConfig()
                               .mode(common.GraphThresholdsStyleMode.DASHED))
    if dashed:
        panel.override_by_regexp(dashed, [
            model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
            model.DynamicConfigValue("custom.fillOpacity", 0),
            model.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "B"})])
    if right:
        panel.override_by_regexp(right[0], [
            model.DynamicConfigValue("unit", right[1]),
            model.DynamicConfigValue("custom.axisPlacement", "right"),
            model.DynamicConfigValue("custom.axisSoftMax", 1 if right[1] in COUNTS else 0),
            model.DynamicConfigValue("custom.fillOpacity", 0)])
    for place, (legend, expression) in enumerate(queries.items()):
        panel.with_target(query(place, expression).range().legend_format(legend))
    return panel


def number(title, description, unit, expression, *, size=(3, 4), colors=None, mappings=(),
           names=None, decimals=None, empty=None):
    """One number now, or with `names` the legends of all that hold, coloured by their values."""
    panel = described(stat.Panel(), title, description, size, unit, empty)
    panel.reduce_options(parts.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.NONE)
    panel.text(parts.VizTextDisplayOptions().value_size(28))
    panel.text_mode(common.BigValueTextMode.NAME if names else common.BigValueTextMode.VALUE)
    panel.thresholds(colors or steps(base="text"))
    if mappings:
        panel.mappings(list(mappings))
    if decimals is not None:
        panel.decimals(decimals)
    return panel.with_target(query(0, expression).instant().legend_format(names or ""))


@dataclass
class Column:
    """A column of a table: a label, or what a query gives, by its name."""

    source: str
    title: str
    width: int = 0
    unit: str = ""
    colors: object = None
    mappings: list = field(default_factory=list)
    filled: bool = False
    link: tuple = ()

    def properties(self, is_label):
        # What stands there for the whole table is not for a cell; and a label that is missing is
        # empty, also in a link.
        found = [("noValue", "" if is_label else "-")]
        if self.width:
            found.append(("custom.width", self.width))
        if self.unit:
            found.append(("unit", self.unit))
        if self.mappings:
            found.append(("mappings", self.mappings))
        if self.colors:
            found.append(("thresholds", self.colors.build()))
        if self.colors or self.mappings:
            kind = "color-background" if self.filled else "color-text"
            found.append(("custom.cellOptions", {"type": kind, **(
                {"mode": "basic"} if self.filled else {})}))
        if self.filled:
            found.append(("custom.align", "center"))
        if self.link:
            found.append(("links", [{"title": self.link[0], "url": self.link[1]}]))
        return [model.DynamicConfigValue(name, value) for name, value in found]


def rows(title, description, queries, columns, *, size=(24, 9), sort=None, hidden=(), empty=None):
    """A table with a row for each set of labels. `sort` is a field, the highest first; `hidden`
    fields are of use before they are left out."""
    panel = described(table.Panel(), title, description, size, "", empty)
    panel.cell_height(common.TableCellHeight.SM).thresholds(steps(base="text"))
    letters = {name: letter(place) for place, name in enumerate(queries)}

    def name_of(source):
        if source not in letters:
            return source
        return f"Value #{letters[source]}" if len(queries) > 1 else "Value"

    if len(queries) > 1:
        panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    if sort:
        panel.with_transformation(model.DataTransformerConfig(
            id_val="sortBy", options={"sort": [{"field": name_of(sort), "desc": True}]}))
    panel.with_transformation(model.DataTransformerConfig(id_val="organize", options={
        "excludeByName": {name_of(source): True for source in ("Time", "job", *hidden)},
        "indexByName": {name_of(column.source): place for place, column in enumerate(columns)},
        "renameByName": {name_of(column.source): column.title for column in columns}}))
    for column in columns:
        panel.override_by_name(column.title, column.properties(column.source not in letters))
    for place, expression in enumerate(queries.values()):
        panel.with_target(query(place, expression).instant().format(PromQueryFormat.TABLE))
    return panel

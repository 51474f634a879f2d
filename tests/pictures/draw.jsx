// Draws a dashboard, and the answers of Prometheus to its queries, with Grafana's own components.
//
// `require` and not `import`: bundled from their other builds some components lose their defaults.
const { initPluginTranslations } = require('@grafana/i18n');
const React = require('react');
const { createRoot } = require('react-dom/client');
const { lastValueFrom } = require('rxjs');
const {
  applyFieldOverrides, createTheme, dateTime, FieldConfigOptionsRegistry, FieldType,
  getFieldDisplayValues, getFieldDisplayValuesProxy, identityOverrideProcessor,
  standardTransformers, standardTransformersRegistry, toDataFrame, transformDataFrame,
} = require('@grafana/data');
const {
  BigValue, GlobalStyles, PanelChrome, Table, ThemeContext, TimeSeries,
} = require('@grafana/ui');

const WIDTH = 1600, CELL = 30, GAP = 8, TOP = 84;
const { dashboard, variables, from, to, step, answers } = window.PICTURE;
const theme = createTheme({ colors: { mode: 'dark' } });
const timeRange = {
  from: dateTime(from * 1000), to: dateTime(to * 1000),
  raw: { from: dateTime(from * 1000), to: dateTime(to * 1000) },
};
const asIs = text => text;

// Links of a row: what Grafana fills in from its fields, which are called as before their renaming.
function withFields(text, { __dataContext } = {}) {
  return text.replace(/\$\{__data\.fields\.(\w+)(:percentencode)?\}/g, (_, name, encoded) => {
    const { frame, rowIndex } = __dataContext.value;
    const value = String(getFieldDisplayValuesProxy({ frame, rowIndex })[name] ?? '');
    return encoded ? encodeURIComponent(value) : value;
  });
}

const STANDARD = ['color', 'decimals', 'description', 'displayName', 'displayNameFromDS',
  'filterable', 'links', 'mappings', 'max', 'min', 'noValue', 'thresholds', 'unit'];
const CUSTOM = ['align', 'axisPlacement', 'axisSoftMax', 'axisSoftMin', 'cellOptions', 'drawStyle',
  'fillOpacity', 'hideFrom', 'lineInterpolation', 'lineStyle', 'lineWidth', 'scaleDistribution',
  'showPoints', 'spanNulls', 'stacking', 'thresholdsStyle', 'width'];
const option = id => ({
  id, path: id, name: id, process: identityOverrideProcessor, shouldApply: () => true,
  settings: {}, editor: null, override: null,
});
const options = new FieldConfigOptionsRegistry(() => [
  ...STANDARD.map(option),
  ...CUSTOM.map(id => ({ ...option(id), id: 'custom.' + id, isCustom: true })),
]);
// Some go by two names.
standardTransformersRegistry.setInit(() => [...new Set(Object.values(standardTransformers))].map(
  each => ({ id: each.id, name: each.name, transformation: async () => each, editor: null })));

const legendOf = (format, labels) =>
  format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => labels[label] ?? '').trim();

// As Grafana's data source for Prometheus makes a table of an instant answer.
function tableOf(target, result, isOnly) {
  const labels = [...new Set(result.flatMap(series => Object.keys(series.metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(series => series.value[0] * 1000) },
      ...labels.map(name => ({
        name, type: FieldType.string, values: result.map(series => series.metric[name] ?? ''),
      })),
      {
        name: isOnly ? 'Value' : 'Value #' + target.refId, type: FieldType.number,
        values: result.map(series => +series.value[1]),
      },
    ],
  });
}

// A number for each step, null where there was none: a line is not drawn over it.
function seriesOf(target, series) {
  const byTime = new Map((series.values ?? [series.value]).map(([time, value]) => [time, +value]));
  const times = series.values
    ? Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, place) => from + place * step)
    : [...byTime.keys()];
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: times.map(time => time * 1000),
        config: { interval: step * 1000 } },
      { name: 'Value', type: FieldType.number, labels: series.metric,
        values: times.map(time => byTime.get(time) ?? null),
        config: { displayNameFromDS: legendOf(target.legendFormat ?? '', series.metric) } },
    ],
  });
}

async function framesOf(panel) {
  const frames = panel.targets.flatMap(target => {
    const result = answers[`${panel.id}/${target.refId}`];
    if (!result.length) return [];
    if (target.format === 'table') return [tableOf(target, result, panel.targets.length === 1)];
    return result.map(series => seriesOf(target, series));
  });
  const data = panel.transformations
    ? await lastValueFrom(transformDataFrame(panel.transformations, frames)) : frames;
  return applyFieldOverrides({
    data, fieldConfig: panel.fieldConfig, replaceVariables: withFields, theme, timeZone: 'utc',
    fieldConfigRegistry: options,
  });
}

// [text of the cell, address] of all links in a table.
function linksOf(frame) {
  return frame.fields.filter(field => field.config.links).flatMap(field =>
    field.values.flatMap((value, valueRowIndex) =>
      field.getLinks({ valueRowIndex }).map(({ href }) => [value, href])));
}

function Stat({ panel, frames, width, height }) {
  const values = getFieldDisplayValues({
    data: frames, fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions,
    replaceVariables: asIs, theme, timeZone: 'utc',
  });
  return values.map((value, place) => (
    <BigValue key={place} theme={theme} width={width} height={height / values.length}
      value={value.display} colorMode={panel.options.colorMode} graphMode={panel.options.graphMode}
      textMode={panel.options.textMode} text={panel.options.text}
      justifyMode={panel.options.justifyMode ?? 'auto'} />
  ));
}

function Content({ panel, frames, width, height }) {
  if (!frames.length || !frames[0].length) {
    return (
      <div style={{ height, display: 'flex', alignItems: 'center', justifyContent: 'center',
        color: theme.colors.text.secondary }}>
        {panel.fieldConfig.defaults.noValue ?? 'No data'}
      </div>
    );
  }
  switch (panel.type) {
    case 'timeseries':
      return (
        <TimeSeries frames={frames} structureRev={1} timeRange={timeRange} timeZone="utc"
          width={width} height={height} legend={panel.options.legend} options={panel.options}
          replaceVariables={asIs} dataLinkPostProcessor={asIs} />
      );
    case 'stat':
      return <Stat panel={panel} frames={frames} width={width} height={height} />;
    case 'table':
      return <Table data={frames[0]} width={width} height={height} cellHeight="sm" />;
    default:
      throw new Error('there is no drawing of ' + panel.type);
  }
}

const unit = (WIDTH - GAP) / 24;

function At({ at, children }) {
  return (
    <div style={{ position: 'absolute', left: GAP + at.x * unit, top: TOP + at.y * (CELL + GAP) }}>
      {children(at.w * unit - GAP, at.h * (CELL + GAP) - GAP)}
    </div>
  );
}

function Page({ drawn }) {
  const height = Math.max(...dashboard.panels.map(panel => panel.gridPos.y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div id="page" style={{ position: 'relative', width: WIDTH,
        height: TOP + height * (CELL + GAP) + GAP }}>
        <h3 style={{ margin: 0, padding: '10px 12px 4px' }}>{dashboard.title}</h3>
        <div style={{ padding: '0 12px', display: 'flex', gap: 16 }}>
          {variables.map(([label, value]) => (
            <span key={label} style={{ border: `1px solid ${theme.colors.border.medium}` }}>
              <span style={{ padding: '2px 8px', background: theme.colors.background.secondary }}>
                {label}
              </span>
              <span style={{ padding: '2px 8px' }}>{value}</span>
            </span>
          ))}
        </div>
        {drawn.map(({ panel, frames }) => (
          <At key={panel.id ?? panel.title} at={panel.gridPos}>
            {(width, height) => panel.type === 'row'
              ? <h5 style={{ margin: 0, paddingTop: 8 }}>{panel.title}</h5>
              : (
                <PanelChrome title={panel.title} description={panel.description} width={width}
                  height={height}>
                  {(innerWidth, innerHeight) => (
                    <Content panel={panel} frames={frames} width={innerWidth}
                      height={innerHeight} />
                  )}
                </PanelChrome>
              )}
          </At>
        ))}
      </div>
    </ThemeContext.Provider>
  );
}

async function main() {
  await initPluginTranslations('grafana');
  const drawn = await Promise.all(dashboard.panels.map(async panel => (
    { panel, frames: panel.type === 'row' ? [] : await framesOf(panel) })));
  window.LINKS = drawn.filter(({ panel }) => panel.type === 'table').flatMap(({ frames }) =>
    frames.flatMap(linksOf));
  createRoot(document.getElementById('root')).render(<Page drawn={drawn} />);
}

main();

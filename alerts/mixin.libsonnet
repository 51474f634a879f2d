// The same rules and dashboards for those who deploy with Jsonnet; _config.runbooks is where the runbooks are.
local groups(files) = std.flatMap(function(text) std.parseYaml(text).groups, files);
local linked(prefix, all) = if prefix == null then all else [
  group { rules: [
    if std.objectHas(rule, 'alert') then rule { annotations+: { runbook_url: prefix + rule.alert } } else rule
    for rule in group.rules
  ] }
  for group in all
];
{
  _config+:: { runbooks: null },
  prometheusRules+:: { groups+: groups([
    importstr 'rules/thresholds.yml', importstr 'rules/recording.yml', importstr 'rules/dashboards.yml',
  ]) },
  prometheusAlerts+:: { groups+: linked($._config.runbooks, groups([
    importstr 'rules/databases.yml', importstr 'rules/wal.yml', importstr 'rules/writes.yml',
    importstr 'rules/space.yml', importstr 'rules/owners.yml', importstr 'rules/exporter.yml',
  ])) },
  grafanaDashboards+:: {
    'sqlite-fleet.json': import '../dashboards/sqlite-fleet.json',
    'sqlite-database.json': import '../dashboards/sqlite-database.json',
    'sqlite-exporter.json': import '../dashboards/sqlite-exporter.json',
  },
}

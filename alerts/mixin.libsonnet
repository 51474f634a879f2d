// The same rule files for those who deploy with Jsonnet, with a place for the runbooks' address.
local rules = {
  thresholds: importstr 'rules/thresholds.yml', recording: importstr 'rules/recording.yml',
  alerts: [importstr 'rules/databases.yml', importstr 'rules/wal.yml', importstr 'rules/writes.yml',
           importstr 'rules/space.yml', importstr 'rules/owners.yml', importstr 'rules/exporter.yml'],
};
local at(config, text) = std.strReplace(text, 'http://{{ $labels.instance }}/runbooks/', config.runbooks);
{
  _config+:: { runbooks: 'http://{{ $labels.instance }}/runbooks/' },
  prometheusRules+:: { groups+: std.parseYaml(rules.thresholds).groups + std.parseYaml(rules.recording).groups },
  prometheusAlerts+:: { groups+: std.flatMap(function(text) std.parseYaml(at($._config, text)).groups, rules.alerts) },
}

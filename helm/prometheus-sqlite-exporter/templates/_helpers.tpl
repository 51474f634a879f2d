{{/* Names and labels of all objects. */}}
{{- define "prometheus-sqlite-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* As a Service may be called, which knows no dots. */}}
{{- define "prometheus-sqlite-exporter.fullname" -}}
{{- $name := include "prometheus-sqlite-exporter.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | replace "." "-" | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "prometheus-sqlite-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "prometheus-sqlite-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Of a list: the context, and labels besides; none of them takes the place of the chart's. */}}
{{- define "prometheus-sqlite-exporter.labels" -}}
{{- $context := first . }}
{{- $labels := include "prometheus-sqlite-exporter.selectorLabels" $context | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/version" $context.Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $context.Release.Service }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_") }}
{{- range rest . }}
{{- $labels = merge $labels (default dict .) }}
{{- end }}
{{- merge $labels (default dict $context.Values.commonLabels) | toYaml }}
{{- end }}

{{/* Those of pods: no version of the chart, which would begin them anew. */}}
{{- define "prometheus-sqlite-exporter.podLabels" -}}
{{- merge (include "prometheus-sqlite-exporter.selectorLabels" . | fromYaml) (default dict .Values.podLabels) (default dict .Values.commonLabels) | toYaml }}
{{- end }}

{{/* Of a dict: context, and if they differ from the usual suffix, namespace, labels, annotations. */}}
{{- define "prometheus-sqlite-exporter.metadata" -}}
{{- $name := include "prometheus-sqlite-exporter.fullname" .context }}
{{- with .suffix }}
{{- $name = printf "%s-%s" $name . }}
{{- end -}}
name: {{ $name | quote }}
namespace: {{ default .context.Release.Namespace .namespace | quote }}
labels:
  {{- include "prometheus-sqlite-exporter.labels" (list .context .labels) | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "prometheus-sqlite-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "prometheus-sqlite-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "prometheus-sqlite-exporter.image" -}}
{{- with .Values.image }}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* The configuration of the DaemonSet: yours, or the one for the volumes of pods. */}}
{{- define "prometheus-sqlite-exporter.config" -}}
{{- default (.Files.Get "files/kubernetes.toml") .Values.config }}
{{- end }}

{{/*
A monitor's one endpoint; of a dict: context, monitor. The rules know the exporters by their job, and
keep a node's history by its name: a new pod begins nothing anew.
*/}}
{{- define "prometheus-sqlite-exporter.endpoint" -}}
port: metrics
interval: {{ .monitor.interval }}
{{- with .monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
relabelings:
  - targetLabel: job
    replacement: sqlite-exporter
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: instance
    replacement: $1:{{ int64 .context.Values.port }}
  - action: labeldrop
    regex: pod|container|endpoint
  {{- with .monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the kubelet asks: alive as a service manager's watchdog understands it, and ready. */}}
{{- define "prometheus-sqlite-exporter.probes" -}}
startupProbe:
  httpGet:
    path: /-/healthy
    port: metrics
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet:
    path: /-/healthy
    port: metrics
  periodSeconds: 20
  timeoutSeconds: 10
readinessProbe:
  httpGet:
    path: /-/ready
    port: metrics
  timeoutSeconds: 10
{{- end }}

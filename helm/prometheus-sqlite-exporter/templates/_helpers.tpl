{{/* Names and labels of all objects. */}}
{{- define "prometheus-sqlite-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "prometheus-sqlite-exporter.fullname" -}}
{{- $name := include "prometheus-sqlite-exporter.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "prometheus-sqlite-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "prometheus-sqlite-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "prometheus-sqlite-exporter.labels" -}}
{{ include "prometheus-sqlite-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
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

{{/* The whole section of a monitor's one endpoint; takes serviceMonitor or podMonitor. */}}
{{- define "prometheus-sqlite-exporter.endpoint" -}}
port: metrics
interval: {{ .interval }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
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

{{/*
A container for a pod of yours, beside the application whose volume it reads. It fits into Pod
Security "restricted"; it runs as the pod's user, who can read the database, or as `user`.

    containers:
      - {{- include "prometheus-sqlite-exporter.sidecar" (dict
            "exporter" (index .Subcharts "prometheus-sqlite-exporter")
            "volume" "data" "mountPath" "/data" "databases" (list "/data/*.db")) | nindent 8 }}

exporter: the context of this chart; volume, mountPath: where the databases are; databases: files,
folders that end with "/", or globs; besides user, port, resources and extraArgs, as in values.yaml.
With shareProcessNamespace in the pod it also tells which process pins a WAL.
*/}}
{{- define "prometheus-sqlite-exporter.sidecar" -}}
name: sqlite-exporter
image: {{ include "prometheus-sqlite-exporter.image" .exporter }}
imagePullPolicy: {{ .exporter.Values.image.pullPolicy }}
args:
  - --web.listen-address=:{{ default 10003 .port | int64 }}
  {{- with .extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- toYaml .databases | nindent 2 }}
ports:
  - name: metrics
    containerPort: {{ default 10003 .port | int64 }}
    protocol: TCP
{{ include "prometheus-sqlite-exporter.probes" . }}
resources:
  {{- toYaml (default .exporter.Values.resources .resources) | nindent 2 }}
securityContext:
  {{- with .user }}
  runAsUser: {{ int64 . }}
  {{- end }}
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - name: {{ .volume }}
    mountPath: {{ .mountPath }}
    readOnly: true
{{- end }}

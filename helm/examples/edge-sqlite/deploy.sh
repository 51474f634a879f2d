#!/usr/bin/env bash
# Deploys the example, waits until all replicas are ready, and shows the first metrics of one.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
namespace=edge-computing
patience=${PATIENCE:-5m}

die() {
  echo "deploy.sh: $1" >&2
  exit 2
}

command -v kubectl >/dev/null || die "kubectl is not installed"
nodes=$(kubectl get nodes --selector node-type=edge --output name)
[[ $nodes ]] || die "no node has the label node-type=edge: kubectl label node NAME node-type=edge"

kubectl get storageclass edge-ssd >/dev/null 2>&1 || kubectl apply --filename storage-class.yaml
kubectl apply --kustomize .
if kubectl get crd servicemonitors.monitoring.coreos.com >/dev/null 2>&1; then
  kubectl apply --filename service-monitor.yaml
else
  echo "deploy.sh: no Prometheus operator: scraped by the annotations of the pods"
fi

kubectl --namespace "$namespace" rollout status statefulset/sqlite-edge --timeout "$patience" || {
  kubectl --namespace "$namespace" get pods,events
  die "not ready within $patience"
}
# A new database is seen with the next look, seconds after its application was ready.
for ((tries = 30; tries > 0; tries--)); do
  kubectl get --raw "/api/v1/namespaces/$namespace/pods/sqlite-edge-0:10003/proxy/metrics" |
    grep -E '^sqlite_(up|database_state|transactions_total|wal_frames)\b' && exit
  sleep "${PAUSE:-1}"
done
die "the exporter of sqlite-edge-0 tells of no database yet"

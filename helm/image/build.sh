#!/usr/bin/env bash
# Builds the image without a daemon: PROGRAM FOLDER; leaves FOLDER/prometheus-sqlite-exporter.tar.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "$1")
folder=$2
archive=$folder/prometheus-sqlite-exporter.tar

version=$("$program" --version | awk '{ print $2 }')
revision=$(git -C "$here" rev-parse HEAD 2>/dev/null || echo unknown)
# The same sources give the same image.
when=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)}

rm -rf "$folder/root" "$archive"
mkdir -p "$folder"
"$here/root.sh" "$program" "$folder/root"
# A store of its own, which is thrown away with the folder.
store=(--root "$(realpath "$folder")/storage" --runroot "$(realpath "$folder")/run"
  --storage-driver vfs)
buildah "${store[@]}" bud --quiet --isolation chroot --timestamp "$when" --format docker \
  --build-arg VERSION="$version" --build-arg REVISION="$revision" \
  --file "$here/Containerfile" --iidfile "$folder/image-id" "$folder" </dev/null >/dev/null
buildah "${store[@]}" push --quiet "$(cat "$folder/image-id")" \
  "docker-archive:$archive:prometheus-sqlite-exporter:$version"
size=$(du --summarize --si "$folder/root" | cut -f1)
echo "$archive: prometheus-sqlite-exporter:$version, $size," \
  "compressed $(($(gzip --stdout "$archive" | wc -c) / 1000)) kB"

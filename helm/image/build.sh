#!/usr/bin/env bash
# Packs FOLDER/root, which root.sh has made, into an image, without a daemon: FOLDER ARCHITECTURE.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(realpath "$1")
architecture=$2

version=$(sed -nE 's/^project\(.* VERSION ([0-9.]+) .*/\1/p' "$here/../../CMakeLists.txt")
revision=$(git -C "$here" describe --always --abbrev=40 --exclude '*' --dirty 2>/dev/null ||
  echo unknown)
# The same sources and packages give the same image.
when=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)}
archive=$folder/prometheus-sqlite-exporter_${version}_$architecture.tar
case $architecture in
  armhf) platform=(--arch arm --variant v7) ;;
  *) platform=(--arch "$architecture") ;;
esac

rm -rf "$archive" "$folder/storage" "$folder/run"
# A store of its own, which is thrown away with the folder.
store=(--root "$folder/storage" --runroot "$folder/run" --storage-driver vfs)
buildah "${store[@]}" bud --quiet --isolation chroot --timestamp "$when" --format docker \
  "${platform[@]}" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
  --file "$here/Containerfile" --iidfile "$folder/image-id" "$folder" </dev/null >/dev/null
buildah "${store[@]}" push --quiet "$(cat "$folder/image-id")" \
  "docker-archive:$archive:prometheus-sqlite-exporter:$version"
size=$(du --summarize --si "$folder/root" | cut -f1)
echo "$archive: prometheus-sqlite-exporter:$version, $size," \
  "compressed $(($(gzip --stdout "$archive" | wc -c) / 1000)) kB"

#!/bin/sh
# As a container's runtime does it: the node's /sys elsewhere, and in its place the own part of it.
mkdir -p /run/node-sys
mount --rbind /sys /run/node-sys
mount -t tmpfs tmpfs /sys/fs/cgroup # the same filesystem twice on one place is refused
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec setpriv --no-new-privs --bounding-set=-all,+dac_read_search \
  /srv/program/sqlite_exporter --config.file=/srv/program/guest/sqlite_exporter.toml \
  --web.listen-address=127.0.0.1:10005 --path.sysfs=/run/node-sys

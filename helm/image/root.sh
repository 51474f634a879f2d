#!/usr/bin/env bash
# Lays out the root directory of an image: PROGRAM ROOT; its libraries are those of this Debian.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1
root=$2
strip=${STRIP:-strip} # that of the program's architecture

mkdir -p "$root"/{etc,usr/bin,usr/lib,usr/lib64,usr/share/doc,var/lib/dpkg/status.d}
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
"$strip" -o "$root/usr/bin/$(basename "$program")" "$program"
printf '%s\n' 'root:x:0:0:root:/:/' 'nobody:x:65534:65534:nobody:/:/' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
cp --dereference /etc/os-release "$root/etc/"

# Whose a library is: dpkg knows it by the name it was packed with, before or after /usr was merged.
package_of() {
  { dpkg-query --search "$1" "/usr$1" 2>/dev/null || true; } | sed -n '1s/: .*//p'
}

# The loader itself lists what it would load; in an emulator, too, which ldd does not know of.
loader=$(readelf --program-headers "$program" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
libraries=$("$loader" --list "$program" | grep -oE '/[^ ]+')
for library in $libraries "$loader"; do
  mkdir -p "$root$(dirname "$library")"
  cp --dereference "$library" "$root$library"
  package=$(package_of "$library")
  [[ $package ]] || { echo "no Debian package has $library" >&2; exit 1; }
  echo "$package"
done | sort -u | while read -r package; do
  # Where scanners of images look for what is in one, and whose terms it is under.
  name=${package%%:*}
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$name"
  mkdir "$root/usr/share/doc/$name"
  cp --dereference "/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/"
done
# What is compiled into the program, and the program itself.
for package in libcli11-dev libexpected-dev nlohmann-json3-dev; do
  mkdir "$root/usr/share/doc/$package"
  cp --dereference "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
done
mkdir "$root/usr/share/doc/prometheus-sqlite-exporter"
cp "$here/../../LICENSE" "$root/usr/share/doc/prometheus-sqlite-exporter/copyright"
cp --recursive --dereference /usr/share/common-licenses "$root/usr/share/"
chmod -R go=rX "$root"

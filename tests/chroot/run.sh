#!/usr/bin/env bash
# Builds and tests in a Debian of its own: RELEASE ARCHITECTURE; a foreign one gets the package too.
# With a third argument, "image", it lays out the root directory of an image instead of testing.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
release=$1
architecture=$2
wanted=${3-tests}
native=$(dpkg --print-architecture)
libraries=(libcap-dev libcivetweb-dev libfuse3-dev libmount-dev libre2-dev libseccomp-dev
  libspdlog-dev libsqlite3-dev libtomlplusplus-dev libuv1-dev pkgconf
  prometheus-cpp-dev)
tools=(catch2 cmake debhelper libcli11-dev libexpected-dev ninja-build nlohmann-json3-dev python3)

skip() {
  [[ $wanted == tests ]] || { echo "$1" >&2 && exit 2; }
  echo "0 passed, 0 failed, 1 skipped: $1"
  exit 0
}

# Programs of another architecture start others: the kernel has to know who emulates them.
register_emulator() {
  local name=$1 folder=/proc/sys/fs/binfmt_misc
  [[ -e $folder/register ]] || mount -t binfmt_misc binfmt_misc "$folder" 2>/dev/null || return 1
  [[ -e $folder/qemu-$name ]] ||
    cat "/usr/lib/binfmt.d/qemu-$name.conf" >"$folder/register" 2>/dev/null
}

((EUID == 0)) || skip "a Debian in a folder needs root"
for tool in mmdebstrap systemd-nspawn; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian //p' | grep -v security | head -1)
[[ $mirror ]] || skip "this machine has no packages of Debian"

architectures=$native
include=("${tools[@]}" "${libraries[@]}")
if [[ $architecture != "$native" ]]; then
  case $architecture in
    arm64) register_emulator aarch64 || skip "the kernel takes no emulator for arm64" ;;
    armhf) register_emulator arm || skip "the kernel takes no emulator for armhf" ;;
    *) skip "there is nothing for $architecture yet" ;;
  esac
  architectures+=,$architecture
  include=("${tools[@]}" "crossbuild-essential-$architecture" dpkg-cross
    "${libraries[@]/%/:$architecture}")
fi

recipe=$(sha256sum tests/chroot/run.sh | cut -c1-16)
tree=build-chroot/$release-$architecture-$recipe
if [[ ! -d $tree ]]; then
  mkdir -p build-chroot
  rm -rf "build-chroot/$release-$architecture"*
  echo "building a Debian $release for $architecture"
  mmdebstrap --quiet --variant=buildd --architectures="$architectures" \
    --include="$(IFS=, && echo "${include[*]}")" "$release" "$tree.partial" \
    "deb $mirror $release main" </dev/null
  mkdir "$tree.partial/srv/work"
  echo "127.0.0.1 localhost" >"$tree.partial/etc/hosts"
  mv "$tree.partial" "$tree"
fi
systemd-nspawn --quiet --directory="$tree" --register=no --keep-unit --console=pipe \
  --bind="$PWD/build-package:/srv/work" --setenv=ARCHITECTURE="$architecture" \
  --setenv=WANTED="$wanted" \
  /bin/bash /srv/work/source/tests/chroot/inside.sh </dev/null

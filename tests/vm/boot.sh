#!/bin/bash
# Boots Debian's PREEMPT_RT kernel in QEMU and runs a command in it, with this machine's root file system mounted read-only:
# what was built here runs there unchanged. Usage: boot.sh [-t SECONDS] SHARED_FOLDER COMMAND...
#
# SHARED_FOLDER is /tmp/shared in the guest, the only place where it can write what stays. The exit code is the command's;
# 124 when the guest gave none within SECONDS (default 300). Downloads are kept in ABCDS_VM_CACHE, by default
# ~/.cache/abcds-vm. See README.md.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
readonly cache=${ABCDS_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/abcds-vm}
# What the kernel needs for 9p, and what the tests need: CAN, and queues that can be made slow or full.
readonly modules="virtio_pci 9pnet_virtio 9p vcan can-raw sch_netem"

say() { echo "boot.sh: $*" >&2; }
die() { say "$*"; exit 3; }

# The newest PREEMPT_RT kernel that the package lists know: linux-image-6.1.0-…-rt-amd64.
newest_kernel() {
  apt-cache depends linux-image-rt-amd64 | sed -n 's/.*Depends: linux-image-\(.*\)/\1/p' | head -1
}

# download PACKAGE...: into the current folder. Old package lists name versions that have left the archive.
download() {
  local -a fetch=(apt-get -qq -o APT::Sandbox::User=root download)
  "${fetch[@]}" "$@" > /dev/null && return 0
  [ "$(id -u)" -eq 0 ] || return 1
  apt-get -qq update > /dev/null && "${fetch[@]}" "$@" > /dev/null
}

# unpack VERSION FOLDER: the kernel and busybox, without installing them.
unpack() {
  local package
  mkdir -p "$2/packages"
  (cd "$2/packages" && download "linux-image-$1" busybox-static) ||
    die "linux-image-$1 and busybox-static cannot be downloaded: as root, apt-get update, and try again"
  for package in "$2"/packages/*.deb; do dpkg-deb -x "$package" "$2/unpacked"; done
  rm -r "$2/packages"
  # A merged /usr, or not, by Debian version.
  [ -d "$2/unpacked/lib/modules" ] || ln -s usr/lib "$2/unpacked/lib"
  /sbin/depmod -b "$2/unpacked" "$1"
}

# make_initrd VERSION FOLDER: init, busybox and the few modules that are needed, with what those need.
make_initrd() {
  local tree=$2/initrd module line file
  local from=$2/unpacked/lib/modules/$1 to=$2/initrd/lib/modules/$1
  mkdir -p "$tree"/{bin,sbin,proc,sys,dev,host,share} "$to"
  cp "$2"/unpacked/*bin/busybox "$tree/bin/" 2> /dev/null || cp "$2"/unpacked/usr/*bin/busybox "$tree/bin/"
  cp "$here/init.sh" "$tree/init"
  chmod 755 "$tree/init"
  for module in $modules; do
    line=$(grep -E "(^|/)${module//[-_]/[-_]}\.ko[^:]*:" "$from/modules.dep" | head -1) || die "this kernel has no module $module"
    for file in ${line/:/}; do
      mkdir -p "$to/${file%/*}"
      cp "$from/$file" "$to/$file"
    done
  done
  cp "$from"/modules.builtin* "$from/modules.order" "$to/"
  /sbin/depmod -b "$tree" "$1"
  (cd "$tree" && find . | cpio -o -H newc --quiet) | gzip -1 > "$2/initrd.gz"
}

prepare() {
  local version=$1 folder=$2
  say "preparing $version in $folder"
  rm -rf "$folder.new"
  mkdir -p "$folder.new"
  unpack "$version" "$folder.new"
  make_initrd "$version" "$folder.new"
  cp "$folder.new"/unpacked/boot/vmlinuz-"$version" "$folder.new/vmlinuz"
  rm -rf "$folder.new/unpacked" "$folder.new/initrd"
  # Whole or not at all: an interrupted download is not taken for a kernel.
  rm -rf "$folder"
  mv "$folder.new" "$folder"
}

main() {
  local seconds=300
  if [ "${1:-}" = -t ]; then seconds=$2; shift 2; fi
  [ $# -ge 2 ] || die "usage: boot.sh [-t SECONDS] SHARED_FOLDER COMMAND..."
  local shared version folder
  shared=$(readlink -f "$1")
  shift
  version=$(newest_kernel)
  [ -n "$version" ] || die "the package lists know no linux-image-rt-amd64: as root, apt-get update, and try again"
  folder=$cache/$version-$(cat "${BASH_SOURCE[0]}" "$here/init.sh" | sha256sum | cut -c1-12)
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  [ -d "$folder" ] || prepare "$version" "$folder"
  flock -u 9

  rm -f "$shared/.code"
  { echo "cd /"; printf '%q ' "$@"; echo; } > "$shared/.command"
  # Software emulation, since a KVM inside a virtual machine may hang. mitigations=off and nokaslr save a good part of its
  # time.
  timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -M q35 -cpu max -smp 2 -m 768 \
    -nodefaults -no-user-config -display none -no-reboot -serial stdio \
    -kernel "$folder/vmlinuz" -initrd "$folder/initrd.gz" \
    -append "console=ttyS0 panic=-1 quiet mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on audit=0" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -virtfs local,path="$shared",mount_tag=share,security_model=none < /dev/null 2> "$shared/.qemu" | tr -d '\r' || true
  if [ ! -e "$shared/.code" ]; then
    cat "$shared/.qemu" >&2
    say "the guest gave no result within $seconds s"
    exit 124
  fi
  exit "$(cat "$shared/.code")"
}

main "$@"

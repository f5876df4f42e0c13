#!/bin/bash
# Installs those Debian packages that are missing. Usage: install.sh LIST...   (a list: one package name a line)
#
# Asks the network only when something is missing, and then refreshes the package lists once. Never prompts. Services that
# come with a package (mosquitto, prometheus) are neither started nor enabled: the tests start their own.
set -euo pipefail

readonly MARK='# Written by ABCDs: no service starts while packages are being installed.'
readonly POLICY=/usr/sbin/policy-rc.d

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

is_installed() {
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Killed while installing, we would leave a machine behind on which no service starts: the next run cleans up.
remove_policy() {
  if [ -f "$POLICY" ] && grep -qxF "$MARK" "$POLICY"; then rm -f "$POLICY"; fi
}

forbid_services() {
  remove_policy
  if [ -e "$POLICY" ]; then return; fi  # somebody's own policy stays
  trap remove_policy EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" > "$POLICY"
  chmod 755 "$POLICY"
}

# Services of packages that were not here before stay off, after a reboot too.
disable_services() {
  command -v systemctl > /dev/null || return 0
  local package unit
  for package in "$@"; do
    for unit in $(dpkg-query -L "$package" | sed -n 's|^\(/usr\)\?/lib/systemd/system/\([^/@]*\.service\)$|\2|p'); do
      systemctl --quiet disable "$unit" > /dev/null 2>&1 || true
      if [ -d /run/systemd/system ]; then systemctl --quiet stop "$unit" > /dev/null 2>&1 || true; fi
    done
  done
}

main() {
  [ $# -gt 0 ] || die "usage: install.sh LIST..."
  local -a wanted missing=()
  local package
  mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@" | sort -u)
  command -v dpkg-query > /dev/null ||
    die "This script needs Debian 12 or Raspberry Pi OS. Elsewhere, install what corresponds to: ${wanted[*]}"
  for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    local -a lists=()
    local list
    for list in "$@"; do lists+=("$(readlink -f "$list")"); done
    say "Missing packages: ${missing[*]}"
    command -v sudo > /dev/null || die "Run this once as root: $(readlink -f "$0") ${lists[*]}"
    # On a terminal sudo may ask for the password; without one nobody could answer.
    local -a sudo=(sudo)
    [ -t 0 ] || sudo=(sudo -n)
    "${sudo[@]}" bash "$(readlink -f "$0")" "${lists[@]}" ||
      die "The packages could not be installed by sudo. As root: $(readlink -f "$0") ${lists[*]}"
    return 0
  fi

  if [ "$(dpkg --print-architecture)" = armhf ]; then
    die "There is no Bazel for 32-bit ARM: use the 64-bit Raspberry Pi OS."
  fi
  say "Installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local -a apt=(apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
  "${apt[@]}" update < /dev/null >&2 || say "The package lists could not be refreshed; trying with the old ones."
  forbid_services
  "${apt[@]}" -o Dpkg::Options::=--force-confold install --no-install-recommends "${missing[@]}" < /dev/null >&2 ||
    die "apt-get could not install: ${missing[*]}. Is the network there, and is this Debian 12 or Raspberry Pi OS 12?"
  disable_services "${missing[@]}"
}

main "$@"

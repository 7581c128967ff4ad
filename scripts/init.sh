#!/usr/bin/env bash
# Installs what the project needs on a Debian machine: apt packages (as root), the pinned Node, npm packages. Runs twice without harm.
set -euo pipefail
. "$(dirname "$0")/env.sh"

# What the daemon needs, what the virtual cafe and the tests drive.
PACKAGES=(nftables libnftables1 iproute2 ethtool procps iputils-ping ca-certificates e2fsprogs
  g++ make python3
  opentracker transmission-daemon aria2 python3-libtorrent rtorrent chromium
  nginx-light python3-fusepy openssl fonts-wqy-microhei rabbitmq-server)
missing=()
for p in "${PACKAGES[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    # Debian starts a daemon the moment its package is installed; a cache box's test machine wants none of them.
    made_policy=
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; made_policy=1
    fi
    trap '[ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d' EXIT
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
      tail -n 20 "$log" >&2; echo "swarmbox: apt-get could not install: ${missing[*]}" >&2; exit 1; }
    rm -f "$log"
    [ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d
    trap - EXIT
  else
    echo "swarmbox: these Debian packages are missing; install them as root and run this again:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

if [ "$("$NODE_HOME/bin/node" --version 2>/dev/null)" != "v$NODE_VERSION" ]; then
  command -v npm >/dev/null || { echo "swarmbox: npm is missing: install Debian's npm package (any version)" >&2; exit 1; }
  echo "installing Node $NODE_VERSION"
  mkdir -p .tools
  npm install --prefix .tools --no-save --no-audit --no-fund --loglevel=error "$NODE_PACKAGE@$NODE_VERSION" >/dev/null
fi

# npm must run under the pinned Node, or it picks packages for another one.
stamp=node_modules/.installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ] || [ package.json -nt "$stamp" ]; then
  echo "installing npm packages"
  # Not `npm ci`: it refuses a lock file whose optional packages for other platforms a registry does not carry.
  npm_config_nodedir="$NODE_HOME" npm install --no-save --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi

#!/usr/bin/env bash
# app.sh ROOT: puts Node, the daemon and its page into the tree of a slot: what runs, and nothing that builds or tests it.
set -euo pipefail
root=$(realpath "${1:?usage: app.sh ROOT}")
. "$(dirname "$0")/../scripts/env.sh"
to=$root/opt/swarmbox
mkdir -p "$to" "$root/opt/node/bin"
install -m 755 "$NODE_HOME/bin/node" "$root/opt/node/bin/node"
strip --strip-unneeded "$root/opt/node/bin/node"
cp "$NODE_HOME/LICENSE" "$root/opt/node/LICENSE" 2>/dev/null || true

cp LICENSE "$to/"
node --disable-warning=ExperimentalWarning image/plain-js.ts "$to" src/main.ts src/hands.ts src/without-daemon.ts scripts/ask.ts
mkdir -p "$to/web" "$to/firmware"
rsync -a --delete web/dist/ "$to/web/dist/"
rsync -a --delete --exclude=README.md firmware/network/ "$to/firmware/network/"
sed 's/^\. .*env\.sh"$/PATH="\/opt\/node\/bin:$PATH"; cd \/opt\/swarmbox/; s/ask\.ts/ask.js/' scripts/ask >"$to/scripts/ask" # to speak with the box at its console
chmod 755 "$to/scripts/ask"

# What the daemon depends on, without sources, other platforms' binaries, and what only reads well.
mkdir -p "$to/node_modules"
npm ls --omit=dev --all --parseable --silent 2>/dev/null | sed -n "s|^$PWD/||p" | sort -u | while read -r module; do
  mkdir -p "$to/$(dirname "$module")"
  rsync -a --exclude=node_modules --exclude='*.md' --exclude='*.map' --exclude=test --exclude=tests --exclude=docs --exclude=examples --exclude='*.d.ts' "$module/" "$to/$module/"
done
case "$(uname -m)" in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; esac
rm -rf "$to"/node_modules/better-sqlite3/{deps,src,binding.gyp} "$to"/node_modules/raw-socket/src "$to"/node_modules/{nan,node-addon-api}
find "$to/node_modules" -path '*/prebuilds/*' -type f ! -path "*linux-$arch*" -delete
find "$to/node_modules" -path '*/prebuilds/*musl*' -delete
for build in "$to"/node_modules/*/build; do find "$build" -type f ! -path '*/Release/*.node' -delete; done # where it was built stands in the rest
find "$to/node_modules" -name '*.node' -exec strip --strip-unneeded {} +
find "$to/node_modules" -type d -empty -delete
npm ls --omit=dev --all --parseable --long --silent 2>/dev/null | sed -n 's|^.*:\(@\{0,1\}[^:@]*@[0-9][^:]*\).*$|npm \1|p' | sort -u >>"$root/usr/share/swarmbox/packages"

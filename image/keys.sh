#!/usr/bin/env bash
# keys.sh [DIR]: makes the keys that updates are signed with, once: an authority for ten years, and a signer under it. They stay out of the repository; who loses them can update no box that carries the authority.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:-build/keys}
if [ -e "$dir/signer.key" ]; then
  echo "there are keys in $dir already"
  exit 0
fi
umask 077
mkdir -p "$dir"
make() { # NAME SUBJECT
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/$1.key" 2>/dev/null
}
make authority
make signer
openssl req -x509 -new -key "$dir/authority.key" -days 3650 -subj "/O=Swarmbox/CN=Swarmbox updates" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out "$dir/authority.pem"
openssl req -new -key "$dir/signer.key" -subj "/O=Swarmbox/CN=Swarmbox update signer" -out "$dir/signer.csr"
openssl x509 -req -in "$dir/signer.csr" -CA "$dir/authority.pem" -CAkey "$dir/authority.key" -CAcreateserial -days 3650 \
  -extfile <(printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n') -out "$dir/signer.pem" 2>/dev/null
rm -f "$dir/signer.csr" "$dir/authority.srl"
echo "made the keys in $dir: keep authority.key and signer.key where only you read them; authority.pem goes into the image"

# Swarmbox: one line per target; the work is in scripts/.
.PHONY: help init check test fuzz cafe bench matrix matrix-vlan flood avalanche soak first-byte manners sim what-if fleet bench-fleet web web-dev image image-test keys clean
help:  ; @scripts/help.sh
init:  ; @scripts/init.sh
check: ; @scripts/check.sh
test:  ; @scripts/test.sh
fuzz:  ; @scripts/fuzz.sh
cafe:  ; @scripts/cafe.sh
bench: ; @scripts/bench.sh
matrix: ; @scripts/matrix.sh
matrix-vlan: ; @scripts/matrix-vlan.sh
flood: ; @scripts/flood.sh
avalanche: ; @scripts/avalanche.sh
soak:  ; @scripts/soak.sh
first-byte: ; @scripts/first-byte.sh
manners: ; @scripts/manners.sh
sim:   ; @scripts/sim.sh
what-if: ; @scripts/what-if
fleet: ; @scripts/fleet.sh
bench-fleet: ; @scripts/bench-fleet.sh
web:   ; @scripts/web.sh
web-dev: ; @scripts/web-dev.sh
image: ; @scripts/image.sh
image-test: ; @scripts/image-test.sh
keys:  ; @image/keys.sh
clean: ; @scripts/clean.sh

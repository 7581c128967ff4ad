#!/usr/bin/env bash
echo "swarmbox: there is no image to build yet; see the README, 'Plug it in', for running the daemon on a Debian machine" >&2
exit 1

#!/bin/bash
# Stops all that up.sh started, and nothing else; the data stay.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ -d $RUN ]] || exit 0
lock_stack
stop_all
say "stopped"

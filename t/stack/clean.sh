#!/bin/bash
# Stops the stack and removes its data: the run directory, and the database's folder
# where that lies aside (postgres.sh).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ -d $RUN ]] || exit 0
lock_stack
stop_all
if [[ -L $RUN/pg ]]; then
    aside=$(readlink "$RUN/pg")
    [[ $aside != /var/tmp/voiceagent-*/pg ]] || rm -rf "${aside%/pg}"
fi
rm -rf "$RUN"
say "removed $RUN"

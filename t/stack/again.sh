#!/bin/bash
# again.sh NAME [ARGUMENT…]: starts a process of the stack that died, by the command up.sh
# started it with: what a service manager does. One that runs is left alone. Arguments are
# added for this time.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ -f $RUN/state/${1:-}.command ]] || die "usage: again.sh NAME, of a process that up.sh started"
lock_stack
! alive "$1" || exit 0
set -a
. "$RUN/env"
set +a
ulimit -n "$(ulimit -Hn)"
mapfile -d '' command <"$RUN/state/$1.command"
spawn "$1" "${command[@]}" "${@:2}"
# nginx refuses a binary upgrade when its parent is what it was in the beginning: it has to have
# seen us, and not whoever takes our children.
[[ $1 != nginx ]] || { alive nginx && await 30 "nginx begins" nginx grep -qx "$pid" "$RUN/nginx/nginx.pid"; }
printf '%s\0' "${command[@]}" >"$RUN/state/$1.command"

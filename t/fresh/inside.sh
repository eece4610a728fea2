#!/bin/bash
# inside.sh DIR CLONE COMMAND…: `make COMMAND` for each in turn within the system at DIR.
# run starts it in name spaces of its own, where it is process 1: every process it can
# see, and no mount, outlives it.
set -euo pipefail

DIR=$1
CLONE=$2
shift 2

mount -t proc proc "$DIR/proc"
mount --rbind /sys "$DIR/sys"
mount --rbind /dev "$DIR/dev"
mount -t tmpfs -o mode=1777 shm "$DIR/dev/shm"
# The network is this machine's: tests there and here reserve their ports in one place.
PORTS=/tmp/voiceagent-ports-$EUID
mkdir -p "$PORTS" "$DIR$PORTS"
mount --bind "$PORTS" "$DIR$PORTS"
mount -t proc proc /proc

within() {
    local keep=() name
    for name in VA_PORT_BASE MODULE_JOBS NODE_EXTRA_CA_CERTS http_proxy https_proxy no_proxy; do
        [[ -z ${!name:-} ]] || keep+=("$name=${!name}")
    done
    env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ${keep[@]+"${keep[@]}"} chroot "$DIR" /bin/sh -c 'cd "$1" && exec make "$2"' sh "$CLONE" "$1" </dev/null
}

# Sets left: the living processes but this one. Starts none.
look() {
    local file stat
    left=()
    for file in /proc/[0-9]*/stat; do
        { read -r stat <"$file"; } 2>/dev/null || continue
        [[ $stat == 1\ * || $stat == *') Z '* ]] || left+=("${stat%%)*})")
    done
}

failed=0
for command; do
    start=$SECONDS
    if within "$command"; then
        echo "fresh: make $command: ok, $((SECONDS - start)) s"
    else
        echo "fresh: make $command: FAILED, exit code $?, $((SECONDS - start)) s"
        failed=1
    fi
    [[ $command == down ]] || continue
    look
    ((${#left[@]} == 0)) || { echo "fresh: make down left behind: ${left[*]}"; failed=1; }
done
exit $failed

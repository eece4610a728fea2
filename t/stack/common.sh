# Sourced by the scripts of the private stack: where it lives, and how its processes
# are started, recognised and stopped. Linux only: processes are known by /proc.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
RUN=${VA_RUN_DIR:-$ROOT/.run}
GRACE=30 # seconds a process has between TERM and KILL

say() { echo "stack: $*"; }
die() { echo "stack: $*" >&2; exit 1; }

# One up, down or clean at a time. Children must not inherit the lock: 9>&- where they start.
lock_stack() {
    mkdir -p "$RUN"
    RUN=$(cd "$RUN" && pwd)
    exec 9>"$RUN/lock"
    flock 9
}

# process PID: sets state and began (clock ticks since boot); fails when there is none.
# A process id and when it began name one process for good (proc(5), stat).
process() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${stat##*) }
    state=$1
    began=${20}
}

# recorded NAME: sets pid and, from the second line of the pid file, since.
recorded() {
    [[ -f $RUN/pids/$1.pid ]] && { read -r pid && read -r since; } <"$RUN/pids/$1.pid"
}

# alive NAME: sets pid.
alive() {
    recorded "$1" && process "$pid" && [[ $began == "$since" && $state != Z ]]
}

# adopt NAME PID: writes the pid file of a process that runs.
adopt() {
    process "$2" || began=gone
    printf '%s\n%s\n' "$2" "$began" >"$RUN/pids/$1.pid"
}

# What NAME left behind when it died without its children. The kernel gives no new
# process the number of a group that still has members, so the group is its own.
sweep() {
    recorded "$1" || return 0
    ! process "$pid" || [[ $began == "$since" && $state == Z ]] || return 0
    kill -KILL -- "-$pid" 2>/dev/null || true
}

# spawn NAME COMMAND…: in a session of its own, its output in log/NAME.log. again.sh
# reads the command.
spawn() {
    local name=$1
    sweep "$name"
    shift
    printf '%s\0' "$@" >"$RUN/state/$name.command"
    setsid "$@" </dev/null >>"$RUN/log/$name.log" 2>&1 9>&- &
    adopt "$name" $!
}

# stop NAME [SIGNAL]: then, after the grace, KILL to all of its session.
stop() {
    local i
    if alive "$1"; then
        kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
        for ((i = 0; i < GRACE * 10; i++)); do
            alive "$1" || break
            sleep 0.1
        done
        if alive "$1"; then
            say "$1 did not stop within $GRACE s: killing it"
            kill -KILL -- "-$pid" 2>/dev/null || true
            while alive "$1"; do sleep 0.1; done
        fi
    fi
    sweep "$1"
    rm -f "$RUN/pids/$1.pid" "$RUN/state/$1"
}

port_is_free() {
    local holder
    holder=$(ss -Hltnp "sport = :$1" 2>/dev/null) || return 0
    [[ -z $holder ]] || die "port $1 for $2 is taken: $holder
    Choose other ports with VA_PORT_BASE (now $VA_PORT_BASE)."
}

# unchanged NAME FILE…: true when the process runs what these files, and the settings, say.
# Otherwise the process is stopped, and started_as holds what to remember of the next one.
unchanged() {
    local name=$1
    shift
    started_as=$(cat "$RUN/env" "$@" | sha256sum)
    if alive "$name"; then
        [[ $(cat "$RUN/state/$name" 2>/dev/null) != "$started_as" ]] || return 0
        say "$name changed: starting it anew"
        stop "$name"
    fi
    sweep "$name"
    return 1
}
remember() { echo "$started_as" >"$RUN/state/$1"; }

# elsewhere NAME URL: it was given in the environment; ours is not needed.
elsewhere() {
    say "${1#sim-} is at ${2#*@}"
    stop "$1" "$([[ $1 != postgres ]] || echo INT)"
}

# Those started last stop first.
stop_all() {
    local file
    find_nginx
    stop nginx
    stop worker
    for file in "$RUN"/pids/sim-*.pid; do
        [[ ! -f $file ]] || stop "$(basename "$file" .pid)"
    done
    stop redis
    stop postgres INT # fast: open transactions are rolled back, nobody is waited for
}

# A binary upgrade (USR2) ends with a master that up.sh did not start: it is found by the
# pid file nginx writes itself, and recognised by its configuration.
find_nginx() {
    local master
    ! alive nginx || return 0
    [[ -s $RUN/nginx/nginx.pid ]] || return 0
    master=$(<"$RUN/nginx/nginx.pid")
    [[ -e /proc/$master/cmdline ]] || return 0
    ! grep -qF "nginx -c $RUN/nginx.conf" <(tr '\0' ' ' <"/proc/$master/cmdline") || adopt nginx "$master"
}

# await SECONDS WHAT NAME COMMAND…: until the command succeeds, or process NAME is gone.
await() {
    local seconds=$1 what=$2 name=$3 i
    shift 3
    for ((i = 0; i < seconds * 10; i++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        alive "$name" || { show_log "$name"; die "$what: $name ended"; }
        sleep 0.1
    done
    show_log "$name"
    die "$what: not within $seconds s"
}

show_log() {
    echo "--- the end of $RUN/log/$1.log" >&2
    tail -n 30 "$RUN/log/$1.log" >&2 || true
}

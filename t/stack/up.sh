#!/bin/bash
# Brings up the whole system under .run/ (or VA_RUN_DIR): PostgreSQL, Redis, simulated
# providers, migrations and demo shops, workers, nginx. What runs already is left
# alone, unless its program or settings changed. Returns when GET /ready answers 200.
# Everything must be built: `make up` does that first.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
lock_stack
chmod 755 "$RUN"
mkdir -p "$RUN"/{pids,log,nginx} && mkdir -p -m 0700 "$RUN/state"
. "$ROOT/t/stack/settings.sh"
. "$ROOT/t/stack/tls.sh"
. "$ROOT/t/stack/postgres.sh"
. "$ROOT/t/stack/simulators.sh"

need() {
    [[ -f $1 ]] || die "${1#"$ROOT"/} is missing${2:+: $2}"
}

# conf/redis.acl with the passwords of this system; who looks from outside may do anything.
render_acl() {
    mkdir -p -m 0700 "$RUN/redis"
    (umask 077 && sed -e 's/^user default .*/user default on nopass ~* \&* +@all/' -f <(
        printf 's|@%s_PASSWORD@|%s|\n' NGINX "$(kept_password redis-nginx)" \
            WORKER "$(kept_password redis-worker)" VOICE "$(kept_password redis-voice)"
    ) "$ROOT/conf/redis.acl" >"$RUN/redis/users.acl")
}

start_redis() {
    render_acl
    ! alive redis || cmp -s "$RUN/redis/users.acl" "$RUN/state/redis.acl" || stop redis
    if ! alive redis; then
        port_is_free "$VA_REDIS_PORT" Redis
        local socket=()
        # A socket's path is at most 107 bytes (unix(7)).
        ((${#RUN} > 80)) || socket=(--unixsocket "$RUN/redis/redis.sock" --unixsocketperm 700)
        spawn redis redis-server --port "$VA_REDIS_PORT" --bind 127.0.0.1 --dir "$RUN/redis" --save '' \
            --appendonly yes --appendfsync always --maxmemory-policy noeviction --aclfile "$RUN/redis/users.acl" "${socket[@]}"
        cp -p "$RUN/redis/users.acl" "$RUN/state/redis.acl"
    fi
    await 60 "Redis answers" redis redis_answers
}
redis_answers() { [[ $(redis-cli -h 127.0.0.1 -p "$VA_REDIS_PORT" ping) == PONG ]]; }

migrate() {
    printf '; the environment says everything (%s/env)\n' "$RUN" >"$RUN/worker.conf"
    "$VA_WORKER_PROGRAM" -c "$RUN/worker.conf" migrate --demo >"$RUN/log/migrate.log" 2>&1 9>&- ||
        { show_log migrate; die "the migrations failed; \`make clean\` begins with a new database"; }
    psql "$DATABASE_URL" -X -q -v ON_ERROR_STOP=1 -v engine="$VA_ENGINE" >>"$RUN/log/migrate.log" 2>&1 9>&- <<'END' ||
UPDATE voiceagent.organizations
   SET engines = array_prepend(:'engine', array_remove(engines, :'engine'))
 WHERE slug IN ('bici-downtown', 'bici-uptown') AND engines[1] <> :'engine';
END
        { show_log migrate; die "VA_ENGINE=$VA_ENGINE was refused"; }
    open_demo_shop
}

# /demo-shop is a page of this system's own addresses: its chat is for them too.
open_demo_shop() {
    local origins
    printf -v origins '%s,' "$VA_URL" "$VA_HTTP_URL" "$VA_PUBLIC_URL" \
        "https://localhost:$VA_TLS_PORT" "http://localhost:$VA_HTTP_PORT"
    psql "$DATABASE_URL" -X -q -v ON_ERROR_STOP=1 -v origins="{${origins%,}}" >>"$RUN/log/migrate.log" 2>&1 9>&- <<'END' ||
UPDATE voiceagent.organizations
   SET widget_origins = ARRAY(SELECT DISTINCT unnest(widget_origins || :'origins'::text[]) ORDER BY 1)
 WHERE slug = 'bici-downtown' AND NOT widget_origins @> :'origins'::text[];
END
        { show_log migrate; die "the demo shop's pages were refused"; }
}

start_workers() {
    mapfile -t files < <(find "$ROOT/conf/messages" -type f 2>/dev/null | sort)
    unchanged worker "$VA_WORKER_PROGRAM" "$RUN/worker.conf" "${files[@]}" && return
    mkdir -p "$VA_VOICE_LISTEN" # nginx' workers pass it, and find the sockets in it
    chmod 711 "$VA_VOICE_LISTEN"
    (umask 077 && printf 'export REDIS_URL=%q REDIS_VOICE_URL=%q\n' \
        "$(redis_url worker)" "$(redis_url voice)" >"$RUN/state/worker.redis")
    # As their own users of Redis; no password on a command line.
    spawn worker bash -c '. "$0"; exec "$@"' "$RUN/state/worker.redis" "$VA_WORKER_PROGRAM" -c "$RUN/worker.conf" run
    remember worker
}

# .run/nginx.conf, and in .run/voiceagent/ what conf/ has for /etc/nginx/voiceagent/;
# each @NAME@ replaced by that setting.
render_nginx() {
    local file script
    script=$(substitutions)
    need "$ROOT/conf/http.conf"
    rm -rf "$RUN/voiceagent"
    mkdir -p "$RUN/voiceagent/locations"
    ln -s ../keys "$RUN/voiceagent/keys"
    ln -s "$ROOT/conf/fallback" "$RUN/voiceagent/fallback"
    render t/stack/nginx.conf "$RUN/nginx.conf"
    render conf/http.conf "$RUN/voiceagent/http.conf"
    # All tests are one subscriber, who signs up by the dozen.
    sed -i -E 's/(zone=voiceagent_signups?:1m +rate=)[0-9]+r\/m/\11000r\/s/' "$RUN/voiceagent/http.conf"
    [[ $(grep -c '=1000r/s' "$RUN/voiceagent/http.conf") == 2 ]] || die "conf/http.conf: no limits of sign-ups"
    for file in "$ROOT"/conf/locations/*.conf; do
        render "${file#"$ROOT"/}" "$RUN/voiceagent/locations/${file##*/}"
    done
}
render() {
    local left
    sed -f <(printf '%s\n' "$script") "$ROOT/$1" >"$2" # no secret on a command line
    ! left=$(grep -noE '@[A-Z][A-Z0-9_]*@' "$2") || die "$1: no setting for $left"
}
substitutions() {
    local name value
    for name in "${names[@]}"; do
        value=$(sed 's/[\\&|]/\\&/g' <<<"${!name}")
        printf 's|@%s@|%s|g\n' "$name" "$value"
    done
    printf 's|@NGINX_REDIS_URL@|%s|g\n' "$(redis_url nginx)"
    printf 's|/usr/share/voiceagent/sounds/|%s/conf/sounds/|\n' "$(sed 's/[\\&|]/\\&/g' <<<"$ROOT")"
    printf 's|/usr/share/voiceagent/dashboard|%s/build/dashboard|\n' "$(sed 's/[\\&|]/\\&/g' <<<"$ROOT")"
}

start_nginx() {
    local nginx=(/usr/sbin/nginx -c "$RUN/nginx.conf" -p "$RUN/nginx/" -e "$RUN/log/nginx.log"
        -g "daemon off; pid $RUN/nginx/nginx.pid;")
    render_nginx
    find_nginx
    mapfile -t files < <(find -L "$RUN/nginx.conf" "$RUN/voiceagent" "$RUN/tls" "$VA_MODULE" -type f ! -path '*/keys/*' | sort)
    unchanged nginx "${files[@]}" /usr/sbin/nginx && return
    "${nginx[@]}" -t >"$RUN/log/nginx-test.log" 2>&1 9>&- || { show_log nginx-test; die "nginx refuses its configuration"; }
    port_is_free "$VA_TLS_PORT" "nginx (TLS)"
    port_is_free "$VA_HTTP_PORT" nginx
    spawn nginx "${nginx[@]}"
    remember nginx
}

ready() { [[ $(curl -s -o /dev/null -w '%{http_code}' --max-time 5 --cacert "$VA_CA_FILE" "$VA_URL/ready") == 200 ]]; }

await_ready() {
    local i
    for ((i = 0; i < 300; i++)); do
        ! ready || return 0
        alive nginx && alive worker || break
        sleep 0.2
    done
    for i in redis postgres worker nginx; do
        alive $i || say "$i does not run"
    done
    say "GET $VA_URL/ready: $(curl -s --max-time 5 --cacert "$VA_CA_FILE" -w ' (%{http_code})' "$VA_URL/ready" || true)"
    show_log worker
    show_log nginx
    die "the system is not ready"
}

summary() {
    cat <<END

voiceagent is up: $VA_URL
  without TLS, loopback only   $VA_HTTP_URL
  certificate authority        $VA_CA_FILE
  a shop's web site, its chat  $VA_HTTP_URL/demo-shop
  settings for a shell         . $RUN/env
  logs                         $RUN/log/
  simulated providers          $TWILIO_BASE_URL/_sim/requests, $ELEVENLABS_BASE_URL/_sim/requests

  Bici Downtown  +14165550001  owner@downtown.example / demo-password
  Bici Uptown    +14165550002  owner@uptown.example / demo-password
END
}

ulimit -n "$(ulimit -Hn)"
define_settings
need "$VA_WORKER_PROGRAM" "run make"
need "$VA_MODULE" "run make"
if [[ -n ${old[VA_PORT_BASE]:-} && ${old[VA_PORT_BASE]} != "$VA_PORT_BASE" ]]; then
    say "moving from port ${old[VA_PORT_BASE]} to $VA_PORT_BASE"
    stop_all
fi
write_settings
make_certificates
write_keys
if ours DATABASE_URL; then start_postgres; else elsewhere postgres "$DATABASE_URL"; fi
if ours REDIS_URL; then start_redis; else elsewhere redis "$REDIS_URL"; fi
start_simulators
migrate
start_workers
start_nginx
await_ready
summary

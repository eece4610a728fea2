# Sourced by up.sh: a private PostgreSQL cluster. PostgreSQL refuses to run as root;
# then it runs as the system user postgres.

as_postgres=()
if ((EUID == 0)); then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups env -C / HOME=/)
fi

# Sets pg_data. Where the user postgres may pass it is in the run directory, else aside
# with a link to it.
find_data_directory() {
    [[ -d $RUN/pg ]] || make_data_directory
    pg_data=$(cd -P "$RUN/pg" && pwd)
}

# Of a run directory that was removed without `make clean`: its passwords are gone with it.
forget_data() {
    local pid
    pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) || true
    [[ -z $pid || $(readlink "/proc/$pid/exe") != */postgres ]] ||
        die "PostgreSQL (process $pid) still runs on $1, of a folder that was removed: end it first"
    rm -rf "${1:?}"
}

make_data_directory() {
    if ((EUID == 0)) && ! "${as_postgres[@]}" test -x "$RUN"; then
        local aside
        aside=/var/tmp/voiceagent-$(sha256sum <<<"$RUN" | cut -c1-12)
        mkdir -m 0755 "$aside" 2>/dev/null || [[ -O $aside && ! -L $aside ]] ||
            die "$aside belongs to somebody else"
        forget_data "$aside/pg"
        mkdir "$aside/pg"
        ln -sfn "$aside/pg" "$RUN/pg"
    else
        mkdir "$RUN/pg"
    fi
    ((EUID != 0)) || chown postgres: "$RUN/pg/"
    chmod 0700 "$RUN/pg/"
}

make_cluster() {
    local password
    [[ ! -f $pg_data/PG_VERSION ]] || return 0
    say "making the PostgreSQL cluster"
    password=${pg_data%/pg}/pg.password # where the user postgres can read it
    (umask 077 && kept_password superuser >"$password")
    ((EUID != 0)) || chown postgres: "$password"
    "${as_postgres[@]}" "$pg_bin/initdb" -D "$pg_data" --username=postgres --auth=scram-sha-256 \
        --pwfile="$password" --encoding=UTF8 --locale=C.UTF-8 >>"$RUN/log/postgres.log" 2>&1 9>&- ||
        { rm -rf "${pg_data:?}"/* "$password"; show_log postgres; die "initdb failed"; }
    rm "$password"
}

superuser_sql() {
    PGPASSWORD=$(kept_password superuser) "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 \
        -p "$VA_POSTGRES_PORT" -U postgres -d "$1" 9>&-
}

# The owner is no superuser: what it may do here it may do on a hosted Postgres. It
# bypasses row level security, for looking at things with psql.
make_owner() {
    superuser_sql postgres <<END >>"$RUN/log/postgres.log" 2>&1 || { show_log postgres; die "the owner could not be made"; }
SELECT 'CREATE ROLE voiceagent' WHERE to_regrole('voiceagent') IS NULL \\gexec
ALTER ROLE voiceagent LOGIN CREATEROLE BYPASSRLS PASSWORD '$(kept_password owner)';
ALTER ROLE voiceagent SET search_path = voiceagent, public;
SELECT 'CREATE DATABASE voiceagent OWNER voiceagent'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'voiceagent') \\gexec
END
}

start_postgres() {
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $newest/postgres ]] || die "PostgreSQL is not installed: run make deps"
    pg_bin=$newest
    find_data_directory
    make_cluster
    if ! alive postgres; then
        port_is_free "$VA_POSTGRES_PORT" PostgreSQL
        spawn postgres "${as_postgres[@]}" "$pg_bin/postgres" -D "$pg_data" -p "$VA_POSTGRES_PORT" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200
    fi
    await 60 "PostgreSQL answers" postgres "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$VA_POSTGRES_PORT"
    make_owner
}

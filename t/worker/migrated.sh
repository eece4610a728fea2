#!/bin/sh
# migrated.sh worker archive: makes a cluster of Postgres, migrates a database in it with that
# worker, and puts its files into the archive. Not as superuser: as an ordinary owner of the
# database, which is what hosters give.
set -eu

worker=$1
archive=$2
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
work=$(mktemp -d /tmp/voiceagent-migrated-XXXXXX)
chmod 0755 "$work"

# Postgres refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$work"
    as_postgres='setpriv --reuid=postgres --regid=postgres --init-groups env -C / HOME=/'
else
    as_postgres=
fi

server() { $as_postgres "$bin/pg_ctl" -s -w -D "$work/data" -l "$work/server.log" "$@"; }

end() {
    status=$?
    [ "$status" = 0 ] || cat "$work"/*log >&2
    [ ! -f "$work/data/postmaster.pid" ] || server -m immediate stop
    rm -rf "$work"
}
trap end EXIT

$as_postgres "$bin/initdb" -D "$work/data" -U super -A trust -N -E UTF8 --locale=C.UTF-8 > "$work/log"
server -o "-k $work -c listen_addresses= -c fsync=off" start
psql -X -q -v ON_ERROR_STOP=1 -h "$work" -U super -d postgres \
    -c 'CREATE ROLE owner LOGIN CREATEROLE' -c 'CREATE DATABASE voiceagent OWNER owner'
DATABASE_URL="postgresql://owner@/voiceagent?host=$work" \
    APP_DATABASE_URL="postgresql://va_app:secret@/voiceagent?host=$work" \
    VA_SQL_DIR=sql "$worker" migrate >> "$work/log"
server -m fast stop
tar -cf "$archive.tmp" -C "$work/data" .
mv "$archive.tmp" "$archive"

#!/bin/bash
# Installs what building, running and testing need: Debian's packages, Test::Nginx
# (Debian packages it in sid alone), nginx's own source, and the npm packages of
# the lock files. Debian 12 or 13, as root or with sudo; safe to repeat, and quick
# when there is nothing to do. Every address comes from the machine's own apt and
# npm configuration.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/build
NODE_MIN=18

. /etc/os-release
case ${VERSION_CODENAME:-} in
bookworm) pg=15 extra=(libhttp-parser-dev) ;;
trixie) pg=17 extra=(postgresql-17-pgvector libllhttp-dev) ;;
*)
    echo "deps: Debian 12 (bookworm) or 13 (trixie) is needed, this is ${PRETTY_NAME:-unknown}" >&2
    exit 1
    ;;
esac

PACKAGES=(
    # building
    gcc make libc6-dev libssl-dev libcrypt-dev libyajl-dev libhiredis-dev
    libcurl4-openssl-dev libpq-dev libinih-dev libuv1-dev libwslay-dev
    libspeexdsp-dev
    zlib1g-dev libpcre2-dev nginx-dev dpkg-dev xz-utils patch git
    # reading documents
    pkg-config libpoppler-glib-dev libxml2-dev libzip-dev libcmark-dev libcsv-dev
    # running
    nginx redis-server redis-tools redis-sentinel "postgresql-$pg"
    pgbouncer openssl ca-certificates curl
    # testing
    libcmocka-dev clang lld llvm libclang-rt-dev clang-format-19 valgrind faketime
    "postgresql-$pg-pgtap" libnginx-mod-nchan libnginx-mod-http-lua wrk nghttp2-client
    chromium fonts-dejavu-core jq perl procps iproute2 util-linux
    "${extra[@]}"
)

say() { echo "deps: $*"; }
die() { echo "deps: $*" >&2; exit 1; }

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        command -v sudo >/dev/null || die "not root, and sudo is not installed: run this as root once"
        sudo -- "$@"
    fi
}

# A mirror's hiccup passes; three tries with a growing pause.
retry() {
    local try
    for try in 1 2 3; do
        "$@" && return
        ((try < 3)) || break
        say "failed, trying again: $*"
        sleep $((try * 5))
    done
    return 1
}

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

missing() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
        awk -v want="$*" '$1 == "ii" { have[$2] = 1 }
            END { n = split(want, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }'
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# While packages are installed no daemon is started and no cluster made: the
# services this project runs are its own, under .run/.
NO_START=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/voiceagent.conf
undo=()
quiet_services() {
    trap allow_services EXIT
    if [[ ! -e $NO_START ]]; then
        undo+=("$NO_START")
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$NO_START" >/dev/null
        as_root chmod 755 "$NO_START"
    fi
    if [[ ! -e $NO_CLUSTER ]]; then
        undo+=("$NO_CLUSTER")
        as_root mkdir -p "${NO_CLUSTER%/*}"
        echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
    fi
}
allow_services() {
    ((${#undo[@]} == 0)) || as_root rm -f "${undo[@]}"
    undo=()
}

install_packages() {
    local wanted=("${PACKAGES[@]}")
    (($(node_major) >= NODE_MIN)) || wanted+=(nodejs)
    command -v npm >/dev/null || wanted+=(npm)
    mapfile -t wanted < <(missing "${wanted[@]}")
    ((${#wanted[@]} > 0)) || return 0
    say "installing ${#wanted[@]} packages: ${wanted[*]}"
    quiet_services
    retry apt update
    retry apt install --no-install-recommends "${wanted[@]}"
    allow_services
    (($(node_major) >= NODE_MIN)) ||
        die "node $(node_major) is in the way ($(command -v node)): $NODE_MIN or newer is needed"
}

# ------------------------------------------- apt entries made from the machine's own

# One line for each index of this release apt has: address, suite, codename, "file:entry".
own_indexes() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(SOURCESENTRY)' \
        'Identifier: Packages' 'Component: main' 'Origin: Debian' |
        awk -v c="$VERSION_CODENAME" '$3 == c || index($3, c "-") == 1' | sort -u
}

# Images often come without the lists.
need_indexes() {
    [[ -z $(own_indexes) ]] || return 0
    retry apt update
    [[ -n $(own_indexes) ]] || die "apt knows no Debian archive of $VERSION_CODENAME"
}

# derived_source FILE ADDRESS SUITE TYPE NEW_SUITE: the machine's entry of that
# address and suite, keyring and other options included, for another type and suite.
derived_source() {
    local deb822=0
    [[ $1 != *.sources ]] || deb822=1
    awk -v deb822="$deb822" -v uri="${2%/}" -v suite="$3" -v type="$4" -v new="$5" '
        function has(words, word,   n, w, i) {
            n = split(words, w, /[ \t\n]+/)
            for (i = 1; i <= n; i++) { sub(/\/$/, "", w[i]); if (w[i] == word) return 1 }
            return 0
        }
        function stanza(   i, n, line, field, keep) {
            if (done || !has(value["uris"], uri) || !has(value["suites"], suite)) return
            if (tolower(value["enabled"]) ~ /no|false/) return
            n = split(text, line, "\n")
            for (i = 1; i < n; i++) {
                if (line[i] ~ /^[A-Za-z]/) {
                    field = tolower(line[i]); sub(/:.*/, "", field)
                    keep = field !~ /^(types|uris|suites|components|architectures|enabled)$/
                }
                if (keep) print line[i]
            }
            printf "Types: %s\nURIs: %s\nSuites: %s\nComponents: main\n", type, uri, new
            done = 1
        }
        function clear() { text = ""; split("", value) }
        /^[ \t]*#/ { next }
        deb822 && /^[ \t]*$/ { stanza(); clear(); next }
        deb822 {
            text = text $0 "\n"
            if ($0 ~ /^[A-Za-z]/) { name = tolower($0); sub(/:.*/, "", name); sub(/^[^:]*:/, "") }
            value[name] = value[name] " " $0
            next
        }
        !done && $1 ~ /^deb(-src)?$/ {
            options = ""
            rest = $0; sub(/^[ \t]*deb(-src)?[ \t]+/, "", rest)
            if (match(rest, /^\[[^]]*\]/)) {
                options = substr(rest, 2, RLENGTH - 2); rest = substr(rest, RLENGTH + 1)
                gsub(/arch=[^ ]*/, "", options)
            }
            split(rest, word, /[ \t]+/); first = word[1] == "" ? 2 : 1
            sub(/\/$/, "", word[first])
            if (word[first] != uri || word[first + 1] != suite) next
            printf "%s [%s] %s %s main\n", type, options, uri, new
            done = 1
        }
        END { if (deb822) stanza(); exit !done }' "$1"
}

# private_options DIR: sets options, with which apt knows DIR/sources and no others.
private_options() {
    mkdir -p "$1/lists/partial"
    options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$1/sources"
        -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists="$1/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User="$(id -un)")
}

# private_apt DIR COMMAND…
private_apt() {
    private_options "$1"
    shift
    apt-get -q -y -o Acquire::Retries=3 "${options[@]}" "$@"
}

# add_source DIR TYPE NEW_SUITE < own_indexes. An empty NEW_SUITE keeps each one's own.
add_source() {
    local dir=$1 type=$2 new=$3 uri suite codename entry file n=0
    mkdir -p "$dir/sources"
    while read -r uri suite codename entry; do
        file=${entry%:*}
        n=$((n + 1))
        derived_source "$file" "$uri" "$suite" "$type" "${new:-$suite}" \
            >"$dir/sources/$n.${file##*.}" || die "cannot find $uri $suite in $file"
    done
}

# ---------------------------------------------------------------- Test::Nginx, nginx

# sid is asked for this one file and stays unknown to the machine's apt, so that
# nothing else can ever come from there; what it depends on is the release's own.
install_test_nginx() {
    [[ -n $(missing libtest-nginx-perl) ]] || return 0
    say "installing libtest-nginx-perl from sid"
    local dir=$BUILD/apt-sid
    rm -rf "$dir"
    need_indexes
    own_indexes | awk -v c="$VERSION_CODENAME" '$3 == c && !n++' | add_source "$dir" deb sid
    # sid's index expires after a week; that of a mirror which lags behind, or is kept
    # as it was, is still signed.
    private_apt "$dir" update ||
        retry private_apt "$dir" -o Acquire::Check-Valid-Until=false update
    (cd "$dir" && retry private_apt "$dir" download libtest-nginx-perl)
    quiet_services
    retry apt install --no-install-recommends "$dir"/libtest-nginx-perl_*.deb
    allow_services
    rm -rf "$dir"
}

# The source of the installed nginx, for builds with sanitizers; everything else does
# without. Where the archive has moved on, another Debian revision of it serves as well.
fetch_nginx_source() {
    local version dir=$BUILD/apt-src
    version=$(dpkg-query -W -f '${source:Version}' nginx-dev)
    local upstream=${version%-*}
    [[ ! -f $BUILD/nginx-src/$upstream/configure ]] || return 0
    say "fetching the source of nginx $version"
    rm -rf "$dir" "$BUILD/nginx-src"
    need_indexes
    own_indexes | add_source "$dir" deb-src ""
    retry private_apt "$dir" update || true
    mkdir -p "$BUILD/nginx-src"
    for version in "$version" $(source_versions "$dir" "$upstream"); do
        (cd "$BUILD/nginx-src" && private_apt "$dir" source "nginx=$version" &&
            mv "nginx-$upstream" "$upstream") && break
    done
    [[ -f $BUILD/nginx-src/$upstream/configure ]] || unpack_upstream "$upstream" ||
        say "the mirror does not give the source of nginx $upstream: no builds with sanitizers"
    rm -rf "$dir"
}

# unpack_upstream UPSTREAM: without Debian's changes, where a mirror has not kept those.
unpack_upstream() {
    local archive
    for archive in "$BUILD/nginx-src/nginx_$1.orig.tar."?z; do
        [[ -f $archive ]] || return 1
        say "the mirror has no Debian revision of nginx $1 any more: taking upstream's source"
        mkdir -p "$BUILD/nginx-src/$1"
        tar -xf "$archive" -C "$BUILD/nginx-src/$1" --strip-components=1
    done
}

# source_versions DIR UPSTREAM: the archive's revisions of that nginx, newest first.
source_versions() {
    private_options "$1"
    apt-cache "${options[@]}" showsrc nginx |
        awk -v up="$2-" '$1 == "Version:" && index($2, up) == 1 { print $2 }' | sort -Vru
}

# ------------------------------------------------------------------------------ npm

# Every folder with a lock file; the stamp says which lock is installed.
install_npm() {
    local lock dir stamp key
    for lock in "$ROOT"/*/package-lock.json; do
        dir=${lock%/*}
        stamp=$dir/node_modules/.voiceagent-deps
        key="$(sha256sum <"$lock") node $(node_major)"
        [[ ! -f $stamp || $(<"$stamp") != "$key" ]] || continue
        say "npm ci in ${dir#"$ROOT"/}/"
        (cd "$dir" && retry npm ci --no-audit --no-fund)
        echo "$key" >"$stamp"
    done
}

# One installation at a time on a machine; the directory is only a place to hang the lock.
exec 9</var/lib/dpkg
flock 9

mkdir -p "$BUILD"
install_packages
install_test_nginx
fetch_nginx_source
install_npm

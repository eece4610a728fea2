# Sourced by up.sh: writes .run/env, every name the system is configured with. A value
# comes from the environment, else from the last time, else it is made here.
#
# Addresses follow VA_PORT_BASE. One that was set in the environment is kept from then
# on (and what it would have named is not started); set to nothing, it is forgotten.

declare -A old=()   # what .run/env held
declare -A preset=() # addresses that are not ours
names=()            # in the order they are written

read_old_settings() {
    local line name
    if [[ -f $RUN/env ]]; then
        while IFS= read -r line; do
            name=${line%%=*}
            [[ $name =~ ^[A-Z][A-Z0-9_]*$ ]] || continue
            eval "old[\$name]=${line#*=}" # quoted by write_settings
        done <"$RUN/env"
    fi
    for name in $(cat "$RUN/state/preset" 2>/dev/null); do preset[$name]=1; done
}

# keep NAME COMMAND…: a value that stays; the command makes the first one.
keep() {
    local name=$1
    shift
    [[ -n ${!name:-} ]] || printf -v "$name" %s "${old[$name]:-}"
    [[ -n ${!name} ]] || printf -v "$name" %s "$("$@")"
    names+=("$name")
}

# address NAME VALUE: where something listens.
address() {
    if [[ -n ${!1:-} && -n ${preset[$1]:-} ]] ||
        [[ -n ${!1:-} && ${!1} != "$2" && ${!1} != "${old[$1]:-}" ]]; then
        preset[$1]=1
    elif [[ -z ${!1+set} && -n ${preset[$1]:-} ]]; then
        printf -v "$1" %s "${old[$1]}"
    else
        unset "preset[$1]"
        printf -v "$1" %s "$2"
    fi
    names+=("$1")
}

# host_of URL, port_of URL DEFAULT
host_of() {
    local rest=${1#*://}
    rest=${rest%%/*}
    rest=${rest##*@}
    if [[ $rest == \[* ]]; then
        rest=${rest#\[}
        echo "${rest%%\]*}"
    else
        echo "${rest%%:*}"
    fi
}
port_of() {
    local rest=${1#*://}
    rest=${rest%%/*}
    if [[ $rest =~ :([0-9]+)$ ]]; then echo "${BASH_REMATCH[1]}"; else echo "$2"; fi
}

# ours NAME: true when the address is that of something this script starts.
ours() { [[ -z ${preset[$1]:-} ]]; }

hex() { openssl rand -hex "$1"; }
prefixed() { echo "$1$(hex "$2")"; }
base64_key() { echo "$1$(openssl rand -base64 32)"; }

# The passwords within our own database addresses.
kept_password() {
    local file=$RUN/state/$1
    [[ -s $file ]] || (umask 077 && hex 24 >"$file")
    cat "$file"
}

# redis_url USER: REDIS_URL as a program's own user has it; of somebody else's Redis as it is.
redis_url() {
    if ours REDIS_URL; then
        echo "${REDIS_URL/:\/\//://voiceagent-$1:$(kept_password "redis-$1")@}"
    else
        echo "$REDIS_URL"
    fi
}

define_settings() {
    local host=127.0.0.1 base
    read_old_settings
    keep VA_PORT_BASE echo 18000
    base=$VA_PORT_BASE
    [[ $base =~ ^[0-9]+$ ]] && ((base >= 1024 && base <= 65000)) || die "VA_PORT_BASE must be 1024 to 65000, not $base"
    VA_RUN_DIR=$RUN
    VA_ROOT=$ROOT
    VA_CA_FILE=$RUN/tls/ca.pem
    address VA_URL "https://$host:$base"
    address VA_HTTP_URL "http://$host:$((base + 1))"
    address VA_PUBLIC_URL "$VA_URL"
    VA_PUBLIC_URL=${VA_PUBLIC_URL%/}
    VA_TLS_PORT=$(port_of "$VA_URL" 443)
    VA_HTTP_PORT=$(port_of "$VA_HTTP_URL" 80)
    VA_POSTGRES_PORT=$((base + 2))
    VA_REDIS_PORT=$((base + 3))
    names+=(VA_CA_FILE)

    address REDIS_URL "redis://$host:$VA_REDIS_PORT/0"
    address DATABASE_URL "postgresql://voiceagent:$(kept_password owner)@$host:$VA_POSTGRES_PORT/voiceagent"
    address APP_DATABASE_URL "$(app_database_url)"

    keep JWT_SECRET hex 32
    keep VA_INTERNAL_SECRET hex 32
    keep ENCRYPTION_KEY base64_key k1:
    keep TWILIO_ACCOUNT_SID prefixed AC 16
    keep TWILIO_AUTH_TOKEN hex 16
    keep ELEVENLABS_API_KEY prefixed sk_ 24
    keep ELEVENLABS_WEBHOOK_SECRET prefixed wsec_ 32
    keep ELEVENLABS_CONVERSATION_EVENTS_WEBHOOK_SECRET echo "$ELEVENLABS_WEBHOOK_SECRET"
    keep ELEVENLABS_POST_CALL_WEBHOOK_SECRET echo "$ELEVENLABS_WEBHOOK_SECRET"
    keep ELEVENLABS_AGENT_ID echo agent_downtown
    keep ELEVENLABS_PHONE_NUMBER_ID echo phnum_downtown
    keep TOOLS_SECRET hex 24
    keep TOOLS_SECRET_DOWNTOWN hex 24
    keep TOOLS_SECRET_UPTOWN hex 24
    keep OPENAI_API_KEY prefixed sk- 24
    keep OPENAI_WEBHOOK_SECRET base64_key whsec_
    keep OPENAI_REALTIME_MODEL echo gpt-realtime
    keep OPENAI_EMBEDDING_MODEL echo text-embedding-3-small
    keep DEEPGRAM_API_KEY hex 20
    keep SHOPIFY_WEBHOOK_SECRET hex 16
    keep SHOPIFY_ACCESS_TOKEN prefixed shpat_ 16
    keep GOOGLE_CHANNEL_TOKEN hex 24
    keep GOOGLE_CLIENT_ID prefixed 1032- 8
    keep GOOGLE_CLIENT_SECRET prefixed GOCSPX- 14
    keep HUBSPOT_ACCESS_TOKEN prefixed pat-na1- 16
    keep HUBSPOT_CLIENT_SECRET hex 16
    keep LIVEKIT_API_KEY prefixed API 6
    keep LIVEKIT_API_SECRET hex 24
    keep LIVEKIT_AGENT echo phone-agent
    keep LIVEKIT_SIP_USERNAME echo voiceagent
    keep LIVEKIT_SIP_PASSWORD hex 12
    keep METRICS_TOKEN hex 24
    keep SKIP_ELEVENLABS_PROVISIONING echo false
    keep SKIP_TWILIO_PROVISIONING echo false
    keep VA_SIGNUP_NUMBERS_A_DAY echo 10000

    address TWILIO_BASE_URL "http://$host:$((base + 10))"
    address ELEVENLABS_BASE_URL "http://$host:$((base + 11))"
    address OPENAI_BASE_URL "http://$host:$((base + 12))/v1"
    address OPENAI_REALTIME_URL "ws://$host:$((base + 12))/v1/realtime"
    address DEEPGRAM_BASE_URL "http://$host:$((base + 13))"
    address SHOPIFY_BASE_URL "http://$host:$((base + 14))"
    address GOOGLE_BASE_URL "http://$host:$((base + 15))"
    address HUBSPOT_BASE_URL "http://$host:$((base + 16))"
    address LIVEKIT_URL "ws://$host:$((base + 17))"
    address LIVEKIT_SIP "$(ours LIVEKIT_URL && echo "$host:$((base + 17))")" # the simulated one's, or none
    address SMTP_URL "smtp://$host:$((base + 18))"
    address SMTP_SIM_URL "http://$host:$((base + 19))" # where the simulated one tells what it got

    # What the simulated companies would ask: nobody's real prices, so that calls have a cost.
    keep VA_PRICE_TELEPHONY_IN echo 0.01
    keep VA_PRICE_TELEPHONY_OUT echo 0.02
    keep VA_PRICE_ENGINE_RECEPTIONIST echo 0
    keep VA_PRICE_ENGINE_GATHER echo 0.02
    keep VA_PRICE_ENGINE_REALTIME echo 0.1
    keep VA_PRICE_ENGINE_PIPELINE echo 0.05
    keep VA_PRICE_ENGINE_ELEVENLABS echo 0.1
    keep VA_PRICE_ENGINE_LIVEKIT echo 0.05
    keep VA_PRICE_SMS_SEGMENT echo 0.01
    keep VA_PRICE_TOKENS_IN echo 0.5
    keep VA_PRICE_TOKENS_OUT echo 2

    keep VA_ENGINE echo receptionist
    keep VA_SITE_ADDRESSES echo 127.0.0.2 # where tests have a web site
    keep VA_WORKERS echo 0
    keep VA_NGINX_WORKERS echo auto
    VA_NGINX_USER=$(nginx_user)
    VA_MODULE=$ROOT/build/ngx_voiceagent_module.so
    VA_WORKER_PROGRAM=${STACK_WORKER:-$ROOT/build/voiceagent-worker} # not kept: for one start
    VA_SQL_DIR=$ROOT/sql
    VA_MESSAGES_DIR=$ROOT/conf/messages
    VA_TEMPLATES_DIR=$ROOT/conf/agents
    keep VA_VOICE_PROCESSES echo 1
    VA_VOICE_LISTEN=$RUN/voice
    names+=(VA_RUN_DIR VA_ROOT VA_TLS_PORT VA_HTTP_PORT VA_POSTGRES_PORT VA_REDIS_PORT VA_NGINX_USER
        VA_MODULE VA_WORKER_PROGRAM VA_SQL_DIR VA_MESSAGES_DIR VA_TEMPLATES_DIR VA_VOICE_LISTEN)
}

# The workers' login; behind a database of somebody else's its password is ours to give.
app_database_url() {
    local rest=${DATABASE_URL#*@}
    [[ $rest != "$DATABASE_URL" ]] || rest=${DATABASE_URL#*//}
    echo "postgresql://va_app:$(kept_password app)@$rest"
}

# nginx' workers drop root where they can still reach what they serve.
nginx_user() {
    if ((EUID == 0)) && setpriv --reuid=www-data --regid=www-data --clear-groups test -x "$ROOT" -a -x "$RUN"; then
        echo www-data
    else
        id -un
    fi
}

# What no file of settings or keys, and no header, could carry.
check_settings() {
    local name
    for name in "${names[@]}"; do
        [[ ${!name} != *[[:cntrl:]]* ]] || die "$name must be one line, without control characters"
        [[ ${!name} != [[:blank:]]* && ${!name} != *[[:blank:]] ]] || die "$name must not begin or end with a blank"
    done
    for name in TWILIO_ACCOUNT_SID LIVEKIT_API_KEY; do # each stands before a secret
        [[ ${!name} =~ ^[A-Za-z0-9][^[:blank:]]*$ ]] || die "$name must be without blanks, and begin with a letter or digit"
    done
}

write_settings() {
    local name
    check_settings
    (
        umask 077
        for name in "${names[@]}"; do
            if [[ ${!name} =~ ^[A-Za-z0-9_.,:/@%+=?~-]*$ ]]; then
                printf '%s=%s\n' "$name" "${!name}"
            else
                printf "%s='%s'\n" "$name" "${!name//\'/\'\\\'\'}"
            fi
        done >"$RUN/env.new"
    )
    mv "$RUN/env.new" "$RUN/env"
    echo "${!preset[@]}" >"$RUN/state/preset"
    export "${names[@]}"
}

# key_file NAME LINE…: what the nginx module reads secrets from; renamed into place, so
# that a reader sees the old one or the new one.
key_file() {
    local file=$RUN/keys/$1
    shift
    (umask 077 && printf '%s\n' "$@" >"$file.new")
    ((EUID != 0)) || chown "$VA_NGINX_USER:" "$file.new"
    mv "$file.new" "$file"
}

# A secret of no id, which may hold blanks.
alone() { echo "- $1"; }

write_keys() {
    mkdir -p "$RUN/keys"
    key_file twilio "$TWILIO_ACCOUNT_SID $TWILIO_AUTH_TOKEN"
    key_file elevenlabs-events "$(alone "$ELEVENLABS_CONVERSATION_EVENTS_WEBHOOK_SECRET")"
    key_file elevenlabs-post-call "$(alone "$ELEVENLABS_POST_CALL_WEBHOOK_SECRET")"
    key_file tools "$(alone "$TOOLS_SECRET")" "bici-downtown $TOOLS_SECRET_DOWNTOWN" "bici-uptown $TOOLS_SECRET_UPTOWN"
    key_file jwt "$(alone "$JWT_SECRET")"
    key_file internal "$(alone "$VA_INTERNAL_SECRET")"
    key_file shopify "$(alone "$SHOPIFY_WEBHOOK_SECRET")"
    key_file openai "$(alone "$OPENAI_WEBHOOK_SECRET")"
    key_file google "$(alone "$GOOGLE_CHANNEL_TOKEN")"
    key_file hubspot "$(alone "$HUBSPOT_CLIENT_SECRET")"
    key_file livekit "$LIVEKIT_API_KEY $LIVEKIT_API_SECRET"
    key_file metrics "$(alone "$METRICS_TOKEN")"
}

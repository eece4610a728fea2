# Sourced by up.sh: the simulated providers.

# name, the variables that lead to it: with all of them preset it is not started
SIMULATORS=(
    "twilio TWILIO_BASE_URL"
    "elevenlabs ELEVENLABS_BASE_URL"
    "openai OPENAI_BASE_URL OPENAI_REALTIME_URL"
    "deepgram DEEPGRAM_BASE_URL"
    "shopify SHOPIFY_BASE_URL"
    "google GOOGLE_BASE_URL"
    "hubspot HUBSPOT_BASE_URL"
    "livekit LIVEKIT_URL"
    "smtp SMTP_URL"
)

start_simulators() {
    local entry name variable
    for entry in "${SIMULATORS[@]}"; do
        set -- $entry
        name=$1
        shift
        [[ -f $ROOT/t/sim/$name.mjs ]] || continue # not simulated yet
        for variable in "$@"; do
            if ours "$variable"; then
                start_simulator "$name" "$1" "${!variable}"
                continue 2
            fi
        done
        elsewhere "sim-$name" "${!1}"
    done
}

# start_simulator NAME VARIABLE URL: it listens where the variable says.
start_simulator() {
    local port files
    port=$(port_of "$3" 80)
    mapfile -t files < <(find "$ROOT"/t/sim/*.mjs "$ROOT/t/sim/lib" "$ROOT/t/sim/$1" -type f 2>/dev/null | sort)
    if ! unchanged "sim-$1" "${files[@]}"; then
        port_is_free "$port" "the simulated $1"
        spawn "sim-$1" env "$2=$3" node "$ROOT/t/sim/$1.mjs"
        remember "sim-$1"
    fi
    await 30 "the simulated $1 listens" "sim-$1" listens "$port"
}
listens() { [[ -n $(ss -Hltn "sport = :$1") ]]; }

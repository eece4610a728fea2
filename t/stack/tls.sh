# Sourced by up.sh: a private certificate authority, and a server certificate for this
# machine's names and the public one.

# subjectAltName of a list of names and addresses.
alt_names() {
    local host
    for host in "$@"; do
        if [[ $host =~ ^[0-9.]+$|: ]]; then echo "IP:$host"; else echo "DNS:$host"; fi
    done | sort -u | paste -sd,
}

make_certificates() {
    local tls=$RUN/tls host names
    host=$(host_of "$VA_PUBLIC_URL")
    names=$(alt_names localhost 127.0.0.1 "$host" "$(host_of "$VA_URL")")
    mkdir -p "$tls"
    if [[ -f $tls/server.pem && $(cat "$tls/names" 2>/dev/null) == "$names" ]] &&
        openssl x509 -checkend 2592000 -noout -in "$tls/server.pem" >/dev/null; then
        return
    fi
    say "making the certificate of $names"
    (
        umask 077
        [[ -f $tls/ca.key ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
            -days 3650 -subj "/CN=voiceagent local authority" -keyout "$tls/ca.key" -out "$tls/ca.pem" \
            -addext "basicConstraints=critical,CA:true" -addext "keyUsage=critical,keyCertSign,cRLSign"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$host" \
            -keyout "$tls/server.key" -out "$tls/server.csr"
        openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial \
            -days 365 -out "$tls/server.pem" -extfile /dev/stdin <<END
subjectAltName=$names
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
END
        rm "$tls/server.csr"
    ) 2>"$RUN/log/tls.log" || { show_log tls; die "the certificate could not be made"; }
    chmod 644 "$tls/ca.pem" "$tls/server.pem"
    echo "$names" >"$tls/names"
}

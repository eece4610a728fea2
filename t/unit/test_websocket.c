/* WebSockets that are dialled, without TLS and with it: to whom they lead, and that nothing
 * that was sent is lost unseen. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/base64.h"
#include "worker/voice/tls.h"

#include "t/unit/websocket.h"

#define LONGEST_MS 20000 /* of a test */
#define MESSAGES   100
#define SMALL      100 /* bytes of a message: its length is one byte of the frame */
#define FRAME      (2 + 4 + SMALL)
#define PING       0x89

/* ---------------------------------------------------------------- the server */

typedef struct {
    SSL *ssl; /* NULL: none */
    int fd;
} peer_t;

static int listener;
static SSL_CTX *server_tls;
static bool renegotiates;
static atomic_int taken; /* messages, in their order */
static atomic_bool gap;  /* between them */
static atomic_int pings; /* that came */
static int pongs;        /* to so many of them */
static char ca_path[] = "/tmp/voiceagent-websocket-XXXXXX";

static bool take(const peer_t *p, void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        int n = p->ssl != NULL ? SSL_read(p->ssl, (char *)data + done, (int)(len - done))
                               : (int)recv(p->fd, (char *)data + done, len - done, 0);
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

static bool give(const peer_t *p, const void *data, int len)
{
    return len == (p->ssl != NULL ? SSL_write(p->ssl, data, len)
                                  : (int)send(p->fd, data, (size_t)len, MSG_NOSIGNAL));
}

static bool take_head(const peer_t *p, char *head, size_t room)
{
    for (size_t n = 0; n < room - 1; n++) {
        if (!take(p, head + n, 1)) {
            return false;
        }
        head[n + 1] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

/* RFC 6455, 4.2.2 */
static bool agree(const peer_t *p)
{
    char head[4096], key[64], both[128], accept[64], answer[256];
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!take_head(p, head, sizeof(head)) ||
        sscanf(strstr(head, "Sec-WebSocket-Key: "), "Sec-WebSocket-Key: %24s", key) != 1) {
        return false;
    }
    int len = snprintf(both, sizeof(both), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    EVP_Digest(both, (size_t)len, digest, NULL, EVP_sha1(), NULL);
    accept[va_base64_encode(accept, digest, 20)] = '\0';
    len = snprintf(answer, sizeof(answer),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
    return give(p, answer, len);
}

/* The next masked frame that is no ping; those have no bytes of their own. */
static bool take_frame(const peer_t *p, unsigned char frame[FRAME])
{
    static const unsigned char pong[] = {0x8a, 0};
    do {
        if (!take(p, frame, FRAME - SMALL)) {
            return false;
        }
        bool answers = frame[0] == PING && atomic_fetch_add(&pings, 1) < pongs;
        if (answers && !give(p, pong, sizeof(pong))) {
            return false;
        }
    } while (frame[0] == PING && frame[1] == 0x80);
    return frame[1] == (0x80 | SMALL) && take(p, frame + FRAME - SMALL, SMALL);
}

/* Of SMALL bytes, which begin with the number that is expected. */
static bool take_message(const peer_t *p, int expected)
{
    unsigned char frame[FRAME];
    char text[8] = "";
    if (!take_frame(p, frame)) {
        return false;
    }
    for (size_t i = 0; i < 7; i++) {
        text[i] = (char)(frame[6 + i] ^ frame[2 + i % 4]);
    }
    atomic_store(&gap, strtol(text, NULL, 10) != expected);
    return !atomic_load(&gap);
}

static void serve(const peer_t *p)
{
    if (!agree(p)) {
        return;
    }
    for (int n = 0; take_message(p, n); n++) {
        atomic_store(&taken, n + 1);
        if (renegotiates && n == 3) {
            SSL_renegotiate(p->ssl);
            SSL_do_handshake(p->ssl); /* asks for it; reading does it, */
            usleep(100000);           /* as over a long line */
        }
    }
}

static void *run_server(void *unused)
{
    (void)unused;
    peer_t p = {.fd = accept(listener, NULL, NULL)};
    p.ssl = server_tls != NULL ? SSL_new(server_tls) : NULL;
    if (p.ssl == NULL || (SSL_set_fd(p.ssl, p.fd) == 1 && SSL_accept(p.ssl) == 1)) {
        serve(&p);
    }
    SSL_free(p.ssl);
    close(p.fd);
    return NULL;
}

/* Its port. */
static int listen_on(int family)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {.any.sa_family = (sa_family_t)family};
    socklen_t len = family == AF_INET ? sizeof(at.v4) : sizeof(at.v6);
    if (family == AF_INET) {
        at.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        at.v6.sin6_addr = in6addr_loopback;
    }
    listener = socket(family, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, &at.any, len) != 0) {
        return 0;
    }
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, &at.any, &len), 0);
    return ntohs(family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
}

/* A certificate for the address, which the client is told to trust. */
static void make_server_tls(const char *address)
{
    char names[64];
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *cert = X509_new();
    FILE *f = fopen(ca_path, "we");
    snprintf(names, sizeof(names), "IP:%s", address);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"engine", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(cert, alt, -1);
    X509_EXTENSION_free(alt);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_X509(f, cert) == 1);
    fclose(f);
    server_tls = SSL_CTX_new(TLS_server_method());
    assert_true(SSL_CTX_use_certificate(server_tls, cert) == 1 &&
                SSL_CTX_use_PrivateKey(server_tls, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* ---------------------------------------------------------------- the client */

static uv_loop_t loop;
static uv_timer_t ticks;
static SSL_CTX *client_tls;
static pthread_t server;
static uint64_t begun_ms;
static int sent; /* messages */

static void on_tick(uv_timer_t *timer)
{
    char text[SMALL + 1];
    (void)timer;
    if (seen.open && seen.why[0] == '\0' && sent < MESSAGES) {
        snprintf(text, sizeof(text), "%-*d", SMALL, sent++);
        wk_ws_send(ws, va_str(text, SMALL));
    }
}

static void dial(const char *scheme, const char *host, int port)
{
    char url[80];
    wk_error_t e;
    snprintf(url, sizeof(url), "%s://%s:%d/x?y=z", scheme, host, port);
    if (server_tls != NULL) {
        client_tls = wk_tls_context(ca_path, &e);
        assert_non_null(client_tls);
    }
    assert_int_equal(pthread_create(&server, NULL, run_server, NULL), 0);
    ws = wk_ws_dial(&loop, &(wk_ws_dial_t){.url = url, .tls = client_tls, .max = 65536},
                    &ws_events, NULL, &e);
    assert_non_null(ws);
    begun_ms = uv_now(&loop);
}

/* Until all were taken, or it says that they were not. */
static void send_all(void)
{
    while (atomic_load(&taken) < MESSAGES && seen.why[0] == '\0' &&
           uv_now(&loop) - begun_ms < LONGEST_MS) {
        uv_run(&loop, UV_RUN_ONCE);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    sent = 0;
    atomic_store(&taken, 0);
    atomic_store(&gap, false);
    atomic_store(&pings, 0);
    renegotiates = false;
    pongs = 0;
    return uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &ticks) == 0 &&
                   uv_timer_start(&ticks, on_tick, 1, 1) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (ws != NULL) {
        wk_ws_close(ws, WK_WS_NORMAL);
        shutdown(listener, SHUT_RDWR); /* ends a server that nobody came to */
    }
    uv_close((uv_handle_t *)&ticks, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (ws != NULL) {
        pthread_join(server, NULL);
    }
    ws = NULL;
    close(listener);
    SSL_CTX_free(client_tls);
    SSL_CTX_free(server_tls);
    client_tls = server_tls = NULL;
    return uv_loop_close(&loop);
}

static void run_until_pings(int n)
{
    while (atomic_load(&pings) < n && seen.why[0] == '\0' &&
           uv_now(&loop) - begun_ms < LONGEST_MS) {
        uv_run(&loop, UV_RUN_ONCE);
    }
}

/* ---------------------------------------------------------------- the tests */

static void what_is_sent_arrives(void **state)
{
    (void)state;
    dial("ws", "127.0.0.1", listen_on(AF_INET));
    send_all();
    assert_string_equal(seen.why, "");
    assert_int_equal(atomic_load(&taken), MESSAGES);
}

static void what_is_sent_with_tls_arrives(void **state)
{
    (void)state;
    make_server_tls("127.0.0.1");
    dial("wss", "127.0.0.1", listen_on(AF_INET));
    send_all();
    assert_string_equal(seen.why, "");
    assert_int_equal(atomic_load(&taken), MESSAGES);
}

/* In brackets it is no name, and no address either. */
static void an_address_of_ipv6_is_found(void **state)
{
    (void)state;
    int port = listen_on(AF_INET6);
    if (port == 0) {
        skip(); /* this machine has none */
    }
    make_server_tls("::1");
    dial("wss", "[::1]", port);
    send_all();
    assert_string_equal(seen.why, "");
    assert_int_equal(atomic_load(&taken), MESSAGES);
}

/* While keys are agreed upon anew nothing can be sent: it is done without, or not gone on. */
static void nothing_is_lost_when_the_peer_wants_new_keys(void **state)
{
    (void)state;
    make_server_tls("127.0.0.1");
    SSL_CTX_set_max_proto_version(server_tls, TLS1_2_VERSION);
    renegotiates = true;
    dial("wss", "127.0.0.1", listen_on(AF_INET));
    send_all();
    assert_false(atomic_load(&gap));
    assert_true(atomic_load(&taken) == MESSAGES || seen.why[0] != '\0');
}

static void a_peer_that_answered_pings_and_falls_silent_is_gone(void **state)
{
    (void)state;
    pongs = 1;
    dial("ws", "127.0.0.1", listen_on(AF_INET));
    run_until_pings(MESSAGES);
    assert_string_equal(seen.why, "the peer has fallen silent");
    assert_int_equal(atomic_load(&taken), MESSAGES);
}

/* It may not know them, and have nothing to say. */
static void a_peer_that_never_answers_pings_is_kept(void **state)
{
    (void)state;
    dial("ws", "127.0.0.1", listen_on(AF_INET));
    run_until_pings(7);
    assert_string_equal(seen.why, "");
    assert_int_equal(atomic_load(&pings), 7);
}

static void a_peer_that_answers_pings_is_kept(void **state)
{
    (void)state;
    pongs = MESSAGES;
    dial("ws", "127.0.0.1", listen_on(AF_INET));
    run_until_pings(5);
    assert_string_equal(seen.why, "");
    assert_int_equal(atomic_load(&pings), 5);
}

#define WS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WS(what_is_sent_arrives),
        WS(what_is_sent_with_tls_arrives),
        WS(an_address_of_ipv6_is_found),
        WS(nothing_is_lost_when_the_peer_wants_new_keys),
        WS(a_peer_that_answered_pings_and_falls_silent_is_gone),
        WS(a_peer_that_never_answers_pings_is_kept),
        WS(a_peer_that_answers_pings_is_kept),
    };
    signal(SIGPIPE, SIG_IGN);
    close(mkstemp(ca_path));
    int failed = RUN("websocket", tests);
    unlink(ca_path);
    return failed;
}

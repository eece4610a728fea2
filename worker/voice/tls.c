#include "worker/voice/tls.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

struct wk_tls {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
};

static void openssl_words(char *text, size_t room)
{
    unsigned long error = ERR_get_error();
    if (error != 0) {
        ERR_error_string_n(error, text, room);
    } else {
        snprintf(text, room, "TLS failed");
    }
    ERR_clear_error();
}

SSL_CTX *wk_tls_context(const char *ca_file, wk_error_t *e)
{
    static const unsigned char http[] = "\x08http/1.1";
    char why[200];
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (c != NULL && SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_default_verify_paths(c) == 1 &&
        (ca_file == NULL || SSL_CTX_load_verify_locations(c, ca_file, NULL) == 1) &&
        SSL_CTX_set_alpn_protos(c, http, sizeof(http) - 1) == 0) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
        /* Meanwhile nothing could be written, and what is written is not kept. */
        SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
        return c;
    }
    openssl_words(why, sizeof(why));
    wk_error(e, WK_INTERNAL, "%s: %s", ca_file != NULL ? ca_file : "TLS", why);
    SSL_CTX_free(c);
    return NULL;
}

/* The certificate must be the host's, by its name or by its address. */
static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
        return true;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

wk_tls_t *wk_tls_new(SSL_CTX *context, const char *host)
{
    wk_tls_t *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        abort();
    }
    t->ssl = SSL_new(context);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (t->ssl == NULL || t->in == NULL || t->out == NULL || !expect_host(t->ssl, host)) {
        BIO_free(t->in);
        BIO_free(t->out);
        SSL_free(t->ssl);
        free(t);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_connect_state(t->ssl);
    ERR_clear_error();
    return t;
}

void wk_tls_free(wk_tls_t *t)
{
    if (t != NULL) {
        SSL_free(t->ssl);
        free(t);
    }
}

static wk_tls_result_t result(const wk_tls_t *t, int rc)
{
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: /* never: a memory BIO always takes */
        return WK_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return WK_TLS_ENDED;
    default:
        return WK_TLS_FAILED;
    }
}

void wk_tls_feed(wk_tls_t *t, const char *data, size_t len)
{
    /* Only without memory does it take less, and then the stream is broken for good. */
    if (len > INT_MAX || BIO_write(t->in, data, (int)len) != (int)len) {
        abort();
    }
}

wk_tls_result_t wk_tls_handshake(wk_tls_t *t)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(t->ssl);
    return rc == 1 ? WK_TLS_OK : result(t, rc);
}

wk_tls_result_t wk_tls_read(wk_tls_t *t, char *data, size_t room, size_t *len)
{
    ERR_clear_error();
    int rc = SSL_read_ex(t->ssl, data, room, len);
    return rc == 1 ? WK_TLS_OK : result(t, rc);
}

bool wk_tls_write(wk_tls_t *t, const char *data, size_t len)
{
    size_t written;
    ERR_clear_error();
    return len == 0 || (SSL_write_ex(t->ssl, data, len, &written) == 1 && written == len);
}

size_t wk_tls_drain(wk_tls_t *t, char *data, size_t room)
{
    int n = BIO_read(t->out, data, room < INT_MAX ? (int)room : INT_MAX);
    return n > 0 ? (size_t)n : 0;
}

void wk_tls_reason(const wk_tls_t *t, char *text, size_t room)
{
    long verdict = SSL_get_verify_result(t->ssl);
    if (verdict != X509_V_OK) {
        snprintf(text, room, "certificate: %s", X509_verify_cert_error_string(verdict));
        ERR_clear_error();
    } else {
        openssl_words(text, room);
    }
}

/*
 * The client's side of TLS between memory and memory (OpenSSL's memory BIOs): what came from
 * the peer goes in, what is for the peer comes out, and whoever owns the socket moves both. The
 * peer's certificate must be valid for its name.
 */
#ifndef WK_VOICE_TLS_H
#define WK_VOICE_TLS_H

#include <openssl/ssl.h>

#include "core/base.h"
#include "worker/error.h"

typedef struct wk_tls wk_tls_t;

/* ca_file: authorities beside the system's, or NULL. Freed by SSL_CTX_free(). */
SSL_CTX *wk_tls_context(const char *ca_file, wk_error_t *e);

/* host: a name or a numeric address. NULL: OpenSSL refuses. */
wk_tls_t *wk_tls_new(SSL_CTX *context, const char *host);
void wk_tls_free(wk_tls_t *t);

typedef enum { WK_TLS_OK, WK_TLS_MORE, WK_TLS_ENDED, WK_TLS_FAILED } wk_tls_result_t;

/* Takes what the peer sent. */
void wk_tls_feed(wk_tls_t *t, const char *data, size_t len);

/* Until WK_TLS_OK; MORE: the peer has to send something first. */
wk_tls_result_t wk_tls_handshake(wk_tls_t *t);

/* The next plain bytes: OK with *len of them, MORE, ENDED (the peer is done), FAILED. */
wk_tls_result_t wk_tls_read(wk_tls_t *t, char *data, size_t room, size_t *len);

/* After the handshake. False: nothing more can be sent. */
bool wk_tls_write(wk_tls_t *t, const char *data, size_t len);

/* What is to be sent to the peer: how many bytes, at most room. */
size_t wk_tls_drain(wk_tls_t *t, char *data, size_t room);

/* Why the last step failed: a certificate, or OpenSSL's own words. */
void wk_tls_reason(const wk_tls_t *t, char *text, size_t room);

#endif

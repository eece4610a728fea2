/*
 * Who writes in the chat of a shop's web site, as far as anybody can know: the shop's key and
 * the page's origin let the request in, the session's id names the talk. Nothing of it says who
 * the person is.
 */
#ifndef WK_HANDLERS_CHAT_SESSION_H
#define WK_HANDLERS_CHAT_SESSION_H

#include "worker/agent/catalogue.h"
#include "worker/context.h"

typedef struct {
    va_str_t business; /* id or slug */
    va_str_t key_sha256;
    va_str_t source;  /* where it is written from */
    va_str_t origin;  /* of the page; absent: no browser asks */
    va_str_t token;   /* the session's id, as the client has it; absent: it begins one */
    va_str_t message; /* the client's name for this message, or the job's */
    va_str_t text;    /* absent: it only asks what people have written (listens) */
    bool listens;
    int64_t after;       /* the last number it has of what people wrote; -1: it does not say */
    va_str_t connection; /* the WebSocket it is written over; absent: it is posted */
    va_str_t name, email, phone; /* as given; each may be absent */
} wk_chat_request_t;

/*
 * Card numbers in the visitor's name are masked; his text is the caller's to mask. A request
 * with a session and no message listens.
 */
bool wk_chat_read(wk_ctx_t *ctx, const wk_catalogue_t *c, wk_chat_request_t *request,
                  wk_error_t *e);

/* Of a body: business, key_sha256; and the page's origin. */
bool wk_chat_read_shop(wk_ctx_t *ctx, const va_json_t *body, wk_chat_request_t *request,
                       wk_error_t *e);

/* Of a WebSocket's address: business, key_sha256, origin; 401 if they are not there. */
bool wk_chat_read_address(wk_ctx_t *ctx, wk_chat_request_t *request, wk_error_t *e);

typedef struct {
    bool let_in; /* the origin is one of the shop's: its pages may read the answer */
    va_str_t token, token_sha256;
    va_str_t id, lead;
    va_str_t name, phone; /* told so far; each may be absent */
    va_str_t language;    /* the talk's; absent: none yet */
    const va_json_t *state;
    va_str_t sender; /* the number the shop writes from, or absent */
    bool begun;      /* by this request */
} wk_chat_session_t;

/*
 * Runs fn in a transaction of the business that is named. *organization absent: there is none,
 * and the answer is wk_chat_refuse_key(), as to a wrong key.
 */
bool wk_chat_tx(wk_ctx_t *ctx, const wk_chat_request_t *request, int64_t deadline_ms,
                wk_tx_fn fn, void *arg, va_str_t *organization, wk_error_t *e);

bool wk_chat_refuse_key(wk_error_t *e);

/*
 * In a transaction of the shop: refuses who has no key of it or comes from a foreign page. Sets
 * let_in and sender.
 */
bool wk_chat_let_in(wk_tx_t *tx, const wk_chat_request_t *request, wk_chat_session_t *session,
                    wk_error_t *e);

/*
 * Likewise lets in, and finds the session, or begins it. Its row is locked, and so is its lead:
 * that of the number that was given, else one of its own. let_in is set with a refusal too.
 * Of a request that listens nothing is written down.
 */
bool wk_chat_session(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *request,
                     wk_chat_session_t *session, wk_error_t *e);

#endif

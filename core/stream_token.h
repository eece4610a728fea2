/*
 * Tokens of a live call: what the addresses we hand to a carrier carry, so that whoever comes
 * back with one needs no look-up to know which call and which shop it is of.
 *
 *   base64url(purpose ' ' call ' ' organization ' ' epoch ' ' expires ' ' nonce) '.'
 *   base64url(HMAC-SHA256 of what stands before the dot)
 *
 * A token opens what its purpose says and nothing else. It may be seen by whoever sees the
 * address, and is not secret from him: it proves that we wrote it.
 */
#ifndef VA_STREAM_TOKEN_H
#define VA_STREAM_TOKEN_H

#include "buf.h"
#include "signature.h"

#define VA_STREAM_TOKEN_MAX   512 /* bytes of one; what is longer is refused unread */
#define VA_STREAM_TOKEN_NONCE 16  /* hexadecimal digits */

typedef enum {
    VA_TOKEN_STREAM = 's',    /* /api/voice/stream/<token>: one media stream may be opened */
    VA_TOKEN_CALL = 'c',      /* ?c=<token> of every address a call is sent on to */
    VA_TOKEN_ADMISSION = 'a', /* X-VA-Admission: nginx sends a stream to a voice process */
} va_token_purpose_t;

typedef struct {
    va_token_purpose_t purpose;
    va_str_t call;         /* the carrier's id: letters, digits, '_', '-' */
    va_str_t organization; /* UUID; the same characters */
    int64_t epoch;         /* of the call when it was minted */
    int64_t expires;       /* Unix time, seconds */
    va_str_t nonce;        /* VA_STREAM_TOKEN_NONCE digits, for what may be used once */
} va_stream_token_t;

/*
 * Appends a token signed with the secret. VA_ESYNTAX: a member is empty or has other characters
 * than above. Only letters, digits, '-', '_' and '.' are written, so it needs no escaping.
 */
va_status_t va_stream_token_mint(va_buf_t *out, const va_secret_t *secret,
                                 const va_stream_token_t *token);

/*
 * Any one of n secrets may have signed it. The members of *token live in mem and are set only
 * with VA_VERDICT_OK. VA_VERDICT_STALE: it was ours, and has expired. VA_VERDICT_MISMATCH also
 * for a token of another purpose.
 */
va_verdict_t va_stream_token_verify(const va_alloc_t *mem, const va_secret_t *secrets, size_t n,
                                    va_token_purpose_t purpose, va_str_t text, int64_t now,
                                    va_stream_token_t *token);

#endif

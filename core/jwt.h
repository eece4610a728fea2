/*
 * JSON Web Tokens in compact form (RFC 7519, 7515), verified by the strict
 * rules of RFC 8725, and minted with a shared secret.
 */
#ifndef VA_JWT_H
#define VA_JWT_H

#include "base.h"
#include "json.h"
#include "jwks.h"

#define VA_JWT_MAX_BYTES 8192

typedef struct {
    unsigned algs;     /* VA_JWT_ALG_BITs this place accepts */
    va_str_t issuer;   /* absent: not asked for; otherwise required and exact */
    va_str_t audience; /* likewise; a string, or a member of an array of strings */
    bool require_sub;
    int64_t leeway; /* seconds */
} va_jwt_policy_t;

/* Why a token was refused: stable words for logs and metrics. */
typedef enum {
    VA_JWT_OK = 0,
    VA_JWT_MALFORMED,
    VA_JWT_ALG,
    VA_JWT_CRIT,
    VA_JWT_KEY, /* no key of that id and algorithm; *kid is set */
    VA_JWT_SIGNATURE,
    VA_JWT_EXPIRED,
    VA_JWT_NOT_YET,
    VA_JWT_ISSUER,
    VA_JWT_AUDIENCE,
    VA_JWT_SUBJECT,
    VA_JWT_ERROR,
} va_jwt_verdict_t;

const char *va_jwt_verdict_name(va_jwt_verdict_t v);

typedef struct {
    const va_json_t *claims; /* set on VA_JWT_OK only */
    va_str_t payload;        /* the claims' JSON text, decoded */
    va_str_t kid;
} va_jwt_t;

/*
 * now: seconds since 1970. Everything in *out lives in mem. A token without kid
 * is tried against every secret of the set (they may be in rotation), but
 * against a public key only when it is the one that fits the algorithm.
 */
va_jwt_verdict_t va_jwt_verify(const va_alloc_t *mem, const va_jwks_t *keys,
                               const va_jwt_policy_t *policy, va_str_t token, int64_t now,
                               va_jwt_t *out);

/* Appends a signed token over the claims' JSON text; HS256 only, kid may be absent. */
va_status_t va_jwt_sign(va_buf_t *out, va_str_t kid, va_str_t secret, va_str_t claims);

#endif

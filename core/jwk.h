/* Internal to jwks.c and jwt.c: a key of a va_jwks_t. */
#ifndef VA_JWK_H
#define VA_JWK_H

#include <openssl/evp.h>

#include "jwks.h"

#define VA_JWK_KID_MAX 128
#define VA_JWK_HMACS   3

struct va_jwk {
    char kid[VA_JWK_KID_MAX];
    size_t kid_len;   /* 0: it has none */
    va_jwt_alg_t alg; /* of a public key */
    EVP_PKEY *public;
    /* For VA_HS256, VA_HS384 and VA_HS512; NULL in a public key. */
    va_hmac_key_t *secret[VA_JWK_HMACS];
};

struct va_jwks {
    va_jwk_t keys[VA_JWKS_MAX_KEYS];
    size_t count;
};

static inline bool va_jwt_alg_is_hmac(va_jwt_alg_t alg)
{
    return alg == VA_HS256 || alg == VA_HS384 || alg == VA_HS512;
}

static inline va_str_t va_jwk_kid(const va_jwk_t *key)
{
    return key->kid_len > 0 ? va_str(key->kid, key->kid_len) : VA_STR_NULL;
}

#endif

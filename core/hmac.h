/*
 * Digests, HMAC (RFC 2104) and the constant-time comparison, over OpenSSL's EVP
 * interface. A va_hmac_key_t carries the keyed state, so that a request pays
 * neither for the look-up of an algorithm nor for the key's padding.
 */
#ifndef VA_HMAC_H
#define VA_HMAC_H

#include "base.h"

typedef enum { VA_SHA1, VA_SHA256, VA_SHA384, VA_SHA512, VA_DIGESTS } va_digest_t;

#define VA_DIGEST_MAX 64

size_t va_digest_size(va_digest_t digest);

typedef struct va_hmac_key va_hmac_key_t;
typedef struct va_hmac va_hmac_t;

/*
 * Copies the key. NULL when OpenSSL refuses or memory is out. The owner frees
 * it with va_hmac_key_free(), which wipes it; NULL is allowed there.
 */
va_hmac_key_t *va_hmac_key_new(va_digest_t digest, va_str_t key);
void va_hmac_key_free(va_hmac_key_t *key);

/* A running computation; ended, and freed, by va_hmac_end() or va_hmac_abort(). */
va_hmac_t *va_hmac_begin(const va_hmac_key_t *key);
va_status_t va_hmac_update(va_hmac_t *h, const void *data, size_t len);
va_status_t va_hmac_end(va_hmac_t *h, uint8_t out[VA_DIGEST_MAX], size_t *len);
void va_hmac_abort(va_hmac_t *h);

/* Of all parts in a row. */
va_status_t va_hmac(const va_hmac_key_t *key, const va_str_t *parts, size_t n,
                    uint8_t out[VA_DIGEST_MAX], size_t *len);

va_status_t va_sha256(va_str_t data, uint8_t out[32]);

/* Takes the same time wherever two texts of one length differ; lengths are public. */
bool va_equal_ct(va_str_t a, va_str_t b);

#endif

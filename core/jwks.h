/*
 * The keys JSON Web Tokens are verified with: a JSON Web Key Set (RFC 7517), or
 * shared secrets. Each key has exactly one algorithm; that, and never the
 * token's header, decides how a signature is checked (RFC 8725 section 3.1).
 */
#ifndef VA_JWKS_H
#define VA_JWKS_H

#include "base.h"
#include "hmac.h"

typedef enum {
    VA_HS256,
    VA_HS384,
    VA_HS512,
    VA_RS256,
    VA_PS256,
    VA_ES256,
    VA_EDDSA,
    VA_JWT_ALGS,
} va_jwt_alg_t;

#define VA_JWT_ALG_BIT(alg) (1u << (alg))

/* "HS256" and so on; false when unknown. "Ed25519" (RFC 9864) reads as VA_EDDSA. */
bool va_jwt_alg_parse(va_str_t name, va_jwt_alg_t *alg);
const char *va_jwt_alg_name(va_jwt_alg_t alg);

#define VA_JWKS_MAX_BYTES  65536
#define VA_JWKS_MAX_KEYS   32 /* of a set, and of a document */
#define VA_JWKS_MIN_SECRET 32

typedef struct va_jwk va_jwk_t;

/* Grows by adding; owns its keys; freed, and wiped, by va_jwks_free(). Not from two threads. */
typedef struct va_jwks va_jwks_t;

va_jwks_t *va_jwks_new(void);
void va_jwks_free(va_jwks_t *set);
size_t va_jwks_count(const va_jwks_t *set);

/*
 * The public keys of a JWKS document; keys that are not for signatures, weak
 * (RSA under 2048 bits), of an unknown kind, malformed, or symmetric are skipped,
 * so that VA_OK may have added none. On failure the set is as before. `rsa` says
 * which algorithm an RSA key without "alg" serves.
 */
va_status_t va_jwks_add_document(va_jwks_t *set, va_str_t json, va_jwt_alg_t rsa);

/*
 * A shared secret for HS256, HS384 and HS512. kid may be absent: then it serves
 * tokens of any kid that no key of the set has. VA_ELIMIT: under
 * VA_JWKS_MIN_SECRET bytes, a kid over 128, or the set is full.
 */
va_status_t va_jwks_add_secret(va_jwks_t *set, va_str_t kid, va_str_t secret);

/* A public key in PEM for one asymmetric algorithm; kid as for secrets. VA_ELIMIT: or weak. */
va_status_t va_jwks_add_pem(va_jwks_t *set, va_str_t kid, va_jwt_alg_t alg, va_str_t pem);

/*
 * What an operator puts into a file: a JWKS document, whose RSA keys without "alg" are for
 * RS256, or a public key in PEM, which names no algorithm: it is for each that its kind has.
 */
va_status_t va_jwks_add_file(va_jwks_t *set, va_str_t text);

#endif

/* Keys made for a test, their public halves as JWK and PEM, and tokens signed with them. */
#ifndef TEST_KEYS_H
#define TEST_KEYS_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/base64.h"
#include "core/jwks.h"
#include "t/unit/support.h"

static inline va_str_t base64url(const void *data, size_t len)
{
    char *text = test_alloc(&test_memory, VA_BASE64_LEN(len));

    return va_str(text, va_base64url_encode(text, data, len));
}

__attribute__((format(printf, 1, 2))) static inline va_str_t joined(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    assert_true(len >= 0);

    va_str_t copy = exact(va_str(text, (size_t)len));

    free(text);
    return copy;
}

static inline va_str_t bn_member(EVP_PKEY *key, const char *param, int min_len)
{
    unsigned char bytes[1024];
    BIGNUM *n = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);

    int len = BN_num_bytes(n) > min_len ? BN_num_bytes(n) : min_len;

    assert_int_equal(BN_bn2binpad(n, bytes, len), len);
    BN_free(n);

    return base64url(bytes, (size_t)len);
}

#define S(s) (int)(s).len, (s).data

/* members: more of them, each with a comma before it. */
static inline va_str_t rsa_jwk(EVP_PKEY *key, const char *members)
{
    va_str_t n = bn_member(key, OSSL_PKEY_PARAM_RSA_N, 0);
    va_str_t e = bn_member(key, OSSL_PKEY_PARAM_RSA_E, 0);

    return joined("{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"%s}", S(n), S(e), members);
}

static inline va_str_t ec_jwk(EVP_PKEY *key, const char *members)
{
    va_str_t x = bn_member(key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    va_str_t y = bn_member(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);

    return joined("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}", S(x),
                  S(y), members);
}

static inline va_str_t ed_jwk(EVP_PKEY *key, const char *members)
{
    unsigned char x[32];
    size_t len = sizeof(x);

    assert_int_equal(EVP_PKEY_get_raw_public_key(key, x, &len), 1);

    va_str_t text = base64url(x, len);

    return joined("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.*s\"%s}", S(text), members);
}

static inline va_str_t public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);

    long len = BIO_get_mem_data(bio, &data);
    va_str_t copy = exact(va_str(data, (size_t)len));

    BIO_free(bio);
    return copy;
}

static inline va_str_t raw_es256(va_str_t der)
{
    const unsigned char *p = (const unsigned char *)der.data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    unsigned char raw[64];

    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
    ECDSA_SIG_free(sig);

    return exact(va_str((const char *)raw, 64));
}

/* A token over header and claims as they are given. */
static inline va_str_t sign_token(EVP_PKEY *key, va_jwt_alg_t alg, const char *header,
                                  const char *claims)
{
    va_str_t h = base64url(header, strlen(header));
    va_str_t c = base64url(claims, strlen(claims));
    va_str_t text = joined("%.*s.%.*s", S(h), S(c));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    unsigned char sig[1024];
    size_t len = sizeof(sig);

    assert_int_equal(
        EVP_DigestSignInit(ctx, &pctx, alg == VA_EDDSA ? NULL : EVP_sha256(), NULL, key), 1);
    if (alg == VA_PS256) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text.data, text.len),
                     1);
    EVP_MD_CTX_free(ctx);

    va_str_t raw = va_str((const char *)sig, len);

    if (alg == VA_ES256)
        raw = raw_es256(raw);

    va_str_t s = base64url(raw.data, raw.len);

    return joined("%.*s.%.*s", S(text), S(s));
}

/* The same with a shared secret. */
static inline va_str_t hmac_token(va_digest_t digest, const char *secret, const char *header,
                                  const char *claims)
{
    va_str_t h = base64url(header, strlen(header));
    va_str_t c = base64url(claims, strlen(claims));
    va_str_t text = joined("%.*s.%.*s", S(h), S(c));
    va_hmac_key_t *key = va_hmac_key_new(digest, va_str_c(secret));
    uint8_t mac[VA_DIGEST_MAX];
    size_t len;

    assert_int_equal(va_hmac(key, &text, 1, mac, &len), VA_OK);
    va_hmac_key_free(key);

    va_str_t s = base64url(mac, len);

    return joined("%.*s.%.*s", S(text), S(s));
}

#endif

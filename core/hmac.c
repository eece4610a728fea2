/*
 * A va_hmac_key_t is OpenSSL's MAC context after it took the key and before it
 * saw data; a va_hmac_t is a copy of one. Both types stay incomplete: the
 * pointers are EVP_MAC_CTX pointers under another name.
 */
#include "core/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static const struct {
    const char *name;
    size_t size;
} digests[VA_DIGESTS] = {
    [VA_SHA1] = {"SHA1", 20},
    [VA_SHA256] = {"SHA256", 32},
    [VA_SHA384] = {"SHA384", 48},
    [VA_SHA512] = {"SHA512", 64},
};

size_t va_digest_size(va_digest_t digest)
{
    return digests[digest].size;
}

static EVP_MAC_CTX *new_context(void)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);
    return ctx;
}

va_hmac_key_t *va_hmac_key_new(va_digest_t digest, va_str_t key)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digests[digest].name,
                                         0),
        OSSL_PARAM_construct_end(),
    };
    /* A NULL key would mean "the one before" to OpenSSL. */
    const char *data = key.data != NULL ? key.data : "";
    EVP_MAC_CTX *ctx = new_context();

    if (ctx == NULL || EVP_MAC_init(ctx, (const unsigned char *)data, key.len, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        ERR_clear_error();
        return NULL;
    }

    return (va_hmac_key_t *)ctx;
}

void va_hmac_key_free(va_hmac_key_t *key)
{
    EVP_MAC_CTX_free((EVP_MAC_CTX *)key);
}

va_hmac_t *va_hmac_begin(const va_hmac_key_t *key)
{
    return (va_hmac_t *)EVP_MAC_CTX_dup((const EVP_MAC_CTX *)key);
}

va_status_t va_hmac_update(va_hmac_t *h, const void *data, size_t len)
{
    if (len == 0)
        return VA_OK;

    return EVP_MAC_update((EVP_MAC_CTX *)h, data, len) == 1 ? VA_OK : VA_ECRYPTO;
}

va_status_t va_hmac_end(va_hmac_t *h, uint8_t out[VA_DIGEST_MAX], size_t *len)
{
    int ok = EVP_MAC_final((EVP_MAC_CTX *)h, out, len, VA_DIGEST_MAX);

    va_hmac_abort(h);
    return ok == 1 ? VA_OK : VA_ECRYPTO;
}

void va_hmac_abort(va_hmac_t *h)
{
    EVP_MAC_CTX_free((EVP_MAC_CTX *)h);
}

va_status_t va_hmac(const va_hmac_key_t *key, const va_str_t *parts, size_t n,
                    uint8_t out[VA_DIGEST_MAX], size_t *len)
{
    va_hmac_t *h = va_hmac_begin(key);

    if (h == NULL)
        return VA_ENOMEM;

    for (size_t i = 0; i < n; i++) {
        va_status_t status = va_hmac_update(h, parts[i].data, parts[i].len);

        if (status != VA_OK) {
            va_hmac_abort(h);
            return status;
        }
    }

    return va_hmac_end(h, out, len);
}

va_status_t va_sha256(va_str_t data, uint8_t out[32])
{
    return EVP_Digest(data.data, data.len, out, NULL, EVP_sha256(), NULL) == 1 ? VA_OK
                                                                               : VA_ECRYPTO;
}

bool va_equal_ct(va_str_t a, va_str_t b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

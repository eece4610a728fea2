/*
 * What schemes compute over a body. Where the request has no sums it is read on the spot;
 * where it has, a scheme is run twice: first to ask for its sums, before there is a body,
 * then with their values. Both runs ask in the same order, which is how each finds its own.
 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "core/signature/scheme.h"

struct mac {
    va_hmac_t *running; /* NULL: value is there */
    va_str_t behind;
    uint8_t value[VA_DIGEST_MAX];
};

struct va_sums {
    struct mac *macs;
    size_t n;
    size_t taken; /* of them, by the second run */
    EVP_MD_CTX *sha256;
    uint8_t digest[VA_SHA256_SIZE];
    bool asked;
    bool ended;
};

/* Feeds the whole body to update. */
static va_status_t read_body(const va_body_t *body,
                             va_status_t (*update)(void *ctx, const void *data, size_t len),
                             void *ctx)
{
    va_str_t piece;

    if (body == NULL)
        return VA_OK;

    body->rewind(body->ctx);
    for (;;) {
        va_status_t status = body->next(body->ctx, &piece);

        if (status != VA_OK || piece.len == 0)
            return status;
        status = update(ctx, piece.data, piece.len);
        if (status != VA_OK)
            return status;
    }
}

static EVP_MD_CTX *begin_sha256(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}

static va_status_t update_digest(void *ctx, const void *data, size_t len)
{
    return EVP_DigestUpdate(ctx, data, len) == 1 ? VA_OK : VA_ECRYPTO;
}

va_status_t va_body_sha256(const va_body_t *body, uint8_t out[32])
{
    EVP_MD_CTX *ctx = begin_sha256();

    if (ctx == NULL)
        return VA_ENOMEM;

    va_status_t status = read_body(body, update_digest, ctx);

    if (status == VA_OK && EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        status = VA_ECRYPTO;
    EVP_MD_CTX_free(ctx);

    return status;
}

va_sums_t *va_sums_new(void)
{
    return calloc(1, sizeof(va_sums_t));
}

void va_sums_free(va_sums_t *s)
{
    if (s == NULL)
        return;

    for (size_t i = 0; i < s->n; i++)
        va_hmac_abort(s->macs[i].running);
    free(s->macs);
    EVP_MD_CTX_free(s->sha256);
    free(s);
}

size_t va_sums_count(const va_sums_t *s)
{
    return s != NULL ? s->n + (s->sha256 != NULL) : 0;
}

bool va_sums_asked(const va_sums_t *s)
{
    return s->asked;
}

va_status_t va_sums_ask_sha256(va_sums_t *s)
{
    if (s->sha256 == NULL)
        s->sha256 = begin_sha256();

    return s->sha256 != NULL ? VA_OK : VA_ENOMEM;
}

va_status_t va_sums_update(va_sums_t *s, const void *data, size_t len)
{
    va_status_t status = s->sha256 != NULL ? update_digest(s->sha256, data, len) : VA_OK;

    for (size_t i = 0; i < s->n && status == VA_OK; i++)
        status = va_hmac_update(s->macs[i].running, data, len);

    return status;
}

static va_status_t end_mac(struct mac *m)
{
    va_status_t status = va_hmac_update(m->running, m->behind.data, m->behind.len);
    size_t len;

    if (status != VA_OK)
        return status;
    status = va_hmac_end(m->running, m->value, &len);
    m->running = NULL;

    return status;
}

va_status_t va_sums_end(va_sums_t *s)
{
    va_status_t status = VA_OK;

    if (s->sha256 != NULL && EVP_DigestFinal_ex(s->sha256, s->digest, NULL) != 1)
        status = VA_ECRYPTO;
    for (size_t i = 0; i < s->n && status == VA_OK; i++)
        status = end_mac(&s->macs[i]);
    s->ended = status == VA_OK;

    return status;
}

const uint8_t *va_sums_sha256(const va_sums_t *s)
{
    return s->ended && s->sha256 != NULL ? s->digest : NULL;
}

void va_scheme_sums_again(va_sums_t *s)
{
    s->taken = 0;
}

bool va_scheme_asks(const va_request_t *req)
{
    return req->sums != NULL && !req->sums->ended;
}

va_verdict_t va_scheme_ask_body(const va_request_t *req)
{
    req->sums->asked = true;

    return VA_VERDICT_MISMATCH;
}

static va_hmac_t *begin_mac(const va_hmac_key_t *key, const va_str_t *before, size_t n)
{
    va_hmac_t *h = va_hmac_begin(key);

    for (size_t i = 0; i < n && h != NULL; i++) {
        if (va_hmac_update(h, before[i].data, before[i].len) != VA_OK) {
            va_hmac_abort(h);
            return NULL;
        }
    }

    return h;
}

static va_verdict_t ask_mac(const va_request_t *req, const struct mac *mac)
{
    va_sums_t *s = req->sums;
    struct mac *macs = realloc(s->macs, (s->n + 1) * sizeof(*macs));

    if (macs == NULL) {
        va_hmac_abort(mac->running);
        return VA_VERDICT_ERROR;
    }
    s->macs = macs;
    s->macs[s->n++] = *mac;

    return va_scheme_ask_body(req);
}

static va_verdict_t take_mac(va_sums_t *s, uint8_t value[VA_DIGEST_MAX])
{
    if (s->taken == s->n)
        return VA_VERDICT_ERROR;
    memcpy(value, s->macs[s->taken++].value, VA_DIGEST_MAX);

    return VA_VERDICT_OK;
}

static va_status_t update_hmac(void *ctx, const void *data, size_t len)
{
    return va_hmac_update(ctx, data, len);
}

static va_verdict_t mac_at_once(const va_body_t *body, struct mac *mac,
                                uint8_t value[VA_DIGEST_MAX])
{
    va_status_t status = read_body(body, update_hmac, mac->running);

    if (status == VA_OK)
        status = end_mac(mac);
    va_hmac_abort(mac->running);
    memcpy(value, mac->value, VA_DIGEST_MAX);

    return status == VA_OK ? VA_VERDICT_OK : VA_VERDICT_ERROR;
}

va_verdict_t va_scheme_body_mac(const va_request_t *req, const va_hmac_key_t *key,
                                const va_str_t *before, size_t n_before, va_str_t behind,
                                uint8_t value[VA_DIGEST_MAX])
{
    if (req->sums != NULL && req->sums->ended)
        return take_mac(req->sums, value);

    struct mac mac = {.running = begin_mac(key, before, n_before), .behind = behind};

    if (mac.running == NULL)
        return VA_VERDICT_ERROR;

    return req->sums != NULL ? ask_mac(req, &mac) : mac_at_once(req->body, &mac, value);
}

va_verdict_t va_scheme_body_sha256(const va_request_t *req, uint8_t digest[VA_SHA256_SIZE])
{
    if (req->sums == NULL)
        return va_body_sha256(req->body, digest) == VA_OK ? VA_VERDICT_OK : VA_VERDICT_ERROR;
    if (req->sums->ended) {
        if (req->sums->sha256 == NULL)
            return VA_VERDICT_ERROR;
        memcpy(digest, req->sums->digest, VA_SHA256_SIZE);
        return VA_VERDICT_OK;
    }
    if (va_sums_ask_sha256(req->sums) != VA_OK)
        return VA_VERDICT_ERROR;

    return va_scheme_ask_body(req);
}

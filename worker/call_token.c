#include "worker/call_token.h"

#include <stdlib.h>

#include "core/base64.h"
#include "worker/clock.h"

typedef struct {
    va_secret_t secrets[2];
    size_t n;
} keys_t;

static bool add_key(keys_t *k, const char *text)
{
    if (text == NULL) {
        return true;
    }
    if (va_secret_init(&k->secrets[k->n], VA_STR_NULL, va_str_c(text)) != VA_OK) {
        return false;
    }
    k->n++;
    return true;
}

static void clear_keys(keys_t *k)
{
    for (size_t i = 0; i < k->n; i++) {
        va_secret_clear(&k->secrets[i]);
    }
}

/* The one that signs first; *k is to be cleared when true. */
static bool read_keys(const wk_config_t *config, keys_t *k, wk_error_t *e)
{
    *k = (keys_t){.n = 0};
    if (config->internal_secret != NULL && add_key(k, config->internal_secret) &&
        add_key(k, config->internal_secret_before)) {
        return true;
    }
    clear_keys(k);
    return wk_error(e, WK_INTERNAL, "no key for the tokens of calls");
}

bool wk_call_token_mint(const wk_config_t *config, wk_arena_t *a, va_token_purpose_t purpose,
                        va_str_t call, va_str_t organization, int64_t epoch, int life_s,
                        va_str_t *text, wk_error_t *e)
{
    keys_t k;
    va_buf_t out;
    uint8_t random[VA_STREAM_TOKEN_NONCE / 2];
    char nonce[VA_STREAM_TOKEN_NONCE];
    if (!read_keys(config, &k, e)) {
        return false;
    }
    arc4random_buf(random, sizeof(random));
    va_hex_encode(nonce, random, sizeof(random));
    va_stream_token_t token = {.purpose = purpose,
                               .call = call,
                               .organization = organization,
                               .epoch = epoch,
                               .expires = wk_now_ms() / 1000 + life_s,
                               .nonce = va_str(nonce, sizeof(nonce))};
    va_buf_init(&out, wk_mem(a), 256);
    va_status_t status = va_stream_token_mint(&out, &k.secrets[0], &token);
    clear_keys(&k);
    *text = va_buf_str(&out);
    return status == VA_OK || wk_error(e, WK_INTERNAL, "a call's token cannot be made");
}

bool wk_call_token_verify(const wk_config_t *config, wk_arena_t *a, va_token_purpose_t purpose,
                          va_str_t text, va_stream_token_t *token, wk_error_t *e)
{
    keys_t k;
    if (!read_keys(config, &k, e)) {
        return false;
    }
    va_verdict_t verdict = va_stream_token_verify(wk_mem(a), k.secrets, k.n, purpose, text,
                                                  wk_now_ms() / 1000, token);
    clear_keys(&k);
    return verdict == VA_VERDICT_OK ||
           wk_error(e, WK_FORBIDDEN, "a call's token: %s", va_verdict_name(verdict));
}

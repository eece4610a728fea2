/*
 * Input: a token; or what stands within one, which is then signed, so that what comes behind
 * the signature is reached.
 */
#include "core/base64.h"
#include "core/stream_token.h"
#include "t/fuzz/fuzz.h"

#define NOW 1760000000

static const va_secret_t *key(void)
{
    static va_secret_t secret;

    if (secret.text.data == NULL)
        CHECK(va_secret_init(&secret, VA_STR_NULL, VA_STR("the fuzzer does not know it")) ==
              VA_OK);

    return &secret;
}

static void add_part(va_buf_t *out, const void *data, size_t len)
{
    char *text = fuzz_alloc(NULL, VA_BASE64_LEN(len));

    va_buf_add(out, text, va_base64url_encode(text, data, len));
}

static va_str_t sign(va_str_t plain)
{
    uint8_t mac[VA_DIGEST_MAX];
    va_buf_t out;
    size_t len;

    va_buf_init(&out, &fuzz_mem, 0);
    add_part(&out, plain.data, plain.len);

    va_str_t body = va_buf_str(&out);

    CHECK(va_hmac(key()->hmac[VA_SHA256], &body, 1, mac, &len) == VA_OK);
    va_buf_add_char(&out, '.');
    add_part(&out, mac, len);

    return fuzz_exact(va_buf_str(&out));
}

/* One token has one text. */
static void read_back(va_str_t text)
{
    static const va_token_purpose_t purposes[] = {VA_TOKEN_STREAM, VA_TOKEN_CALL,
                                                  VA_TOKEN_ADMISSION};
    va_stream_token_t token;
    va_buf_t again;

    for (size_t i = 0; i < sizeof(purposes) / sizeof(*purposes); i++) {
        if (va_stream_token_verify(&fuzz_mem, key(), 1, purposes[i], text, NOW, &token) !=
            VA_VERDICT_OK)
            continue;
        CHECK(token.purpose == purposes[i] && token.expires > NOW);
        va_buf_init(&again, &fuzz_mem, 0);
        CHECK(va_stream_token_mint(&again, key(), &token) == VA_OK);
        CHECK(va_str_eq(va_buf_str(&again), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));

    read_back(input);
    if (size > 0)
        read_back(sign(input));
    fuzz_free_all();

    return 0;
}

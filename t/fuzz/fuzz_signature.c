/*
 * Input: a byte that chooses the scheme and the size of the body's pieces, then
 * with bytes 0xff between: method, target, content type, up to six headers as
 * "name:value", and the body.
 */
#include "core/base64.h"
#include "core/signature.h"
#include "t/fuzz/fuzz.h"

#define NOW_MS  1800000000000
#define SECRET  "the fuzzer does not know this secret"
#define HEADERS 6
#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

static const char *const schemes[] = {
    "twilio",         "elevenlabs", "shopify", "hubspot", "standard_webhooks",
    "google_channel", "hmac",       "bearer",  "livekit",
};

struct request {
    va_str_t names[HEADERS + 3];
    va_str_t values[HEADERS + 3];
    size_t n;
    va_str_t body;
    size_t piece;
    size_t position;
};

static va_str_t header(void *ctx, const char *name)
{
    const struct request *r = ctx;

    for (size_t i = 0; i < r->n; i++) {
        if (va_str_eq(r->names[i], va_str_c(name)))
            return r->values[i];
    }

    return VA_STR_NULL;
}

static void rewind_body(void *ctx)
{
    ((struct request *)ctx)->position = 0;
}

static va_status_t next_piece(void *ctx, va_str_t *piece)
{
    struct request *r = ctx;
    size_t left = r->body.len - r->position;
    size_t n = r->piece == 0 || r->piece > left ? left : r->piece;

    *piece = va_str(r->body.data + r->position, n);
    r->position += n;

    return VA_OK;
}

static void take_header(struct request *r, va_str_t *input)
{
    va_str_t line = fuzz_take(input);
    const char *colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;

    if (colon == NULL)
        return;
    r->names[r->n] = va_str(line.data, (size_t)(colon - line.data));
    r->values[r->n++] = va_str(colon + 1, line.len - (size_t)(colon - line.data) - 1);
}

static void set_header(struct request *r, const char *name, const char *value)
{
    r->names[r->n] = va_str_c(name);
    r->values[r->n++] = va_str_c(value);
}

static va_verdict_t verify(const va_request_t *req, const char *scheme)
{
    static va_secret_t secret;
    const va_signature_scheme_t *s = va_signature_scheme(va_str_c(scheme));
    va_signature_result_t result;

    if (secret.text.data == NULL)
        CHECK(va_secret_init(&secret, VA_STR("id"), VA_STR(SECRET)) == VA_OK);

    va_verdict_t v = va_signature_verify(s, req, NULL, &secret, 1, &result);

    CHECK(v == VA_VERDICT_OK || (result.account.data == NULL && result.signed_id.data == NULL));
    CHECK(v != VA_VERDICT_ERROR);
    CHECK(v == VA_VERDICT_ABSENT || va_signature_present(s, req, NULL));

    return v;
}

/* HMAC of a text before the body and the body, in hexadecimal or Base64 behind a prefix. */
static char *sign(const struct request *r, const char *prefix, const char *before, bool hex)
{
    const va_str_t parts[] = {va_str_c(before), r->body};
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, VA_STR(SECRET));
    uint8_t mac[VA_DIGEST_MAX];
    char *out = fuzz_alloc(NULL, 128);
    size_t len, n = strlen(prefix);

    CHECK(va_hmac(key, parts, 2, mac, &len) == VA_OK);
    va_hmac_key_free(key);
    memcpy(out, prefix, n);
    if (hex)
        va_hex_encode(out + n, mac, len);
    else
        va_base64_encode(out + n, mac, len);
    out[n + (hex ? 2 * len : VA_BASE64_LEN(len))] = '\0';

    return out;
}

/* A body signed as the scheme says is let in, whatever it is and in whatever pieces it comes.
 */
static void right_signatures_verify(const va_request_t *req, struct request *r)
{
    r->n = 0;
    set_header(r, "x-signature", sign(r, "sha256=", "", true));
    CHECK(verify(req, "hmac") == VA_VERDICT_OK);

    set_header(r, "elevenlabs-signature", sign(r, "t=1800000000,v0=", "1800000000.", true));
    CHECK(verify(req, "elevenlabs") == VA_VERDICT_OK);

    set_header(r, "webhook-id", "m");
    set_header(r, "webhook-timestamp", "1800000000");
    set_header(r, "webhook-signature", sign(r, "v1,", "m.1800000000.", false));
    CHECK(verify(req, "standard_webhooks") == VA_VERDICT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const va_str_t origins[] = {VA_STR("https://agent.example.com"),
                                VA_STR("http://[::1]:8080")};
    struct request r = {.n = 0};
    va_str_t input = va_str((const char *)data, size);

    if (size == 0)
        return 0;
    input = va_str(input.data + 1, input.len - 1);

    va_request_t req = {
        .method = fuzz_take(&input),
        .origins = origins,
        .n_origins = 2,
        .upgrade = (data[0] & 0x80) != 0,
        .ctx = &r,
        .header = header,
        .now_ms = NOW_MS,
        .mem = &fuzz_mem,
    };

    req.target = fuzz_take(&input);
    req.content_type = fuzz_take(&input);
    for (size_t i = 0; i < HEADERS; i++)
        take_header(&r, &input);
    r.body = fuzz_exact(input);
    r.piece = (data[0] >> 4) & 7;

    const va_body_t body = {&r, r.body.len, rewind_body, next_piece};

    req.body = &body;
    /* Nobody else can sign. */
    CHECK(verify(&req, schemes[(data[0] & 15) % SCHEMES]) != VA_VERDICT_OK);
    right_signatures_verify(&req, &r);
    fuzz_free_all();

    return 0;
}

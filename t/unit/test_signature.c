#include "core/signature.h"

#include "t/unit/request.h"

static const char *const names[] = {
    "twilio",         "elevenlabs", "shopify", "hubspot", "standard_webhooks",
    "google_channel", "livekit",    "hmac",    "bearer",
};

static void schemes_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const va_signature_scheme_t *s = va_signature_scheme(va_str_c(names[i]));

        assert_non_null(s);
        assert_string_equal(s->name, names[i]);
        assert_non_null(s->header);
    }
    assert_null(va_signature_scheme(VA_STR("twili")));
    assert_null(va_signature_scheme(VA_STR("Twilio")));
    assert_null(va_signature_scheme(VA_STR_NULL));
    assert_true(va_signature_scheme(VA_STR("twilio"))->needs_origin);
    assert_true(va_signature_scheme(VA_STR("hubspot"))->needs_origin);
    assert_false(va_signature_scheme(VA_STR("shopify"))->needs_origin);
    assert_false(va_signature_scheme(VA_STR("bearer"))->needs_body);
}

static void verdicts_have_names(void **state)
{
    const char *seen[VA_VERDICT_ERROR + 1];

    (void)state;
    for (int v = VA_VERDICT_OK; v <= VA_VERDICT_ERROR; v++) {
        seen[v] = va_verdict_name((va_verdict_t)v);
        for (int other = 0; other < v; other++)
            assert_string_not_equal(seen[v], seen[other]);
    }
    assert_string_equal(seen[VA_VERDICT_MISMATCH], "mismatch");
}

static void secrets(void **state)
{
    va_secret_t s;

    (void)state;
    assert_int_equal(va_secret_init(&s, VA_STR_NULL, VA_STR("")), VA_ELIMIT);
    assert_int_equal(va_secret_init(&s, VA_STR("id"), VA_STR_NULL), VA_ELIMIT);
    assert_int_equal(va_secret_init(&s, VA_STR("id"), VA_STR("text")), VA_OK);
    for (int i = 0; i < VA_DIGESTS; i++)
        assert_non_null(s.hmac[i]);
    va_secret_clear(&s);
    assert_null(s.hmac[VA_SHA1]);
    va_secret_clear(&s);
}

/* Without its header no scheme says more than that, and nothing is read of the body. */
static void absent_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const va_signature_scheme_t *s = va_signature_scheme(va_str_c(names[i]));
        struct request r;

        request_init(&r, "POST", VA_STR("body"));
        r.broken = true;
        assert_int_equal(request_verify(&r, names[i], VA_STR("secret")), VA_VERDICT_ABSENT);
        assert_false(va_signature_present(s, &r.req, NULL));

        request_add_header(&r, va_str_c(s->header), VA_STR(""));
        assert_int_equal(request_verify(&r, names[i], VA_STR("secret")), VA_VERDICT_ABSENT);
        assert_false(va_signature_present(s, &r.req, NULL));

        request_init(&r, "POST", VA_STR("body"));
        request_add_header(&r, va_str_c(s->other_header != NULL ? s->other_header : s->header),
                           VA_STR("x"));
        assert_true(va_signature_present(s, &r.req, NULL));
    }
}

/* A secret cannot be empty once initialized; one that was never initialized must not verify
 * either. */
static void nothing_verifies_without_a_secret(void **state)
{
    const va_secret_t empty = {.id = VA_STR_NULL};
    va_signature_result_t result;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const va_signature_scheme_t *s = va_signature_scheme(va_str_c(names[i]));
        struct request r;

        request_init(&r, "POST", VA_STR_NULL);
        request_add_header(&r, va_str_c(s->header), VA_STR("Bearer  "));
        assert_int_not_equal(va_signature_verify(s, &r.req, NULL, NULL, 0, &result),
                             VA_VERDICT_OK);
        assert_int_not_equal(va_signature_verify(s, &r.req, NULL, &empty, 1, &result),
                             VA_VERDICT_OK);
    }
}

static va_verdict_t verify_header(const char *scheme, const char *name, const char *value)
{
    struct request r;

    request_init(&r, "POST", VA_STR("body"));
    request_add_header(&r, va_str_c(name), va_str_c(value));

    return request_verify(&r, scheme, VA_STR("s3cret-token"));
}

static void bearer(void **state)
{
    static const struct {
        const char *value;
        va_verdict_t verdict;
    } cases[] = {
        {"Bearer s3cret-token", VA_VERDICT_OK},
        {"bearer s3cret-token", VA_VERDICT_OK},
        {"BEARER   s3cret-token", VA_VERDICT_OK},
        {"Bearer s3cret-tokeN", VA_VERDICT_MISMATCH},
        {"Bearer s3cret-token ", VA_VERDICT_MISMATCH},
        {"Bearer s3cret-toke", VA_VERDICT_MISMATCH},
        {"Bearer s3cret-token, Bearer x", VA_VERDICT_MISMATCH},
        {"Bearer  ", VA_VERDICT_MISMATCH},
        {"Bearer ", VA_VERDICT_ABSENT},
        {"Bearer", VA_VERDICT_ABSENT},
        {"Basic czNjcmV0LXRva2Vu", VA_VERDICT_ABSENT},
        {"s3cret-token", VA_VERDICT_ABSENT},
        {"Bearers3cret-token", VA_VERDICT_ABSENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(verify_header("bearer", "Authorization", cases[i].value) ==
                        cases[i].verdict,
                    cases[i].value);
}

static void google_channel(void **state)
{
    (void)state;
    assert_int_equal(verify_header("google_channel", "X-Goog-Channel-Token", "s3cret-token"),
                     VA_VERDICT_OK);
    assert_int_equal(verify_header("google_channel", "X-Goog-Channel-Token", "s3cret-tokem"),
                     VA_VERDICT_MISMATCH);
    assert_int_equal(verify_header("google_channel", "X-Goog-Channel-Token", "s3cret"),
                     VA_VERDICT_MISMATCH);
}

static void the_secret_that_verified_is_named(void **state)
{
    const va_signature_scheme_t *s = va_signature_scheme(VA_STR("bearer"));
    va_signature_result_t result;
    va_secret_t all[3];
    struct request r;

    (void)state;
    va_secret_init(&all[0], VA_STR("shop1"), VA_STR("one"));
    va_secret_init(&all[1], VA_STR("shop2"), VA_STR("two"));
    va_secret_init(&all[2], VA_STR_NULL, VA_STR("three"));
    request_init(&r, "POST", VA_STR_NULL);
    request_add_header(&r, VA_STR("authorization"), VA_STR("Bearer two"));
    assert_int_equal(va_signature_verify(s, &r.req, NULL, all, 3, &result), VA_VERDICT_OK);
    assert_str(result.account, "shop2");
    r.headers[0].value = VA_STR("Bearer three");
    assert_int_equal(va_signature_verify(s, &r.req, NULL, all, 3, &result), VA_VERDICT_OK);
    assert_absent(result.account);
    r.headers[0].value = VA_STR("Bearer four");
    assert_int_equal(va_signature_verify(s, &r.req, NULL, all, 3, &result),
                     VA_VERDICT_MISMATCH);
    for (size_t i = 0; i < 3; i++)
        va_secret_clear(&all[i]);
}

/* The issuer is the id of the secret. */
static va_verdict_t verify_livekit(const va_json_t *c, va_str_t id)
{
    const va_signature_scheme_t *s = va_signature_scheme(VA_STR("livekit"));
    const va_json_t *header = need(c, "authorization_header");
    va_signature_result_t result;
    va_secret_t secret;
    struct request r;

    request_init(&r, "POST", decode_base64(need_string(c, "body_base64")));
    if (va_json_is(header, VA_JSON_STRING))
        request_add_header(&r, VA_STR("authorization"), header->text);
    r.req.now_ms = need_int(c, "now_unix") * 1000 + 500;
    r.piece = 7;
    assert_int_equal(va_secret_init(&secret, id, need_string(c, "api_secret")), VA_OK);

    va_verdict_t v = va_signature_verify(s, &r.req, NULL, &secret, 1, &result);

    va_secret_clear(&secret);
    return v;
}

static void livekit(void **state)
{
    const va_json_t *cases =
        need(need(read_json("t/vectors/livekit.json"), "webhook"), "cases");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++)
        assert_case((verify_livekit(c, need_string(c, "api_key")) == VA_VERDICT_OK) ==
                        va_json_bool(need(c, "recommended_valid"), false),
                    need_string(c, "name").data);
    assert_int_equal(n, 10);
    assert_int_equal(verify_livekit(cases->first, VA_STR("APIkey0002")), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_livekit(cases->first, VA_STR_NULL), VA_VERDICT_MISMATCH);
}

#define DATA   "what do ya want for nothing?"
#define HEX1   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
#define HEX256 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
#define HEX512                                                                                 \
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65" \
    "f8"                                                                                       \
    "f0e6fdcaeab1a34d4a6b4b636e070a38bce737"

static va_verdict_t verify_hmac(const va_signature_options_t *opt, const char *header,
                                const char *value)
{
    const va_signature_scheme_t *s = va_signature_scheme(VA_STR("hmac"));
    va_signature_result_t result;
    va_secret_t secret;
    struct request r;

    request_init(&r, "POST", VA_STR(DATA));
    request_add_header(&r, va_str_c(header), va_str_c(value));
    r.piece = 5;
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, VA_STR("Jefe")), VA_OK);

    va_verdict_t v = va_signature_verify(s, &r.req, opt, &secret, 1, &result);

    va_secret_clear(&secret);
    return v;
}

static void hmac_of_the_body(void **state)
{
    const va_signature_options_t sha256 = {.digest = VA_SHA256,
                                           .header = VA_STR("x-hub-signature")};
    const va_signature_options_t sha1 = {.digest = VA_SHA1};
    const va_signature_options_t sha512 = {.digest = VA_SHA512};

    (void)state;
    assert_int_equal(verify_hmac(NULL, "x-signature", HEX256), VA_VERDICT_OK);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", HEX256), VA_VERDICT_OK);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", "sha256=" HEX256), VA_VERDICT_OK);
    assert_int_equal(
        verify_hmac(&sha256, "x-hub-signature", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
        VA_VERDICT_OK);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature",
                                 "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
                     VA_VERDICT_OK);
    assert_int_equal(
        verify_hmac(&sha256, "x-hub-signature", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEN="),
        VA_VERDICT_MISMATCH);
    assert_int_equal(verify_hmac(&sha256, "x-signature", HEX256), VA_VERDICT_ABSENT);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", "sha1=" HEX1),
                     VA_VERDICT_MALFORMED);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", "sha256="), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", "sha512=" HEX256),
                     VA_VERDICT_MALFORMED);
    assert_int_equal(verify_hmac(&sha256, "x-hub-signature", HEX256 "0"), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_hmac(&sha1, "x-signature", "sha1=" HEX1), VA_VERDICT_OK);
    assert_int_equal(verify_hmac(&sha1, "x-signature", HEX256), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_hmac(&sha512, "x-signature", HEX512), VA_VERDICT_OK);
    assert_int_equal(verify_hmac(&sha512, "x-signature", HEX512 "00"), VA_VERDICT_MALFORMED);
}

static void hmac_of_a_body_that_cannot_be_read(void **state)
{
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR(DATA));
    request_add_header(&r, VA_STR("x-signature"), VA_STR(HEX256));
    r.broken = true;
    assert_int_equal(request_verify(&r, "hmac", VA_STR("Jefe")), VA_VERDICT_ERROR);
}

/* What the headers alone disprove is known before there is a body; the rest is the body's. */
static void by_the_headers_alone(void **state)
{
    static const struct {
        const char *scheme, *name, *value;
        va_verdict_t verdict;
    } cases[] = {
        {"elevenlabs", "elevenlabs-signature", "x", VA_VERDICT_MALFORMED},
        {"elevenlabs", "elevenlabs-signature", "t=1,v0=" HEX256, VA_VERDICT_STALE},
        {"elevenlabs", "elevenlabs-signature", "t=1800000000,v0=" HEX256, VA_VERDICT_OK},
        {"hmac", "x-signature", "x", VA_VERDICT_MALFORMED},
        {"hmac", "x-signature", HEX256, VA_VERDICT_OK},
        {"twilio", "x-twilio-signature", "x", VA_VERDICT_MALFORMED},
        {"twilio", "x-twilio-signature", "L/OH5YylLD5NRKLltdqwSvS0BnU=", VA_VERDICT_OK},
        {"shopify", "x-shopify-hmac-sha256", "x", VA_VERDICT_MALFORMED},
        {"livekit", "authorization", "x.y.z", VA_VERDICT_MISMATCH},
        {"standard_webhooks", "webhook-signature", "v1,x", VA_VERDICT_MALFORMED},
        {"hubspot", "x-hubspot-signature-v3", "x", VA_VERDICT_MALFORMED},
        {"hmac", "x-other", "x", VA_VERDICT_ABSENT},
    };
    va_secret_t secret;

    (void)state;
    assert_int_equal(va_secret_init(&secret, VA_STR("id"), VA_STR("Jefe")), VA_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct request r;

        request_init(&r, "POST", VA_STR(DATA));
        r.req.now_ms = 1800000000000;
        r.req.body = NULL;
        r.req.sums = va_sums_new();
        request_add_header(&r, va_str_c(cases[i].name), va_str_c(cases[i].value));
        assert_int_equal(va_signature_ask(va_signature_scheme(va_str_c(cases[i].scheme)),
                                          &r.req, NULL, &secret, 1),
                         cases[i].verdict);
        assert_int_equal(va_sums_asked(r.req.sums), cases[i].verdict == VA_VERDICT_OK);
        va_sums_free(r.req.sums);
    }
}

/* One reading of the body serves all secrets, and tells its hash. */
static void all_secrets_in_one_reading(void **state)
{
    const va_signature_scheme_t *s = va_signature_scheme(VA_STR("hmac"));
    va_secret_t all[3];
    va_signature_result_t result;
    uint8_t digest[32];
    struct request r;

    (void)state;
    assert_int_equal(va_secret_init(&all[0], VA_STR("a"), VA_STR("one")), VA_OK);
    assert_int_equal(va_secret_init(&all[1], VA_STR("b"), VA_STR("Jefe")), VA_OK);
    assert_int_equal(va_secret_init(&all[2], VA_STR("c"), VA_STR("three")), VA_OK);
    request_init(&r, "POST", VA_STR(DATA));
    request_add_header(&r, VA_STR("x-signature"), VA_STR(HEX256));
    r.req.sums = va_sums_new();
    assert_int_equal(va_signature_ask(s, &r.req, NULL, all, 3), VA_VERDICT_OK);
    assert_int_equal(va_sums_ask_sha256(r.req.sums), VA_OK);
    assert_null(va_sums_sha256(r.req.sums));
    assert_int_equal(va_sums_update(r.req.sums, DATA, 3), VA_OK);
    assert_int_equal(va_sums_update(r.req.sums, DATA + 3, strlen(DATA) - 3), VA_OK);
    assert_int_equal(va_sums_end(r.req.sums), VA_OK);
    r.broken = true;
    for (int run = 0; run < 2; run++) {
        assert_int_equal(va_signature_verify(s, &r.req, NULL, all, 3, &result), VA_VERDICT_OK);
        assert_true(va_str_eq(result.account, VA_STR("b")));
    }
    assert_int_equal(va_sha256(VA_STR(DATA), digest), VA_OK);
    assert_memory_equal(va_sums_sha256(r.req.sums), digest, 32);
    va_sums_free(r.req.sums);
    for (int i = 0; i < 3; i++)
        va_secret_clear(&all[i]);
}

static void hash_of_a_body(void **state)
{
    struct request r;
    uint8_t whole[32], pieces[32];

    (void)state;
    request_init(&r, "POST", VA_STR(DATA));
    assert_int_equal(va_sha256(VA_STR(DATA), whole), VA_OK);
    for (r.piece = 0; r.piece < 40; r.piece++) {
        assert_int_equal(va_body_sha256(&r.body, pieces), VA_OK);
        assert_memory_equal(whole, pieces, 32);
    }
    assert_int_equal(va_sha256(VA_STR_NULL, whole), VA_OK);
    assert_int_equal(va_body_sha256(NULL, pieces), VA_OK);
    assert_memory_equal(whole, pieces, 32);
    r.broken = true;
    assert_int_equal(va_body_sha256(&r.body, pieces), VA_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(schemes_by_name),
        TEST(verdicts_have_names),
        TEST(secrets),
        TEST(absent_header),
        TEST(nothing_verifies_without_a_secret),
        TEST(bearer),
        TEST(google_channel),
        TEST(livekit),
        TEST(the_secret_that_verified_is_named),
        TEST(hmac_of_the_body),
        TEST(hmac_of_a_body_that_cannot_be_read),
        TEST(by_the_headers_alone),
        TEST(all_secrets_in_one_reading),
        TEST(hash_of_a_body),
    };

    return RUN("signature", tests);
}

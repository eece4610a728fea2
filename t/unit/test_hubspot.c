#include "core/signature.h"

#include "t/unit/request.h"

#define SECRET "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
#define NOW    1800000000000

static void vectors(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/hubspot.json"), "vectors");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        bool legacy = str_is(need_string(c, "expect"), "legacy");
        struct request r;

        request_init(&r, "POST", need_string(c, "body"));
        if (va_json_get(c, "method") != NULL)
            r.req.method = need_string(c, "method");
        request_url(&r, va_json_get(c, "uri") != NULL ? need_string(c, "uri")
                                                      : VA_STR("https://www.example.com/x"));
        if (legacy) {
            request_add_header(&r, VA_STR("x-hubspot-signature"),
                               need_string(c, "signature_hex"));
            request_add_header(&r, VA_STR("x-hubspot-signature-version"),
                               need_string(c, "version"));
        } else {
            request_add_headers(&r, need(c, "headers"));
            r.req.now_ms = need_int(c, "now_ms");
        }

        va_verdict_t v = request_verify(&r, "hubspot", need_string(c, "client_secret"));

        assert_case((v == VA_VERDICT_OK) == str_is(need_string(c, "expect"), "accept"),
                    need_string(c, "id").data);
        if (legacy)
            assert_int_equal(v, VA_VERDICT_ABSENT);
    }
    assert_int_equal(n, 18);
}

/* A request to target, signed as if its URI were signed_uri. */
static va_verdict_t verify_uri(const char *target, const char *signed_uri)
{
    const va_str_t parts[] = {VA_STR("POST"), va_str_c(signed_uri), VA_STR("{}"),
                              VA_STR("1800000000000")};
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, VA_STR(SECRET));
    uint8_t mac[VA_DIGEST_MAX];
    char text[VA_BASE64_LEN(32)];
    struct request r;
    size_t len;

    assert_int_equal(va_hmac(key, parts, 4, mac, &len), VA_OK);
    va_hmac_key_free(key);
    request_init(&r, "POST", VA_STR("{}"));
    request_url(&r, VA_STR("https://a.example/"));
    r.req.target = exact(va_str_c(target));
    r.req.now_ms = NOW;
    request_add_header(&r, VA_STR("x-hubspot-signature-v3"),
                       va_str(text, va_base64_encode(text, mac, len)));
    request_add_header(&r, VA_STR("x-hubspot-request-timestamp"), parts[3]);

    return request_verify(&r, "hubspot", VA_STR(SECRET));
}

static void the_listed_escapes_are_decoded(void **state)
{
    static const struct {
        const char *target;
        const char *uri;
    } cases[] = {
        {"/x?%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", "https://a.example/x?:/?@!$'()*,;"},
        {"/x?%20%26%3D%25%2B%23%5B", "https://a.example/x?%20%26%3D%25%2B%23%5B"},
        {"/x?%3a%2f", "https://a.example/x?%3a%2f"},
        {"/x?%253A", "https://a.example/x?%253A"},
        {"/x?%", "https://a.example/x?%"},
        {"/x?%3", "https://a.example/x?%3"},
        {"/x?%%3A", "https://a.example/x?%:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(verify_uri(cases[i].target, cases[i].uri) == VA_VERDICT_OK,
                    cases[i].target);
    assert_int_equal(verify_uri("/x?%3A", "https://a.example/x?%3A"), VA_VERDICT_MISMATCH);
}

static va_verdict_t verify_headers(const char *signature, const char *time)
{
    struct request r;

    request_init(&r, "POST", VA_STR("{\"example_field\":\"example_value\"}"));
    request_url(&r, VA_STR("https://www.example.com/webhook_uri"));
    r.req.now_ms = NOW;
    if (signature != NULL)
        request_add_header(&r, VA_STR("x-hubspot-signature-v3"), va_str_c(signature));
    if (time != NULL)
        request_add_header(&r, VA_STR("x-hubspot-request-timestamp"), va_str_c(time));

    return request_verify(&r, "hubspot", VA_STR(SECRET));
}

static void reasons_are_told_apart(void **state)
{
    static const char good[] = "ueBy2Y5FHNaJw0rbGQTuipspTtlJngh+O1lnGMABNck=";

    (void)state;
    assert_int_equal(verify_headers(good, "1799999999000"), VA_VERDICT_OK);
    assert_int_equal(verify_headers(NULL, "1799999999000"), VA_VERDICT_ABSENT);
    assert_int_equal(verify_headers(good, NULL), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_headers(good, "1799999999000 "), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_headers(good, "1799999999.0"), VA_VERDICT_MALFORMED);
    assert_int_equal(
        verify_headers("ueBy2Y5FHNaJw0rbGQTuipspTtlJngh+O1lnGMABNck", "1799999999000"),
        VA_VERDICT_MALFORMED);
    assert_int_equal(verify_headers(good, "1799999699999"), VA_VERDICT_STALE);
    assert_int_equal(verify_headers(good, "1800000300001"), VA_VERDICT_STALE);
    assert_int_equal(verify_headers(good, "1799999999001"), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_headers(good, "1799999999"), VA_VERDICT_STALE);
}

static void any_origin_may_match(void **state)
{
    const va_str_t origins[] = {VA_STR("https://old.example"),
                                VA_STR("https://www.example.com")};
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR("{\"example_field\":\"example_value\"}"));
    r.req.target = VA_STR("/webhook_uri");
    r.req.origins = origins;
    r.req.n_origins = 2;
    r.req.now_ms = NOW;
    request_add_header(&r, VA_STR("x-hubspot-signature-v3"),
                       VA_STR("ueBy2Y5FHNaJw0rbGQTuipspTtlJngh+O1lnGMABNck="));
    request_add_header(&r, VA_STR("x-hubspot-request-timestamp"), VA_STR("1799999999000"));
    assert_int_equal(request_verify(&r, "hubspot", VA_STR(SECRET)), VA_VERDICT_OK);
    r.req.n_origins = 1;
    assert_int_equal(request_verify(&r, "hubspot", VA_STR(SECRET)), VA_VERDICT_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(the_listed_escapes_are_decoded),
        TEST(reasons_are_told_apart),
        TEST(any_origin_may_match),
    };

    return RUN("hubspot", tests);
}

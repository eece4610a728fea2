#include "core/signature.h"

#include "t/unit/request.h"

static void vectors(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/elevenlabs.json"), "cases");
    static const char *const names[] = {"ElevenLabs-Signature", "xi-signature"};
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        for (size_t i = 0; i < 2; i++) {
            struct request r;

            request_init(&r, "POST", decode_base64(need_string(c, "body_base64")));
            request_add_header(&r, va_str_c(names[i]), need_string(c, "header"));
            /* Any moment of that second. */
            r.req.now_ms = need_int(c, "now_unix") * 1000 + 999;

            va_verdict_t v = request_verify(&r, "elevenlabs", need_string(c, "secret"));

            assert_case((v == VA_VERDICT_OK) ==
                            va_json_bool(need(c, "recommended_valid"), false),
                        need_string(c, "name").data);
        }
    }
    assert_int_equal(n, 22);
}

/* Of the first vector: HMAC-SHA256 of "1789000000." and the body. */
#define GOOD  "66199457f573c22e28547ae7fadfdf8885f290af1dc52f6bf9dc101c07d50046"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static va_verdict_t verify_header(const char *header, int64_t now_ms, int64_t tolerance_ms)
{
    const va_json_t *file = read_json("t/vectors/elevenlabs.json");
    const va_signature_options_t opt = {.tolerance_ms = tolerance_ms};
    va_signature_result_t result;
    va_secret_t secret;
    struct request r;

    request_init(&r, "POST", need_string(file, "base_body_utf8"));
    request_add_header(&r, VA_STR("elevenlabs-signature"), va_str_c(header));
    r.req.now_ms = now_ms;
    assert_int_equal(
        va_secret_init(&secret, VA_STR_NULL, VA_STR("wsec_4f1c0a5be2d94a7c8b3e6d17a9f05c21")),
        VA_OK);

    va_verdict_t v = va_signature_verify(va_signature_scheme(VA_STR("elevenlabs")), &r.req,
                                         &opt, &secret, 1, &result);

    va_secret_clear(&secret);
    return v;
}

static void reasons_are_told_apart(void **state)
{
    static const struct {
        const char *header;
        va_verdict_t verdict;
    } cases[] = {
        {"t=1789000000,v0=" GOOD, VA_VERDICT_OK},
        {"v0=" ZEROS ",v0=" GOOD ",t=1789000000", VA_VERDICT_OK},
        {"t=1789000000,v0=ab,v0=" GOOD, VA_VERDICT_OK},
        {"t=1789000000,v0=" ZEROS, VA_VERDICT_MISMATCH},
        {"t=1789000000,v0=", VA_VERDICT_MALFORMED},
        {"t=1789000000,v0", VA_VERDICT_MALFORMED},
        {"t=1789000000,t=1789000000,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=+1789000000,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=01789000000,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=-1789000000,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=1789000000.0,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=1789000000 ,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=178900000017890000001789000000,v0=" GOOD, VA_VERDICT_MALFORMED},
        {"t=99999999999999,v0=" GOOD, VA_VERDICT_STALE},
        {"t=1,v0=" GOOD, VA_VERDICT_STALE},
        {",", VA_VERDICT_MALFORMED},
        {"garbage", VA_VERDICT_MALFORMED},
        {"t=1789000000,v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD
         ",v0=" GOOD ",v0=" GOOD,
         VA_VERDICT_OK},
        {"t=1789000000,v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD
         ",v0=" GOOD ",v0=" GOOD ",v0=" GOOD,
         VA_VERDICT_LIMIT},
    };
    char longer[1200] = "t=1789000000,v0=" GOOD ",";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(verify_header(cases[i].header, 1789000000000, 0) == cases[i].verdict,
                    cases[i].header);
    memset(longer + strlen(longer), 'x', sizeof(longer) - strlen(longer) - 1);
    assert_int_equal(verify_header(longer, 1789000000000, 0), VA_VERDICT_LIMIT);
}

static void tolerance_is_an_option(void **state)
{
    const char *header = "t=1789000000,v0=" GOOD;

    (void)state;
    assert_int_equal(verify_header(header, 1789000010000, 10000), VA_VERDICT_OK);
    assert_int_equal(verify_header(header, 1789000011000, 10000), VA_VERDICT_STALE);
    assert_int_equal(verify_header(header, 1788999990000, 10000), VA_VERDICT_OK);
    assert_int_equal(verify_header(header, 1788999989000, 10000), VA_VERDICT_STALE);
    assert_int_equal(verify_header(header, 1789001801000, 0), VA_VERDICT_STALE);
    assert_int_equal(verify_header(header, 1789001801000, 1801000), VA_VERDICT_OK);
    assert_int_equal(verify_header(header, 1788998199000, 0), VA_VERDICT_STALE);
}

static void the_newer_name_counts(void **state)
{
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR("x"));
    request_add_header(&r, VA_STR("xi-signature"), VA_STR("t=1789000000,v0=" GOOD));
    request_add_header(&r, VA_STR("elevenlabs-signature"), VA_STR("nonsense"));
    r.req.now_ms = 1789000000000;
    assert_int_equal(request_verify(&r, "elevenlabs", VA_STR("s")), VA_VERDICT_MALFORMED);
}

static void unreadable_body(void **state)
{
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR("x"));
    request_add_header(&r, VA_STR("elevenlabs-signature"), VA_STR("t=1789000000,v0=" GOOD));
    r.req.now_ms = 1789000000000;
    r.broken = true;
    assert_int_equal(request_verify(&r, "elevenlabs", VA_STR("s")), VA_VERDICT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(reasons_are_told_apart),
        TEST(tolerance_is_an_option),
        TEST(the_newer_name_counts),
        TEST(unreadable_body),
    };

    return RUN("elevenlabs", tests);
}

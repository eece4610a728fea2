#include "core/signature.h"

#include "t/unit/request.h"

static va_verdict_t verify_case(const va_json_t *c, va_str_t body, int64_t now, bool svix)
{
    struct request r;

    request_init(&r, "POST", body);
    for (const va_json_t *h = need(c, "headers")->first; h != NULL; h = h->next) {
        char name[64];

        assert_memory_equal(h->name.data, "webhook-", 8);
        snprintf(name, sizeof(name), "%s-%s", svix ? "svix" : "webhook", h->name.data + 8);
        request_add_header(&r, va_str_c(name), h->text);
    }
    r.req.now_ms = now * 1000 + 500;

    return request_verify(&r, "standard_webhooks", need_string(c, "secret"));
}

static void vectors(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/standardwebhooks.json"), "vectors");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        bool accept = str_is(need_string(c, "expect"), "accept");

        for (int svix = 0; svix <= 1; svix++)
            assert_case((verify_case(c, need_string(c, "body"), need_int(c, "now"), svix) ==
                         VA_VERDICT_OK) == accept,
                        need_string(c, "id").data);
    }
    assert_int_equal(n, 24);
}

static void vectors_of_openai(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/openai.json"), "cases");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        va_verdict_t v = verify_case(c, decode_base64(need_string(c, "body_base64")),
                                     need_int(c, "now_unix"), false);

        assert_case((v == VA_VERDICT_OK) == va_json_bool(need(c, "recommended_valid"), false),
                    need_string(c, "name").data);
    }
    assert_int_equal(n, 19);
}

/* The first vector of the file, with one header changed. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID     "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define GOOD   "v1,AL7mOe2AhAp1OFww7CHa9hUnkzz2IafPrT57WYfzeDI="
#define OTHER  "v1,Xs79aBum018sFaDInC9mRiVv58hAVE8m1lQBTkvRebg="

static va_verdict_t verify_with(const char *id, const char *time, const char *signatures,
                                va_signature_result_t *result)
{
    va_secret_t secret;
    struct request r;

    request_init(&r, "POST", VA_STR("{\"test\": 2432232314}"));
    request_add_header(&r, VA_STR("webhook-id"), va_str_c(id));
    request_add_header(&r, VA_STR("webhook-timestamp"), va_str_c(time));
    request_add_header(&r, VA_STR("webhook-signature"), va_str_c(signatures));
    r.req.now_ms = 1800000000000;
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, VA_STR(SECRET)), VA_OK);

    va_verdict_t v = va_signature_verify(va_signature_scheme(VA_STR("standard_webhooks")),
                                         &r.req, NULL, &secret, 1, result);

    va_secret_clear(&secret);
    return v;
}

static void the_id_is_signed(void **state)
{
    va_signature_result_t result;

    (void)state;
    assert_int_equal(verify_with(ID, "1800000000", GOOD, &result), VA_VERDICT_OK);
    assert_str(result.signed_id, ID);
    assert_int_equal(verify_with("other", "1800000000", GOOD, &result), VA_VERDICT_MISMATCH);
    assert_absent(result.signed_id);
}

static void ids_have_a_narrow_form(void **state)
{
    static const char *const bad[] = {"a.b", "a b", "a\n", "\xc3\xa9", "a/b", "a:b"};
    va_signature_result_t result;
    char id[130];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(verify_with(bad[i], "1800000000", GOOD, &result) == VA_VERDICT_MALFORMED,
                    bad[i]);
    memset(id, 'a', sizeof(id));
    id[129] = '\0';
    assert_int_equal(verify_with(id, "1800000000", GOOD, &result), VA_VERDICT_MALFORMED);
    id[128] = '\0';
    assert_int_equal(verify_with(id, "1800000000", GOOD, &result), VA_VERDICT_MISMATCH);
}

static void signature_lists(void **state)
{
    static const struct {
        const char *list;
        va_verdict_t verdict;
    } cases[] = {
        {OTHER " " GOOD, VA_VERDICT_OK},
        {OTHER " v1a,AAAA v2," GOOD " " GOOD, VA_VERDICT_OK},
        {OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " GOOD,
         VA_VERDICT_OK},
        {OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " OTHER " " GOOD,
         VA_VERDICT_LIMIT},
        {GOOD " a b c d e f g h", VA_VERDICT_LIMIT},
        {OTHER, VA_VERDICT_MISMATCH},
        {"v1,", VA_VERDICT_MALFORMED},
        {"v1", VA_VERDICT_MALFORMED},
        {"   ", VA_VERDICT_MALFORMED},
        {"v1,AL7mOe2AhAp1OFww7CHa9hUnkzz2IafPrT57WYfzeDJ=", VA_VERDICT_MALFORMED},
        {GOOD "," GOOD, VA_VERDICT_MALFORMED},
        {"V1,AL7mOe2AhAp1OFww7CHa9hUnkzz2IafPrT57WYfzeDI=", VA_VERDICT_MALFORMED},
    };
    va_signature_result_t result;
    char longer[1200];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(verify_with(ID, "1800000000", cases[i].list, &result) == cases[i].verdict,
                    cases[i].list);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(verify_with(ID, "1800000000", longer, &result), VA_VERDICT_LIMIT);
}

static void times_are_told_apart(void **state)
{
    va_signature_result_t result;

    (void)state;
    assert_int_equal(verify_with(ID, "1799999699", GOOD, &result), VA_VERDICT_STALE);
    assert_int_equal(verify_with(ID, "1800000301", GOOD, &result), VA_VERDICT_STALE);
    assert_int_equal(verify_with(ID, "1799999700", GOOD, &result), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_with(ID, "0", GOOD, &result), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_with(ID, "+1800000000", GOOD, &result), VA_VERDICT_MALFORMED);
}

/* The first vector signed with another key, in the ways a secret can be written. */
static va_verdict_t verify_secret(const char *secret, const char *key)
{
    const va_str_t parts[] = {VA_STR(ID ".1800000000."), VA_STR("body")};
    va_hmac_key_t *k = va_hmac_key_new(VA_SHA256, va_str_c(key));
    uint8_t mac[VA_DIGEST_MAX];
    char header[3 + VA_BASE64_LEN(32)] = "v1,";
    struct request r;
    size_t len;

    assert_int_equal(va_hmac(k, parts, 2, mac, &len), VA_OK);
    va_hmac_key_free(k);
    va_base64_encode(header + 3, mac, len);
    request_init(&r, "POST", parts[1]);
    request_add_header(&r, VA_STR("webhook-id"), VA_STR(ID));
    request_add_header(&r, VA_STR("webhook-timestamp"), VA_STR("1800000000"));
    request_add_header(&r, VA_STR("webhook-signature"), va_str(header, sizeof(header)));
    r.req.now_ms = 1800000000000;

    return request_verify(&r, "standard_webhooks", va_str_c(secret));
}

static void secrets_are_read_as_meant(void **state)
{
    /* Base64 of the 32 letters and digits. */
    static const char key[] = "0123456789abcdef0123456789abcdef";
    static const char text[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    (void)state;
    assert_int_equal(verify_secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", key),
                     VA_VERDICT_OK);
    assert_int_equal(verify_secret(text, key), VA_VERDICT_OK);
    assert_int_equal(verify_secret(text, text), VA_VERDICT_OK);
    assert_int_equal(verify_secret("plain text!", "plain text!"), VA_VERDICT_OK);
    assert_int_equal(verify_secret("c2hvcnQ=", "c2hvcnQ="), VA_VERDICT_OK);
    /* Too short to be taken for an encoded key. */
    assert_int_equal(verify_secret("c2hvcnQ=", "short"), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_secret("whsec_c2hvcnQ=", "short"), VA_VERDICT_OK);
    /* With the prefix its text is never a key, nor is an empty one. */
    assert_int_equal(verify_secret("whsec_c2hvcnQ=", "whsec_c2hvcnQ="), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_secret("whsec_", ""), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_secret("whsec_", "whsec_"), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_secret("whsec_not base64", "whsec_not base64"),
                     VA_VERDICT_MISMATCH);
}

static void very_long_secret(void **state)
{
    char text[600];
    va_secret_t secret;

    (void)state;
    memset(text, 'A', sizeof(text));
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, va_str(text, 512)), VA_OK);
    assert_non_null(secret.decoded);
    va_secret_clear(&secret);
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, va_str(text, 516)), VA_OK);
    assert_null(secret.decoded);
    va_secret_clear(&secret);
}

static void unreadable_body(void **state)
{
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR("x"));
    request_add_header(&r, VA_STR("webhook-id"), VA_STR(ID));
    request_add_header(&r, VA_STR("webhook-timestamp"), VA_STR("1800000000"));
    request_add_header(&r, VA_STR("webhook-signature"), VA_STR(GOOD));
    r.req.now_ms = 1800000000000;
    r.broken = true;
    assert_int_equal(request_verify(&r, "standard_webhooks", VA_STR(SECRET)), VA_VERDICT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(vectors_of_openai),
        TEST(the_id_is_signed),
        TEST(ids_have_a_narrow_form),
        TEST(signature_lists),
        TEST(times_are_told_apart),
        TEST(secrets_are_read_as_meant),
        TEST(very_long_secret),
        TEST(unreadable_body),
    };

    return RUN("standard_webhooks", tests);
}

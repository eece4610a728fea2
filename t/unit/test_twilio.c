#include "core/signature.h"

#include "core/form.h"
#include "t/unit/request.h"

#define TOKEN "0f9e8d7c6b5a49382716050403020100"

/* The signature of a text under a token, as the header has it. */
static va_str_t sign(const char *text, const char *token)
{
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA1, va_str_c(token));
    va_str_t part = va_str_c(text);
    uint8_t mac[VA_DIGEST_MAX];
    char *out = test_alloc(&test_memory, VA_BASE64_LEN(20));
    size_t len;

    assert_int_equal(va_hmac(key, &part, 1, mac, &len), VA_OK);
    va_hmac_key_free(key);

    return va_str(out, va_base64_encode(out, mac, len));
}

static void build(struct request *r, const char *method, const char *url, const char *type,
                  const char *body, va_str_t signature)
{
    request_init(r, method, va_str_c(body));
    request_url(r, va_str_c(url));
    r->req.content_type = va_str_c(type);
    request_add_header(r, VA_STR("X-Twilio-Signature"), signature);
}

static void vectors(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/twilio.json"), "vectors");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        const char *id = need_string(c, "id").data;
        const char *expect = need_string(c, "expect").data;
        struct request r;

        request_init(&r, need_string(c, "method").data, need_string(c, "body"));
        request_url(&r, need_string(c, "url"));
        r.req.content_type = va_json_get_string(c, "content_type");
        if (strcmp(need_string(c, "kind").data, "websocket") == 0) {
            /* The configured origin is https; wss is what the scheme makes of it. */
            r.origin = VA_STR("https://voice.example.test");
            r.req.upgrade = true;
        }
        request_add_header(&r, VA_STR("x-twilio-signature"), need_string(c, "header"));

        va_verdict_t v = request_verify(&r, "twilio", need_string(c, "auth_token"));

        assert_case((v == VA_VERDICT_OK) == (strncmp(expect, "accept", 6) == 0), id);
    }
    assert_int_equal(n, 59);
}

static void port_is_tried_both_ways(void **state)
{
    static const struct {
        const char *origin;
        bool upgrade;
        const char *signed_url;
        bool ok;
    } cases[] = {
        {"https://a.example", false, "https://a.example:443/x", true},
        {"https://a.example", false, "https://a.example:80/x", false},
        {"http://a.example", false, "http://a.example:80/x", true},
        {"https://a.example:8443", false, "https://a.example/x", true},
        {"https://a.example:8443", false, "https://a.example:8443/x", true},
        {"https://a.example:8443", false, "https://a.example:443/x", false},
        {"https://[2001:db8::1]", false, "https://[2001:db8::1]/x", true},
        {"https://[2001:db8::1]", false, "https://[2001:db8::1]:443/x", true},
        {"https://[2001:db8::1]:8443", false, "https://[2001:db8::1]/x", true},
        {"https://a.example", true, "wss://a.example/x", true},
        {"https://a.example", true, "wss://a.example:443/x", true},
        {"https://a.example", true, "wss://a.example:443/x/", true},
        {"https://a.example:8443", true, "wss://a.example:8443/x/", true},
        {"http://a.example", true, "ws://a.example/x", true},
        {"http://a.example", true, "ws://a.example:80/x", true},
        {"https://a.example", true, "https://a.example/x", false},
        {"https://a.example", false, "wss://a.example/x", false},
        {"https://a.example", false, "https://a.example/x/", false},
        {"https://A.example", false, "https://A.example/x", true},
        {"https://A.example", false, "https://a.example/x", false},
        {"x", false, "x/x", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct request r;

        build(&r, "GET", "https://a.example/x", NULL, "", sign(cases[i].signed_url, TOKEN));
        r.origin = va_str_c(cases[i].origin);
        r.req.upgrade = cases[i].upgrade;
        assert_case(request_verify(&r, "twilio", VA_STR(TOKEN)) ==
                        (cases[i].ok ? VA_VERDICT_OK : VA_VERDICT_MISMATCH),
                    cases[i].signed_url);
    }
}

static void any_origin_may_match(void **state)
{
    const va_str_t origins[] = {VA_STR("https://old.example"), VA_STR("https://new.example")};
    struct request r;

    (void)state;
    build(&r, "GET", "https://a.example/x", NULL, "", sign("https://new.example/x", TOKEN));
    r.req.origins = origins;
    r.req.n_origins = 2;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_OK);
    r.req.n_origins = 1;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_MISMATCH);
    r.req.n_origins = 0;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_MISMATCH);
}

/* A slash is not put behind a query. */
static void upgrade_with_query_has_no_second_chance(void **state)
{
    struct request r;

    (void)state;
    build(&r, "GET", "https://a.example/x?t=1", NULL, "",
          sign("wss://a.example/x?t=1/", TOKEN));
    r.req.upgrade = true;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_MISMATCH);
}

/* A header is all it takes to call a request an upgrade; its body would be nobody's. */
static void upgrade_with_body_is_refused(void **state)
{
    struct request r;

    (void)state;
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded", "From=x",
          sign("wss://a.example/x", TOKEN));
    r.req.upgrade = true;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_MALFORMED);
    request_body(&r, VA_STR_NULL);
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_OK);
}

/*
 * Whoever has seen a signature over a URL alone must not get a body of his own
 * past it, whatever method and content type he gives it.
 */
static void no_body_is_left_unsigned(void **state)
{
    static const struct {
        const char *method;
        const char *type;
        const char *body;
        va_verdict_t verdict;
    } cases[] = {
        {"POST", "application/x-www-form-urlencoded", "", VA_VERDICT_OK},
        {"GET", NULL, "", VA_VERDICT_OK},
        {"POST", "application/x-www-form-urlencoded", "From=x", VA_VERDICT_MISMATCH},
        {"GET", "application/x-www-form-urlencoded", "From=x", VA_VERDICT_MISMATCH},
        {"POST", "APPLICATION/X-WWW-Form-Urlencoded ; charset=utf-8", "From=x",
         VA_VERDICT_MISMATCH},
        {"POST", "application/x-www-form-urlencoded-not", "From=x", VA_VERDICT_MALFORMED},
        {"POST", "text/plain", "From=x", VA_VERDICT_MALFORMED},
        {"POST", "multipart/form-data", "From=x", VA_VERDICT_MALFORMED},
        {"POST", NULL, "From=x", VA_VERDICT_MALFORMED},
        {"POST", "application/json", "{}", VA_VERDICT_MALFORMED},
        {"POST", "application/json; charset=utf-8", "", VA_VERDICT_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct request r;

        build(&r, cases[i].method, "https://a.example/x", cases[i].type, cases[i].body,
              sign("https://a.example/x", TOKEN));
        assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), cases[i].verdict);
    }
}

static void form_with_charset_is_a_form(void **state)
{
    struct request r;

    (void)state;
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded;charset=UTF-8",
          "b=2&a=1&&b=2&b=1", sign("https://a.example/xa1b1b2", TOKEN));
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_OK);
}

/* SHA-256 of "{}". */
#define HASH "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static va_verdict_t verify_json(const char *url)
{
    struct request r;

    build(&r, "POST", url, "application/json", "{}", sign(url, TOKEN));
    return request_verify(&r, "twilio", VA_STR(TOKEN));
}

static void hash_of_the_body_in_the_query(void **state)
{
    (void)state;
    assert_int_equal(verify_json("https://a.example/x?bodySHA256=" HASH), VA_VERDICT_OK);
    assert_int_equal(verify_json("https://a.example/x?a=1&bodySHA256=" HASH "&b=2"),
                     VA_VERDICT_OK);
    assert_int_equal(verify_json("https://a.example/x"), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodySHA256="), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodySHA256"), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodysha256=" HASH), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?xbodySHA256=" HASH),
                     VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/bodySHA256=" HASH), VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodySHA256=" HASH "0"),
                     VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodySHA256=" HASH "&bodySHA256=" HASH),
                     VA_VERDICT_MALFORMED);
    assert_int_equal(verify_json("https://a.example/x?bodySHA256=5" HASH),
                     VA_VERDICT_MALFORMED);
}

static va_verdict_t verify_accounts(struct request *r, const va_secret_t *secrets, size_t n,
                                    va_signature_result_t *result)
{
    return va_signature_verify(va_signature_scheme(VA_STR("twilio")), &r->req, NULL, secrets, n,
                               result);
}

static void the_account_chooses_the_secrets(void **state)
{
    va_secret_t secrets[4];
    va_signature_result_t result;
    struct request r;

    (void)state;
    va_secret_init(&secrets[0], VA_STR("AC1"), VA_STR("token one"));
    va_secret_init(&secrets[1], VA_STR("AC2"), VA_STR("token two, old"));
    va_secret_init(&secrets[2], VA_STR("AC2"), VA_STR("token two, new"));
    va_secret_init(&secrets[3], VA_STR_NULL, VA_STR("token of all"));

    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded",
          "AccountSid=AC2&a=1", sign("https://a.example/xAccountSidAC2a1", "token two, new"));
    assert_int_equal(verify_accounts(&r, secrets, 3, &result), VA_VERDICT_OK);
    assert_str(result.account, "AC2");
    assert_absent(result.signed_id);
    assert_int_equal(verify_accounts(&r, secrets, 1, &result), VA_VERDICT_ACCOUNT);
    assert_absent(result.account);
    assert_int_equal(verify_accounts(&r, secrets, 2, &result), VA_VERDICT_MISMATCH);
    assert_int_equal(verify_accounts(&r, secrets, 0, &result), VA_VERDICT_ACCOUNT);

    /* Account 1 cannot sign for account 2. */
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded",
          "AccountSid=AC2&a=1", sign("https://a.example/xAccountSidAC2a1", "token one"));
    assert_int_equal(verify_accounts(&r, secrets, 3, &result), VA_VERDICT_MISMATCH);

    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded",
          "AccountSid=AC3&a=1", sign("https://a.example/xAccountSidAC3a1", "token of all"));
    assert_int_equal(verify_accounts(&r, secrets, 4, &result), VA_VERDICT_OK);
    assert_absent(result.account);
    assert_int_equal(verify_accounts(&r, secrets, 3, &result), VA_VERDICT_ACCOUNT);

    /* Nor by not naming one: a form without its account is for tokens that serve any. */
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded", "a=1",
          sign("https://a.example/xa1", "token one"));
    assert_int_equal(verify_accounts(&r, secrets, 3, &result), VA_VERDICT_ACCOUNT);
    assert_int_equal(verify_accounts(&r, secrets, 4, &result), VA_VERDICT_MISMATCH);

    /* Of two names the first one sent counts, wherever sorting puts it. */
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded",
          "AccountSid=AC2&AccountSid=AC1",
          sign("https://a.example/xAccountSidAC1AccountSidAC2", "token one"));
    assert_int_equal(verify_accounts(&r, secrets, 3, &result), VA_VERDICT_MISMATCH);

    /* Where there is no form all are tried. */
    build(&r, "GET", "https://a.example/x", NULL, "", sign("https://a.example/x", "token one"));
    assert_int_equal(verify_accounts(&r, secrets, 4, &result), VA_VERDICT_OK);
    assert_str(result.account, "AC1");

    for (size_t i = 0; i < 4; i++)
        va_secret_clear(&secrets[i]);
}

static void sizes_are_limited(void **state)
{
    va_buf_t body;
    struct request r;

    (void)state;
    va_buf_init(&body, &test_mem, 0);
    for (int i = 0; i <= VA_FORM_MAX_PAIRS; i++)
        va_buf_add_c(&body, "a=1&");
    va_buf_add(&body, "", 1);
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded", body.data,
          sign("https://a.example/x", TOKEN));
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_LIMIT);

    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded", "a=1",
          sign("https://a.example/xa1", TOKEN));
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_OK);
    r.body.length = (1 << 20) + 1;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_LIMIT);
}

static void a_body_that_cannot_be_read(void **state)
{
    va_signature_result_t result;
    struct request r;
    va_secret_t any;

    (void)state;
    assert_int_equal(va_secret_init(&any, VA_STR_NULL, VA_STR(TOKEN)), VA_OK);
    build(&r, "POST", "https://a.example/x", "application/x-www-form-urlencoded", "a=1&b=2",
          sign("https://a.example/xa1b2", TOKEN));
    r.broken = true;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_ERROR);
    r.broken_from = 1;
    r.piece = 2;
    assert_int_equal(va_signature_verify(va_signature_scheme(VA_STR("twilio")), &r.req, NULL,
                                         &any, 1, &result),
                     VA_VERDICT_ERROR);
    va_secret_clear(&any);
    r.broken = false;
    r.body.length = 8; /* more than comes */
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_ERROR);
    r.body.length = 6; /* less than comes */
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_ERROR);

    build(&r, "POST", "https://a.example/x?bodySHA256=" HASH, "application/json", "{}",
          sign("https://a.example/x?bodySHA256=" HASH, TOKEN));
    r.broken = true;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_ERROR);
}

static void no_body_at_all(void **state)
{
    struct request r;

    (void)state;
    build(&r, "GET", "https://a.example/x", NULL, "", sign("https://a.example/x", TOKEN));
    r.req.body = NULL;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_OK);
    r.req.target = VA_STR_NULL;
    assert_int_equal(request_verify(&r, "twilio", VA_STR(TOKEN)), VA_VERDICT_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(port_is_tried_both_ways),
        TEST(any_origin_may_match),
        TEST(upgrade_with_query_has_no_second_chance),
        TEST(upgrade_with_body_is_refused),
        TEST(no_body_is_left_unsigned),
        TEST(form_with_charset_is_a_form),
        TEST(hash_of_the_body_in_the_query),
        TEST(the_account_chooses_the_secrets),
        TEST(sizes_are_limited),
        TEST(a_body_that_cannot_be_read),
        TEST(no_body_at_all),
    };

    return RUN("twilio", tests);
}

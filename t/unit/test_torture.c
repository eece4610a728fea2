/*
 * Lets the first allocation fail, then the second, and so on until all goes well:
 * nothing crashes, nothing leaks, nothing is taken for good on the way. Three kinds
 * are failed: the caller's memory, malloc() within core/ (--wrap in rules.mk), and
 * OpenSSL's.
 */
#define _GNU_SOURCE
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "core/form.h"
#include "core/job.h"
#include "core/jwt.h"
#include "core/signature.h"
#include "t/unit/keys.h"
#include "t/unit/request.h"

void *__real_malloc(size_t size);
void *__real_realloc(void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *data, size_t size);

/* An allocator that fails once, and only within the call under test. */
struct counter {
    size_t count;
    size_t fail_at;
};

static bool failing;
static struct counter own, openssl;

static bool fails(struct counter *c)
{
    return failing && ++c->count == c->fail_at;
}

void *__wrap_malloc(size_t size)
{
    return fails(&own) ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *data, size_t size)
{
    return fails(&own) ? NULL : __real_realloc(data, size);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;

    return fails(&openssl) ? NULL : __real_malloc(size);
}

static void *openssl_realloc(void *data, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;

    return fails(&openssl) ? NULL : __real_realloc(data, size);
}

static void openssl_free(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    free(data);
}

/* True when it succeeded. It must take running out of memory for nothing else. */
typedef bool (*work)(void);

static bool run(work do_it, size_t caller_at, size_t own_at, size_t openssl_at)
{
    test_memory.allocations = 0;
    test_memory.fail_at = caller_at;
    own = (struct counter){0, own_at};
    openssl = (struct counter){0, openssl_at};
    failing = true;

    bool ok = do_it();

    failing = false;
    test_memory.fail_at = 0;
    ERR_clear_error();

    return ok;
}

/*
 * What is expected is how many allocations of each kind there are at least: a test
 * that failed none would show nothing. OpenSSL does without some of its own.
 */
static void torture(work do_it, size_t least_caller, size_t least_own, size_t least_openssl)
{
    size_t n;

    assert_true(run(do_it, 0, 0, 0));
    assert_true(test_memory.allocations >= least_caller);
    assert_true(own.count >= least_own);
    assert_true(openssl.count >= least_openssl);

    size_t all = openssl.count;

    for (n = 1; !run(do_it, n, 0, 0); n++)
        ;
    assert_true(n > least_caller);
    for (n = 1; !run(do_it, 0, n, 0); n++)
        ;
    assert_true(n > least_own);
    for (n = 1; n <= all; n++)
        run(do_it, 0, 0, n);
    assert_true(run(do_it, 0, 0, 0));
}

/* Memory of the work's input, which must be there before. */
static va_str_t input;
static va_jwks_t *keys;
static va_secret_t secret;
static EVP_PKEY *rsa, *ec, *ed;
static struct request request;

/* More than 16 members (sorted), escapes (yajl's buffer), a depth that grows yajl's stack. */
static va_str_t large_document(void)
{
    va_buf_t text;

    va_buf_init(&text, &test_mem, 0);
    va_buf_add_c(&text, "{\"deep\":");
    for (int i = 0; i < 200; i++)
        va_buf_add_char(&text, '[');
    for (int i = 0; i < 200; i++)
        va_buf_add_char(&text, ']');
    for (int i = 0; i < 20; i++) {
        va_buf_add_c(&text, ",\"m");
        va_buf_add_int(&text, i);
        va_buf_add_c(&text, "\":1");
    }
    va_buf_add_c(&text, ",\"escaped\":\"");
    for (int i = 0; i < 1000; i++)
        va_buf_add_c(&text, "\\u00e9\\n");
    va_buf_add_c(&text, "\"}");

    return va_buf_str(&text);
}

static bool parse_work(void)
{
    const va_json_limits_t limits = {1 << 20, 300, 10000};
    const va_json_t *root = (const va_json_t *)&input;
    va_status_t status = va_json_parse(&test_mem, input, &limits, &root);

    if (status == VA_OK)
        return root->count == 22;
    assert_int_equal(status, VA_ENOMEM);
    assert_null(root);

    return false;
}

static void json(void **state)
{
    (void)state;
    input = large_document();
    torture(parse_work, 250, 8, 0);
}

static bool scan_work(void)
{
    const va_str_t pointers[] = {VA_STR("/escaped"), VA_STR("/m3"), VA_STR("/deep/0/0")};
    va_str_t values[3];
    va_status_t status = va_json_scan(&test_mem, input, SIZE_MAX, pointers, 3, values);

    if (status == VA_OK)
        return values[0].len == 3000 && str_is(values[1], "1") && values[2].data == NULL;
    assert_int_equal(status, VA_ENOMEM);
    assert_absent(values[1]);

    return false;
}

static void json_scan(void **state)
{
    (void)state;
    input = large_document();
    torture(scan_work, 6, 5, 0);
}

static bool form_work(void)
{
    va_form_t form;
    va_status_t status = va_form_parse(&test_mem, VA_STR("a=1&b=%41"), &form);

    if (status == VA_OK)
        return form.count == 2;
    assert_int_equal(status, VA_ENOMEM);

    return false;
}

static void form(void **state)
{
    (void)state;
    torture(form_work, 2, 0, 0);
}

static bool job_work(void)
{
    va_header_t headers[] = {
        {VA_STR("a"), VA_STR("1")}, {VA_STR("a"), VA_STR("\xff")}, {VA_STR("b"), VA_STR("3")}};
    const va_job_t job = {
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .auth_scheme = VA_STR("jwt"),
        .auth_claims = VA_STR("{\"a\":[1]}"),
        .http_uri = VA_STR("/\xff"),
        .headers = headers,
        .n_headers = 3,
        .body = VA_STR("\xff\x00"),
    };
    va_buf_t out;
    va_job_t back;

    va_buf_init(&out, &test_mem, 0);

    va_status_t status = va_job_write(&out, &job);

    if (status == VA_OK)
        status = va_job_parse(&test_mem, va_buf_str(&out), &back);
    if (status == VA_OK)
        return back.n_headers == 3 && back.body.len == 2 && back.claims != NULL &&
               str_is(back.auth_claims, "{\"a\":[1]}");
    assert_int_equal(status, VA_ENOMEM);

    return false;
}

static void job(void **state)
{
    (void)state;
    torture(job_work, 30, 8, 0);
}

static bool reply_work(void)
{
    va_header_t header = {VA_STR("location"), VA_STR("/x")};
    const va_reply_t reply = {.id = VA_STR("j"),
                              .status = 302,
                              .headers = &header,
                              .n_headers = 1,
                              .body = VA_STR("\xff")};
    const va_reply_t stored = {.id = VA_STR("j"), .stored = true};
    va_reply_t back;
    va_buf_t out;

    va_buf_init(&out, &test_mem, 0);

    va_status_t status = va_reply_write(&out, &stored);

    va_buf_init(&out, &test_mem, 0);
    if (status == VA_OK)
        status = va_reply_write(&out, &reply);
    if (status == VA_OK)
        status = va_reply_parse(&test_mem, va_buf_str(&out), &back);
    if (status == VA_OK)
        return back.status == 302 && back.n_headers == 1 && back.body.len == 1;
    assert_int_equal(status, VA_ENOMEM);

    return false;
}

static void reply(void **state)
{
    (void)state;
    torture(reply_work, 15, 8, 0);
}

#define SECRET "0123456789abcdef0123456789abcdef"

static bool jwt_work(void)
{
    const va_jwt_policy_t policy = {.algs = VA_JWT_ALG_BIT(VA_HS256)};
    va_buf_t out;
    va_jwt_t jwt;

    va_buf_init(&out, &test_mem, 0);

    va_status_t status =
        va_jwt_sign(&out, VA_STR("k"), VA_STR(SECRET), VA_STR("{\"exp\":1800000100}"));

    if (status != VA_OK) {
        assert_true(status == VA_ENOMEM || status == VA_ECRYPTO);
        return false;
    }

    va_jwt_verdict_t v =
        va_jwt_verify(&test_mem, keys, &policy, va_buf_str(&out), 1800000000, &jwt);

    if (v == VA_JWT_OK)
        return jwt.claims != NULL;
    assert_int_equal(v, VA_JWT_ERROR);
    assert_null(jwt.claims);

    return false;
}

static void jwt(void **state)
{
    (void)state;
    keys = va_jwks_new();
    assert_int_equal(va_jwks_add_secret(keys, VA_STR_NULL, VA_STR(SECRET)), VA_OK);
    torture(jwt_work, 10, 8, 10);
    va_jwks_free(keys);
}

static bool jwks_work(void)
{
    va_jwks_t *set = va_jwks_new();

    if (set == NULL)
        return false;

    va_status_t status = va_jwks_add_document(set, input, VA_RS256);
    size_t n = va_jwks_count(set);

    va_jwks_free(set);
    if (status == VA_OK)
        return n == 3;
    assert_int_equal(status, VA_ENOMEM);
    assert_int_equal(n, 0);

    return false;
}

static void jwks(void **state)
{
    va_str_t r = rsa_jwk(rsa, ""), e = ec_jwk(ec, ""), d = ed_jwk(ed, "");

    (void)state;
    input = joined("{\"keys\":[%.*s,%.*s,%.*s]}", S(r), S(e), S(d));
    torture(jwks_work, 0, 15, 50);
}

static bool pem_work(void)
{
    va_jwks_t *set = va_jwks_new();

    if (set == NULL)
        return false;

    va_status_t status = va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, input);
    va_status_t other = va_jwks_add_secret(set, VA_STR_NULL, VA_STR(SECRET));
    size_t n = va_jwks_count(set);

    va_jwks_free(set);
    /* OpenSSL's decoders do not always tell why they found no key, or half of one. */
    assert_true(other == VA_OK || other == VA_ECRYPTO);
    assert_int_equal(n, (status == VA_OK) + (other == VA_OK));

    return n == 2;
}

static void pem(void **state)
{
    (void)state;
    input = public_pem(rsa);
    torture(pem_work, 0, 0, 30);
}

static bool public_work(void)
{
    const va_jwt_policy_t policy = {.algs =
                                        VA_JWT_ALG_BIT(VA_PS256) | VA_JWT_ALG_BIT(VA_ES256)};
    va_jwt_t out;
    va_jwt_verdict_t v = va_jwt_verify(&test_mem, keys, &policy, input, 1800000000, &out);

    assert_int_equal(v == VA_JWT_OK, out.claims != NULL);
    assert_true(v == VA_JWT_OK || v == VA_JWT_ERROR || v == VA_JWT_SIGNATURE);

    return v == VA_JWT_OK;
}

static void public_keys(void **state)
{
    static const char claims[] = "{\"exp\":1800000100}";

    (void)state;
    keys = va_jwks_new();
    assert_int_equal(va_jwks_add_pem(keys, VA_STR_NULL, VA_PS256, public_pem(rsa)), VA_OK);
    assert_int_equal(va_jwks_add_pem(keys, VA_STR_NULL, VA_ES256, public_pem(ec)), VA_OK);
    input = sign_token(rsa, VA_PS256, "{\"alg\":\"PS256\"}", claims);
    torture(public_work, 5, 4, 5);
    input = sign_token(ec, VA_ES256, "{\"alg\":\"ES256\"}", claims);
    torture(public_work, 5, 4, 5);
    va_jwks_free(keys);
}

static bool secret_work(void)
{
    va_secret_t s;
    va_status_t status =
        va_secret_init(&s, VA_STR_NULL, VA_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    bool whole = status == VA_OK && s.decoded != NULL;

    if (status == VA_OK)
        va_secret_clear(&s);
    else
        assert_int_equal(status, VA_ECRYPTO);

    return whole;
}

static void secrets(void **state)
{
    (void)state;
    torture(secret_work, 0, 0, 20);
}

static const char *scheme;

static bool signature_work(void)
{
    const va_signature_scheme_t *s = va_signature_scheme(va_str_c(scheme));
    va_signature_result_t result;
    va_verdict_t v = va_signature_verify(s, &request.req, NULL, &secret, 1, &result);

    if (v == VA_VERDICT_OK)
        return true;
    assert_int_equal(v, VA_VERDICT_ERROR);

    return false;
}

/* The documentation's example, its body in pieces, so that it has to be put together. */
static void twilio(void **state)
{
    (void)state;
    request_init(&request, "POST",
                 VA_STR("Digits=1234&To=%2B18005551212&From=%2B14158675310&"
                        "Caller=%2B14158675310&CallSid=CA1234567890ABCDE"));
    request_url(&request, VA_STR("https://example.com/myapp.php?foo=1&bar=2"));
    request.req.content_type = VA_STR("application/x-www-form-urlencoded");
    request.piece = 10;
    request_add_header(&request, VA_STR("x-twilio-signature"),
                       VA_STR("L/OH5YylLD5NRKLltdqwSvS0BnU="));
    scheme = "twilio";
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, VA_STR("12345")), VA_OK);
    torture(signature_work, 4, 0, 4);
    va_secret_clear(&secret);
}

static void hubspot(void **state)
{
    (void)state;
    request_init(&request, "POST", VA_STR("{\"example_field\":\"example_value\"}"));
    request_url(&request, VA_STR("https://www.example.com/webhook_uri"));
    request.req.now_ms = 1800000000000;
    request_add_header(&request, VA_STR("x-hubspot-signature-v3"),
                       VA_STR("ueBy2Y5FHNaJw0rbGQTuipspTtlJngh+O1lnGMABNck="));
    request_add_header(&request, VA_STR("x-hubspot-request-timestamp"),
                       VA_STR("1799999999000"));
    scheme = "hubspot";
    assert_int_equal(
        va_secret_init(&secret, VA_STR_NULL, VA_STR("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")),
        VA_OK);
    torture(signature_work, 1, 0, 4);
    va_secret_clear(&secret);
}

static void twilio_hash(void **state)
{
    (void)state;
    request_init(&request, "POST", VA_STR("{\"property\": \"value\", \"boolean\": true}"));
    request_url(&request,
                VA_STR("https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256="
                       "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"));
    request.req.content_type = VA_STR("application/json");
    request_add_header(&request, VA_STR("x-twilio-signature"),
                       VA_STR("a9nBmqA0ju/hNViExpshrM61xv4="));
    scheme = "twilio";
    assert_int_equal(va_secret_init(&secret, VA_STR_NULL, VA_STR("12345")), VA_OK);
    torture(signature_work, 0, 0, 5);
    va_secret_clear(&secret);
}

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    return rsa == NULL || ec == NULL || ed == NULL;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);

    return 0;
}

int main(void)
{
    /* Before OpenSSL allocates anything, or it keeps its own. */
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
        return 1;

    const struct CMUnitTest tests[] = {
        TEST(json),   TEST(json_scan),   TEST(form),    TEST(job),         TEST(reply),
        TEST(jwt),    TEST(jwks),        TEST(pem),     TEST(public_keys), TEST(secrets),
        TEST(twilio), TEST(twilio_hash), TEST(hubspot),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("torture", tests, make_keys, free_keys);
}

#include "core/signature.h"

#include "t/unit/request.h"

static void vectors(void **state)
{
    const va_json_t *cases = need(read_json("t/vectors/shopify.json"), "vectors");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = cases->first; c != NULL; c = c->next, n++) {
        struct request r;

        request_init(&r, "POST", decode_base64(need_string(c, "body_b64")));
        request_add_headers(&r, need(c, "headers"));

        va_verdict_t v = request_verify(&r, "shopify", need_string(c, "secret"));

        assert_case((v == VA_VERDICT_OK) == str_is(need_string(c, "expect"), "accept"),
                    need_string(c, "id").data);
    }
    assert_int_equal(n, 25);
}

static va_str_t sign(const char *body, const char *secret)
{
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, va_str_c(secret));
    va_str_t part = va_str_c(body);
    uint8_t mac[VA_DIGEST_MAX];
    char *out = test_alloc(&test_memory, VA_BASE64_LEN(32));
    size_t len;

    assert_int_equal(va_hmac(key, &part, 1, mac, &len), VA_OK);
    va_hmac_key_free(key);

    return va_str(out, va_base64_encode(out, mac, len));
}

static void the_shop_chooses_the_secrets(void **state)
{
    const va_signature_scheme_t *scheme = va_signature_scheme(VA_STR("shopify"));
    va_signature_result_t result;
    va_secret_t secrets[2];
    struct request r;

    (void)state;
    va_secret_init(&secrets[0], VA_STR("one.myshopify.com"), VA_STR("one"));
    va_secret_init(&secrets[1], VA_STR("two.myshopify.com"), VA_STR("two"));
    request_init(&r, "POST", VA_STR("{}"));
    request_add_header(&r, VA_STR("x-shopify-hmac-sha256"), sign("{}", "two"));
    request_add_header(&r, VA_STR("x-shopify-shop-domain"), VA_STR("TWO.myshopify.com"));
    request_add_header(&r, VA_STR("x-shopify-topic"), VA_STR("orders/create"));
    request_add_header(&r, VA_STR("x-shopify-api-version"), VA_STR("2026-07"));
    request_add_header(&r, VA_STR("x-shopify-webhook-id"), VA_STR("w1"));

    assert_int_equal(va_signature_verify(scheme, &r.req, NULL, secrets, 2, &result),
                     VA_VERDICT_OK);
    assert_str(result.account, "two.myshopify.com");
    /* The id of the delivery is not signed. */
    assert_absent(result.signed_id);
    assert_int_equal(va_signature_verify(scheme, &r.req, NULL, secrets, 1, &result),
                     VA_VERDICT_ACCOUNT);
    r.headers[1].value = VA_STR("one.myshopify.com");
    assert_int_equal(va_signature_verify(scheme, &r.req, NULL, secrets, 2, &result),
                     VA_VERDICT_MISMATCH);
    assert_absent(result.account);

    va_secret_clear(&secrets[0]);
    va_secret_clear(&secrets[1]);
}

static void unreadable_body(void **state)
{
    struct request r;

    (void)state;
    request_init(&r, "POST", VA_STR("{}"));
    request_add_header(&r, VA_STR("x-shopify-hmac-sha256"), sign("{}", "one"));
    request_add_header(&r, VA_STR("x-shopify-shop-domain"), VA_STR("one.myshopify.com"));
    request_add_header(&r, VA_STR("x-shopify-topic"), VA_STR("orders/create"));
    request_add_header(&r, VA_STR("x-shopify-api-version"), VA_STR("2026-07"));
    request_add_header(&r, VA_STR("x-shopify-webhook-id"), VA_STR("w1"));
    assert_int_equal(request_verify(&r, "shopify", VA_STR("one")), VA_VERDICT_OK);
    r.broken = true;
    assert_int_equal(request_verify(&r, "shopify", VA_STR("one")), VA_VERDICT_ERROR);
    r.req.body = NULL;
    assert_int_equal(request_verify(&r, "shopify", VA_STR("one")), VA_VERDICT_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(the_shop_chooses_the_secrets),
        TEST(unreadable_body),
    };

    return RUN("shopify", tests);
}

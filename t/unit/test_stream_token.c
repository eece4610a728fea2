#include "core/stream_token.h"

#include "core/base64.h"
#include "t/unit/support.h"

#define NOW 1760000000

static va_secret_t keys[2], foreign;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(
        va_secret_init(&keys[0], VA_STR_NULL, VA_STR("the key that signs now, of length")),
        VA_OK);
    assert_int_equal(
        va_secret_init(&keys[1], VA_STR_NULL, VA_STR("the key before, still believed in")),
        VA_OK);
    assert_int_equal(
        va_secret_init(&foreign, VA_STR_NULL, VA_STR("a key of somebody else altogether")),
        VA_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    va_secret_clear(&keys[0]);
    va_secret_clear(&keys[1]);
    va_secret_clear(&foreign);
    return 0;
}

static va_stream_token_t sample(void)
{
    return (va_stream_token_t){.purpose = VA_TOKEN_STREAM,
                               .call = VA_STR("CA0123456789abcdef0123456789abcdef"),
                               .organization = VA_STR("d0000000-0000-4000-8000-000000000001"),
                               .epoch = 3,
                               .expires = NOW + 30,
                               .nonce = VA_STR("0123456789abcdef")};
}

static va_str_t mint(const va_secret_t *key, const va_stream_token_t *token)
{
    va_buf_t out;

    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_stream_token_mint(&out, key, token), VA_OK);
    return exact(va_buf_str(&out));
}

static va_verdict_t verify(va_str_t text, va_stream_token_t *token)
{
    return va_stream_token_verify(&test_mem, keys, 2, VA_TOKEN_STREAM, text, NOW, token);
}

static void what_was_minted_is_read(void **state)
{
    va_stream_token_t in = sample(), out;
    va_str_t text = mint(&keys[0], &in);

    (void)state;
    for (size_t i = 0; i < text.len; i++)
        assert_non_null(strchr(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", text.data[i]));
    assert_int_equal(verify(text, &out), VA_VERDICT_OK);
    assert_true(va_str_eq(out.call, in.call));
    assert_true(va_str_eq(out.organization, in.organization));
    assert_true(va_str_eq(out.nonce, in.nonce));
    assert_int_equal(out.epoch, 3);
    assert_int_equal(out.expires, NOW + 30);
    assert_int_equal(out.purpose, VA_TOKEN_STREAM);
}

static void both_live_keys_verify_and_no_other(void **state)
{
    va_stream_token_t in = sample(), out;

    (void)state;
    assert_int_equal(verify(mint(&keys[1], &in), &out), VA_VERDICT_OK);
    assert_int_equal(verify(mint(&foreign, &in), &out), VA_VERDICT_MISMATCH);
    assert_int_equal(va_stream_token_verify(&test_mem, keys, 0, VA_TOKEN_STREAM,
                                            mint(&keys[0], &in), NOW, &out),
                     VA_VERDICT_MISMATCH);
}

static void a_token_opens_what_it_is_for(void **state)
{
    va_stream_token_t in = sample(), out;

    (void)state;
    in.purpose = VA_TOKEN_CALL;
    assert_int_equal(verify(mint(&keys[0], &in), &out), VA_VERDICT_MISMATCH);
    assert_int_equal(va_stream_token_verify(&test_mem, keys, 2, VA_TOKEN_CALL,
                                            mint(&keys[0], &in), NOW, &out),
                     VA_VERDICT_OK);
}

static void it_expires_on_the_second(void **state)
{
    va_stream_token_t in = sample(), out;

    (void)state;
    in.expires = NOW + 1;
    assert_int_equal(verify(mint(&keys[0], &in), &out), VA_VERDICT_OK);
    in.expires = NOW;
    assert_int_equal(verify(mint(&keys[0], &in), &out), VA_VERDICT_STALE);
}

/* Every single character changed to another of the alphabet, and every shorter text. */
static void no_changed_text_verifies(void **state)
{
    va_stream_token_t in = sample(), out;
    va_str_t text = mint(&keys[0], &in);
    char *changed = test_alloc(&test_memory, text.len);

    (void)state;
    for (size_t i = 0; i < text.len; i++) {
        memcpy(changed, text.data, text.len);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify(va_str(changed, text.len), &out), VA_VERDICT_OK);
        assert_int_not_equal(verify(va_str(text.data, i), &out), VA_VERDICT_OK);
    }
}

static va_str_t signed_text(const char *plain)
{
    char *body = test_alloc(&test_memory, VA_BASE64_LEN(strlen(plain)));
    char *out = test_alloc(&test_memory, VA_BASE64_LEN(strlen(plain)) + 64);
    size_t len = va_base64url_encode(body, plain, strlen(plain)), mac_len;
    uint8_t mac[VA_DIGEST_MAX];
    va_str_t part = va_str(body, len);

    assert_int_equal(va_hmac(keys[0].hmac[VA_SHA256], &part, 1, mac, &mac_len), VA_OK);
    memcpy(out, body, len);
    out[len] = '.';
    return va_str(out, len + 1 + va_base64url_encode(out + len + 1, mac, mac_len));
}

/* Signed by a live key and yet no token: another program of ours may sign other texts. */
static void what_is_signed_must_be_a_token_too(void **state)
{
    static const char *const bad[] = {
        "s CA1 org 0 1760000030",
        "s CA1 org 0 1760000030 0123456789abcdef more",
        "s CA1 org 00 1760000030 0123456789abcdef",
        "s CA1 org -1 1760000030 0123456789abcdef",
        "s CA1 org 0 +1760000030 0123456789abcdef",
        "s CA1 org 0 9999999999999999999 0123456789abcdef",
        "s CA1 org 0 1760000030 0123456789ABCDEF",
        "s CA1 org 0 1760000030 0123",
        "s CA/1 org 0 1760000030 0123456789abcdef",
        "s  org 0 1760000030 0123456789abcdef",
        "ss CA1 org 0 1760000030 0123456789abcdef",
        "",
    };
    va_stream_token_t out;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(verify(signed_text(bad[i]), &out) == VA_VERDICT_MALFORMED, bad[i]);
    assert_int_equal(verify(signed_text("s CA1 org 0 1760000030 0123456789abcdef"), &out),
                     VA_VERDICT_OK);
}

static void what_a_token_cannot_hold_is_not_minted(void **state)
{
    va_stream_token_t in;
    va_buf_t out;

    (void)state;
    va_buf_init(&out, &test_mem, 0);
    in = sample();
    in.call = VA_STR("CA1 CA2");
    assert_int_equal(va_stream_token_mint(&out, &keys[0], &in), VA_ESYNTAX);
    in = sample();
    in.organization = VA_STR_NULL;
    assert_int_equal(va_stream_token_mint(&out, &keys[0], &in), VA_ESYNTAX);
    in = sample();
    in.nonce = VA_STR("xyz");
    assert_int_equal(va_stream_token_mint(&out, &keys[0], &in), VA_ESYNTAX);
    in = sample();
    in.epoch = -1;
    assert_int_equal(va_stream_token_mint(&out, &keys[0], &in), VA_ESYNTAX);
    assert_int_equal(out.len, 0);
}

static void texts_that_are_none(void **state)
{
    static const char *const bad[] = {"", ".", "a", "a.", ".a", "a.b.c", "a b.c", "=.="};
    char longest[VA_STREAM_TOKEN_MAX + 2];
    va_stream_token_t out;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(verify(va_str_c(bad[i]), &out) != VA_VERDICT_OK, bad[i]);
    memset(longest, 'A', sizeof(longest));
    longest[10] = '.';
    assert_int_equal(verify(va_str(longest, sizeof(longest)), &out), VA_VERDICT_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_minted_is_read),
        TEST(both_live_keys_verify_and_no_other),
        TEST(a_token_opens_what_it_is_for),
        TEST(it_expires_on_the_second),
        TEST(no_changed_text_verifies),
        TEST(what_is_signed_must_be_a_token_too),
        TEST(what_a_token_cannot_hold_is_not_minted),
        TEST(texts_that_are_none),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("stream_token", tests, setup, teardown);
}

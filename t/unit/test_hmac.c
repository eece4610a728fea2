#include "core/hmac.h"

#include "core/base64.h"
#include "t/unit/support.h"

static void assert_mac(va_digest_t digest, va_str_t key, const va_str_t *parts, size_t n,
                       const char *expected)
{
    uint8_t mac[VA_DIGEST_MAX];
    char hex[2 * VA_DIGEST_MAX];
    size_t len;
    va_hmac_key_t *k = va_hmac_key_new(digest, key);

    assert_non_null(k);
    assert_int_equal(va_hmac(k, parts, n, mac, &len), VA_OK);
    assert_int_equal(len, va_digest_size(digest));
    va_hex_encode(hex, mac, len);
    assert_str(va_str(hex, 2 * len), expected);
    va_hmac_key_free(k);
}

/* RFC 2202 section 3 and RFC 4231 section 4.3: key "Jefe". */
static void rfc_vectors(void **state)
{
    const va_str_t data = VA_STR("what do ya want for nothing?");

    (void)state;
    assert_mac(VA_SHA1, VA_STR("Jefe"), &data, 1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_mac(VA_SHA256, VA_STR("Jefe"), &data, 1,
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_mac(
        VA_SHA384, VA_STR("Jefe"), &data, 1,
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
        "8b3239ecfab21649");
    assert_mac(
        VA_SHA512, VA_STR("Jefe"), &data, 1,
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
        "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

/* RFC 4231 section 4.7: a key longer than a block. */
static void long_key(void **state)
{
    const va_str_t data = VA_STR("Test Using Larger Than Block-Size Key - Hash Key First");
    char key[131];

    (void)state;
    memset(key, 0xaa, sizeof(key));
    assert_mac(VA_SHA256, va_str(key, sizeof(key)), &data, 1,
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void parts_are_one_text(void **state)
{
    const va_str_t parts[] = {VA_STR("what do ya "), VA_STR_NULL, VA_STR("want for "),
                              VA_STR(""), VA_STR("nothing?")};

    (void)state;
    assert_mac(VA_SHA256, VA_STR("Jefe"), parts, 5,
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void empty_key_and_text(void **state)
{
    (void)state;
    assert_mac(VA_SHA256, VA_STR_NULL, NULL, 0,
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* A key is not used up, and two computations under it do not mix. */
static void computations_are_independent(void **state)
{
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, VA_STR("Jefe"));
    va_hmac_t *a = va_hmac_begin(key);
    va_hmac_t *b = va_hmac_begin(key);
    va_hmac_t *given_up = va_hmac_begin(key);
    uint8_t mac_a[VA_DIGEST_MAX], mac_b[VA_DIGEST_MAX];
    size_t len;

    (void)state;
    assert_int_equal(va_hmac_update(a, "what do ya want ", 16), VA_OK);
    assert_int_equal(va_hmac_update(given_up, "x", 1), VA_OK);
    va_hmac_abort(given_up);
    assert_int_equal(va_hmac_update(b, "what do ya want for nothing?", 28), VA_OK);
    assert_int_equal(va_hmac_update(a, "for nothing?", 12), VA_OK);
    assert_int_equal(va_hmac_end(a, mac_a, &len), VA_OK);
    va_hmac_key_free(key);
    assert_int_equal(va_hmac_end(b, mac_b, &len), VA_OK);
    assert_int_equal(len, 32);
    assert_memory_equal(mac_a, mac_b, 32);
    va_hmac_abort(NULL);
    va_hmac_key_free(NULL);
}

static void sha256(void **state)
{
    uint8_t hash[32];
    char hex[64];

    (void)state;
    assert_int_equal(va_sha256(VA_STR("abc"), hash), VA_OK);
    va_hex_encode(hex, hash, 32);
    assert_str(va_str(hex, 64),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(va_sha256(VA_STR_NULL, hash), VA_OK);
    va_hex_encode(hex, hash, 32);
    assert_str(va_str(hex, 64),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void comparison(void **state)
{
    (void)state;
    assert_true(va_equal_ct(VA_STR("secret"), VA_STR("secret")));
    assert_false(va_equal_ct(VA_STR("secret"), VA_STR("secreT")));
    assert_false(va_equal_ct(VA_STR("Secret"), VA_STR("secret")));
    assert_false(va_equal_ct(VA_STR("secret"), VA_STR("secrets")));
    assert_false(va_equal_ct(VA_STR("s\0a"), VA_STR("s\0b")));
    assert_true(va_equal_ct(VA_STR_NULL, VA_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc_vectors),
        TEST(long_key),
        TEST(parts_are_one_text),
        TEST(empty_key_and_text),
        TEST(computations_are_independent),
        TEST(sha256),
        TEST(comparison),
    };

    return RUN("hmac", tests);
}

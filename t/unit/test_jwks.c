#define _GNU_SOURCE
#include "core/jwks.h"

#include <openssl/err.h>

#include "t/unit/keys.h"

static EVP_PKEY *rsa, *weak_rsa, *e3_rsa, *ec, *p384, *ed, *x25519;

static EVP_PKEY *rsa_with_exponent(unsigned bits, unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    BIGNUM *e = BN_new();

    BN_set_word(e, exponent);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits);
    assert_true(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) > 0);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);

    return key;
}

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    weak_rsa = EVP_RSA_gen(1024);
    e3_rsa = rsa_with_exponent(2048, 3);
    ec = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");

    return rsa == NULL || weak_rsa == NULL || ec == NULL || p384 == NULL || ed == NULL ||
           x25519 == NULL;
}

static int free_keys(void **state)
{
    EVP_PKEY *all[] = {rsa, weak_rsa, e3_rsa, ec, p384, ed, x25519};

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        EVP_PKEY_free(all[i]);

    return 0;
}

/* How many keys a document of that one JWK gives. */
static size_t usable(va_str_t jwk)
{
    va_jwks_t *set = va_jwks_new();
    va_str_t document = joined("{\"keys\":[%.*s]}", S(jwk));

    assert_int_equal(va_jwks_add_document(set, document, VA_RS256), VA_OK);
    assert_int_equal(ERR_peek_error(), 0);

    size_t n = va_jwks_count(set);

    va_jwks_free(set);
    return n;
}

static size_t usable_c(const char *jwk)
{
    return usable(va_str_c(jwk));
}

static void algorithms_by_name(void **state)
{
    va_jwt_alg_t alg;

    (void)state;
    for (int i = 0; i < VA_JWT_ALGS; i++) {
        assert_true(va_jwt_alg_parse(va_str_c(va_jwt_alg_name((va_jwt_alg_t)i)), &alg));
        assert_int_equal(alg, i);
    }
    assert_true(va_jwt_alg_parse(VA_STR("Ed25519"), &alg));
    assert_int_equal(alg, VA_EDDSA);
    assert_false(va_jwt_alg_parse(VA_STR("none"), &alg));
    assert_false(va_jwt_alg_parse(VA_STR("hs256"), &alg));
    assert_false(va_jwt_alg_parse(VA_STR("HS256 "), &alg));
    assert_false(va_jwt_alg_parse(VA_STR("RS384"), &alg));
    assert_false(va_jwt_alg_parse(VA_STR_NULL, &alg));
}

static void keys_of_every_kind(void **state)
{
    (void)state;
    assert_int_equal(usable(rsa_jwk(rsa, "")), 1);
    assert_int_equal(usable(rsa_jwk(rsa, ",\"alg\":\"RS256\",\"use\":\"sig\"")), 1);
    assert_int_equal(usable(rsa_jwk(rsa, ",\"alg\":\"PS256\",\"key_ops\":[\"verify\"]")), 1);
    assert_int_equal(usable(ec_jwk(ec, ",\"alg\":\"ES256\",\"kid\":\"e\"")), 1);
    assert_int_equal(usable(ed_jwk(ed, ",\"alg\":\"EdDSA\"")), 1);
    assert_int_equal(usable(ed_jwk(ed, ",\"alg\":\"Ed25519\"")), 1);
    /* The members of a private key are not looked at. */
    assert_int_equal(usable(ed_jwk(ed, ",\"d\":\"AAAA\"")), 1);
}

static void keys_for_something_else_are_skipped(void **state)
{
    static const char *const members[] = {
        ",\"use\":\"enc\"",
        ",\"use\":1",
        ",\"key_ops\":[\"encrypt\"]",
        ",\"key_ops\":[]",
        ",\"key_ops\":\"verify\"",
        ",\"alg\":\"RS384\"",
        ",\"alg\":\"none\"",
        ",\"alg\":1",
        ",\"alg\":\"HS256\"",
        ",\"alg\":\"EdDSA\"",
        ",\"kid\":1",
        ",\"kid\":\"\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
        assert_case(usable(rsa_jwk(rsa, members[i])) == 0, members[i]);
    assert_int_equal(usable(ec_jwk(ec, ",\"alg\":\"RS256\"")), 0);
    assert_int_equal(usable(rsa_jwk(rsa, ",\"alg\":\"ES256\"")), 0);
    /* A secret that came over the network is none. */
    assert_int_equal(usable_c("{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":"
                              "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh\"}"),
                     0);
    assert_int_equal(usable_c("{\"kty\":\"XYZ\"}"), 0);
    assert_int_equal(usable_c("{}"), 0);
    assert_int_equal(usable_c("[]"), 0);
    assert_int_equal(usable_c("\"RSA\""), 0);
}

static void kid_of_128_bytes_is_the_longest(void **state)
{
    char kid[130];

    (void)state;
    memset(kid, 'k', sizeof(kid));
    kid[129] = '\0';
    assert_int_equal(usable(ed_jwk(ed, joined(",\"kid\":\"%s\"%c", kid, 0).data)), 0);
    kid[128] = '\0';
    assert_int_equal(usable(ed_jwk(ed, joined(",\"kid\":\"%s\"%c", kid, 0).data)), 1);
}

static void weak_and_malformed_keys_are_skipped(void **state)
{
    (void)state;
    assert_int_equal(usable(rsa_jwk(weak_rsa, "")), 0);
    assert_int_equal(usable(rsa_jwk(e3_rsa, "")), 0);
    assert_int_equal(usable_c("{\"kty\":\"RSA\",\"e\":\"AQAB\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"RSA\",\"n\":\"AQAB\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"RSA\",\"n\":\"A=\",\"e\":\"AQAB\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"RSA\",\"n\":1,\"e\":\"AQAB\"}"), 0);

    /* A point that is not on the curve, coordinates of the wrong size, another curve. */
    assert_int_equal(usable_c("{\"kty\":\"EC\",\"crv\":\"P-256\","
                              "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
                              "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}"),
                     0);
    assert_int_equal(usable_c("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}"),
                     0);
    assert_int_equal(usable_c("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AQ\",\"y\":\"AQ\"}"),
                     0);
    assert_int_equal(usable_c("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQ\"}"), 0);
    assert_int_equal(usable_c("{\"kty\":\"OKP\",\"crv\":\"X25519\","
                              "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}"),
                     0);
}

static void one_bad_key_does_not_spoil_the_set(void **state)
{
    va_jwks_t *set = va_jwks_new();
    va_str_t bad = rsa_jwk(weak_rsa, ",\"kid\":\"weak\"");
    va_str_t good = ed_jwk(ed, ",\"kid\":\"good\"");
    va_str_t document = joined("{\"keys\":[%.*s,7,null,%.*s],\"more\":[1]}", S(bad), S(good));

    (void)state;
    assert_int_equal(va_jwks_add_document(set, document, VA_RS256), VA_OK);
    assert_int_equal(va_jwks_count(set), 1);
    va_jwks_free(set);
}

static void documents_of_another_form_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "\"keys\"",
        "{\"keys\":[]} x",
        "{\"keys\":[],\"keys\":[]}",
    };
    va_jwks_t *set = va_jwks_new();
    char *large = test_alloc(&test_memory, VA_JWKS_MAX_BYTES + 1);

    (void)state;
    assert_int_equal(
        va_jwks_add_secret(set, VA_STR_NULL, VA_STR("01234567890123456789012345678901")),
        VA_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(va_jwks_add_document(set, va_str_c(bad[i]), VA_RS256) == VA_ESYNTAX,
                    bad[i]);
    assert_int_equal(
        va_jwks_add_document(set, VA_STR("{\"keys\":[[[[[[[[1]]]]]]]]}"), VA_RS256), VA_ELIMIT);
    memset(large, ' ', VA_JWKS_MAX_BYTES + 1);
    memcpy(large, "{\"keys\":[]}", 11);
    assert_int_equal(va_jwks_add_document(set, va_str(large, VA_JWKS_MAX_BYTES), VA_RS256),
                     VA_OK);
    assert_int_equal(va_jwks_add_document(set, va_str(large, VA_JWKS_MAX_BYTES + 1), VA_RS256),
                     VA_ELIMIT);
    assert_int_equal(va_jwks_count(set), 1);
    va_jwks_free(set);
}

static va_str_t document_of(size_t n)
{
    va_str_t key = ed_jwk(ed, "");
    va_buf_t out;

    va_buf_init(&out, &test_mem, 0);
    va_buf_add_c(&out, "{\"keys\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            va_buf_add_char(&out, ',');
        va_buf_add_str(&out, key);
    }
    va_buf_add_c(&out, "]}");

    return va_buf_str(&out);
}

static void sets_are_limited(void **state)
{
    va_jwks_t *set = va_jwks_new();

    (void)state;
    assert_int_equal(va_jwks_add_document(set, document_of(VA_JWKS_MAX_KEYS + 1), VA_RS256),
                     VA_ELIMIT);
    assert_int_equal(va_jwks_count(set), 0);
    assert_int_equal(va_jwks_add_document(set, document_of(20), VA_RS256), VA_OK);
    assert_int_equal(va_jwks_count(set), 20);
    /* All or nothing: the set is as before. */
    assert_int_equal(va_jwks_add_document(set, document_of(13), VA_RS256), VA_ELIMIT);
    assert_int_equal(va_jwks_count(set), 20);
    assert_int_equal(va_jwks_add_document(set, document_of(12), VA_RS256), VA_OK);
    assert_int_equal(va_jwks_count(set), VA_JWKS_MAX_KEYS);
    assert_int_equal(
        va_jwks_add_secret(set, VA_STR_NULL, VA_STR("01234567890123456789012345678901")),
        VA_ELIMIT);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_EDDSA, public_pem(ed)), VA_ELIMIT);
    va_jwks_free(set);
    va_jwks_free(NULL);
}

static void secrets_are_long_enough(void **state)
{
    va_jwks_t *set = va_jwks_new();
    char kid[129];

    (void)state;
    memset(kid, 'k', sizeof(kid));
    assert_int_equal(va_jwks_add_secret(set, VA_STR_NULL, VA_STR_NULL), VA_ELIMIT);
    assert_int_equal(
        va_jwks_add_secret(set, VA_STR_NULL, VA_STR("0123456789012345678901234567890")),
        VA_ELIMIT);
    assert_int_equal(
        va_jwks_add_secret(set, va_str(kid, 129), VA_STR("01234567890123456789012345678901")),
        VA_ELIMIT);
    assert_int_equal(va_jwks_count(set), 0);
    assert_int_equal(
        va_jwks_add_secret(set, va_str(kid, 128), VA_STR("01234567890123456789012345678901")),
        VA_OK);
    assert_int_equal(va_jwks_count(set), 1);
    va_jwks_free(set);
}

/* PEM of an encrypted key: OpenSSL would ask the terminal for its password. */
static const char encrypted_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

static void keys_in_pem(void **state)
{
    va_jwks_t *set = va_jwks_new();
    const struct {
        EVP_PKEY *key;
        va_jwt_alg_t alg;
        va_status_t status;
    } cases[] = {
        {rsa, VA_RS256, VA_OK},          {rsa, VA_PS256, VA_OK},
        {ec, VA_ES256, VA_OK},           {ed, VA_EDDSA, VA_OK},
        {weak_rsa, VA_RS256, VA_ELIMIT}, {e3_rsa, VA_RS256, VA_ELIMIT},
        {p384, VA_ES256, VA_ESYNTAX},    {x25519, VA_EDDSA, VA_ESYNTAX},
        {rsa, VA_ES256, VA_ESYNTAX},     {ec, VA_RS256, VA_ESYNTAX},
        {ed, VA_ES256, VA_ESYNTAX},      {rsa, VA_EDDSA, VA_ESYNTAX},
        {rsa, VA_HS256, VA_ESYNTAX},
    };
    char *large = test_alloc(&test_memory, VA_JWKS_MAX_BYTES + 1);
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t pem = public_pem(cases[i].key);

        assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, cases[i].alg, pem), cases[i].status);
        assert_int_equal(ERR_peek_error(), 0);
        n += cases[i].status == VA_OK;
    }
    assert_int_equal(va_jwks_count(set), n);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, VA_STR("no PEM")), VA_ESYNTAX);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, VA_STR_NULL), VA_ESYNTAX);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_EDDSA, va_str_c(encrypted_pem)),
                     VA_ESYNTAX);
    memset(large, '-', VA_JWKS_MAX_BYTES + 1);
    assert_int_equal(
        va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, va_str(large, VA_JWKS_MAX_BYTES + 1)),
        VA_ELIMIT);
    assert_int_equal(ERR_peek_error(), 0);
    va_jwks_free(set);
}

/* A document, or a key in PEM for each algorithm of its kind. */
static void what_a_file_holds(void **state)
{
    const struct {
        va_str_t text;
        size_t keys;
        va_status_t status;
    } cases[] = {
        {public_pem(rsa), 2, VA_OK},
        {public_pem(ec), 1, VA_OK},
        {public_pem(ed), 1, VA_OK},
        {public_pem(weak_rsa), 0, VA_ELIMIT},
        {public_pem(p384), 0, VA_ESYNTAX},
        {VA_STR("-----BEGIN PUBLIC KEY-----\nx"), 0, VA_ESYNTAX},
        {VA_STR("{\"keys\":[]}"), 0, VA_OK},
        {VA_STR("-----BEGIN"), 0, VA_ESYNTAX},
        {VA_STR_NULL, 0, VA_ESYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_jwks_t *set = va_jwks_new();

        assert_int_equal(va_jwks_add_file(set, cases[i].text), cases[i].status);
        assert_int_equal(va_jwks_count(set), cases[i].keys);
        va_jwks_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(algorithms_by_name),
        TEST(keys_of_every_kind),
        TEST(keys_for_something_else_are_skipped),
        TEST(kid_of_128_bytes_is_the_longest),
        TEST(weak_and_malformed_keys_are_skipped),
        TEST(one_bad_key_does_not_spoil_the_set),
        TEST(documents_of_another_form_are_refused),
        TEST(sets_are_limited),
        TEST(secrets_are_long_enough),
        TEST(keys_in_pem),
        TEST(what_a_file_holds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("jwks", tests, make_keys, free_keys);
}

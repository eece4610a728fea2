#define _GNU_SOURCE
#include "core/jwt.h"

#include <openssl/err.h>

#include "t/unit/keys.h"

#define NOW    1800000000
#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER  "another secret of more than 32 bytes"
#define CLAIMS "{\"exp\":1800000100,\"sub\":\"u\"}"

static EVP_PKEY *rsa, *rsa2, *ec, *ed;

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    rsa2 = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    return rsa == NULL || rsa2 == NULL || ec == NULL || ed == NULL;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(rsa2);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);

    return 0;
}

static const unsigned every_alg = (1u << VA_JWT_ALGS) - 1;

static va_jwt_verdict_t verify(const va_jwks_t *set, va_str_t token)
{
    const va_jwt_policy_t policy = {.algs = every_alg};
    va_jwt_t out;
    va_jwt_verdict_t v = va_jwt_verify(&test_mem, set, &policy, exact(token), NOW, &out);

    /* A refused signature must not be an error of the next TLS connection. */
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(v == VA_JWT_OK, out.claims != NULL);

    return v;
}

static va_jwks_t *secret_set(void)
{
    va_jwks_t *set = va_jwks_new();

    assert_int_equal(va_jwks_add_secret(set, VA_STR_NULL, VA_STR(SECRET)), VA_OK);
    return set;
}

static void vectors(void **state)
{
    const va_json_t *file = read_json("t/vectors/jwt.json");
    const va_json_t *wanted = need(file, "policy");
    const va_jwt_policy_t policy = {
        .algs = VA_JWT_ALG_BIT(VA_HS256) | VA_JWT_ALG_BIT(VA_RS256) | VA_JWT_ALG_BIT(VA_ES256) |
                VA_JWT_ALG_BIT(VA_EDDSA),
        .issuer = need_string(wanted, "issuer"),
        .audience = need_string(wanted, "audience"),
        .require_sub = true,
        .leeway = need_int(wanted, "leeway_s"),
    };
    va_jwks_t *set = va_jwks_new();
    va_json_writer_t *w;
    va_buf_t jwks;
    size_t n = 0;

    (void)state;
    va_buf_init(&jwks, &test_mem, 0);
    w = va_json_writer_new(&jwks);
    va_json_put_value(w, need(file, "jwks"));
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_int_equal(va_jwks_add_document(set, va_buf_str(&jwks), VA_RS256), VA_OK);
    /* The symmetric one is not taken from a document. */
    assert_int_equal(va_jwks_count(set), 3);
    assert_int_equal(
        va_jwks_add_secret(set, VA_STR("hs-1"), need_string(file, "hs256_secret_utf8")), VA_OK);

    for (const va_json_t *c = need(file, "vectors")->first; c != NULL; c = c->next, n++) {
        va_jwt_t out;
        va_jwt_verdict_t v =
            va_jwt_verify(&test_mem, set, &policy, exact(need_string(c, "token")),
                          need_int(file, "now"), &out);

        assert_case((v == VA_JWT_OK) == str_is(need_string(c, "expect"), "accept"),
                    need_string(c, "id").data);
    }
    assert_int_equal(n, 70);
    va_jwks_free(set);
}

/* Other tokens under shared secrets: those of LiveKit, whose issuer is the name of the key. */
static void vectors_of_livekit(void **state)
{
    const va_json_t *file = read_json("t/vectors/livekit.json");
    size_t n = 0;

    (void)state;
    for (const va_json_t *c = need(file, "token_cases")->first; c != NULL; c = c->next, n++) {
        const va_jwt_policy_t policy = {
            .algs = VA_JWT_ALG_BIT(VA_HS256),
            .issuer = need_string(c, "api_key"),
            .leeway = need_int(file, "clock_tolerance_seconds"),
        };
        va_jwks_t *set = va_jwks_new();
        va_jwt_t out;

        assert_int_equal(va_jwks_add_secret(set, VA_STR_NULL, need_string(c, "api_secret")),
                         VA_OK);

        va_jwt_verdict_t v = va_jwt_verify(&test_mem, set, &policy, need_string(c, "token"),
                                           need_int(c, "now_unix"), &out);

        assert_case((v == VA_JWT_OK) == va_json_bool(need(c, "recommended_valid"), false),
                    need_string(c, "name").data);
        va_jwks_free(set);
    }
    assert_int_equal(n, 13);
}

static void every_algorithm(void **state)
{
    va_jwks_t *set = secret_set();

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR("r"), VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR("p"), VA_PS256, public_pem(rsa2)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR("e"), VA_ES256, public_pem(ec)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR("d"), VA_EDDSA, public_pem(ed)), VA_OK);

    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, hmac_token(VA_SHA384, SECRET, "{\"alg\":\"HS384\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, hmac_token(VA_SHA512, SECRET, "{\"alg\":\"HS512\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, sign_token(rsa2, VA_PS256, "{\"alg\":\"PS256\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, sign_token(ec, VA_ES256, "{\"alg\":\"ES256\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, sign_token(ed, VA_EDDSA, "{\"alg\":\"EdDSA\"}", CLAIMS)),
                     VA_JWT_OK);
    assert_int_equal(verify(set, sign_token(ed, VA_EDDSA, "{\"alg\":\"Ed25519\"}", CLAIMS)),
                     VA_JWT_OK);

    /* A key for one RSA algorithm verifies nothing of the other. */
    assert_int_equal(
        verify(set, sign_token(rsa, VA_PS256, "{\"alg\":\"PS256\",\"kid\":\"r\"}", CLAIMS)),
        VA_JWT_KEY);
    assert_int_equal(
        verify(set, sign_token(rsa, VA_PS256, "{\"alg\":\"RS256\",\"kid\":\"r\"}", CLAIMS)),
        VA_JWT_SIGNATURE);
    assert_int_equal(
        verify(set, sign_token(rsa2, VA_RS256, "{\"alg\":\"PS256\",\"kid\":\"p\"}", CLAIMS)),
        VA_JWT_SIGNATURE);
    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS512\"}", CLAIMS)),
                     VA_JWT_SIGNATURE);
    va_jwks_free(set);
}

static void signatures_of_a_wrong_length(void **state)
{
    va_jwks_t *set = va_jwks_new();
    static const char *const ends[] = {"AA", "AAAA"};

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_ES256, public_pem(ec)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_EDDSA, public_pem(ed)), VA_OK);
    for (size_t i = 0; i < 2; i++) {
        va_str_t r = base64url("{\"alg\":\"RS256\"}", 15);
        va_str_t e = base64url("{\"alg\":\"ES256\"}", 15);
        va_str_t d = base64url("{\"alg\":\"EdDSA\"}", 15);
        va_str_t c = base64url(CLAIMS, strlen(CLAIMS));

        assert_int_equal(verify(set, joined("%.*s.%.*s.%s", S(r), S(c), ends[i])),
                         VA_JWT_SIGNATURE);
        assert_int_equal(verify(set, joined("%.*s.%.*s.%s", S(e), S(c), ends[i])),
                         VA_JWT_SIGNATURE);
        assert_int_equal(verify(set, joined("%.*s.%.*s.%s", S(d), S(c), ends[i])),
                         VA_JWT_SIGNATURE);
    }
    va_jwks_free(set);
}

static void only_listed_algorithms(void **state)
{
    const va_jwt_policy_t policy = {.algs = VA_JWT_ALG_BIT(VA_HS512)};
    va_str_t hs256 = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", CLAIMS);
    va_str_t hs512 = hmac_token(VA_SHA512, SECRET, "{\"alg\":\"HS512\"}", CLAIMS);
    const va_jwt_policy_t none = {.algs = 0};
    va_jwks_t *set = secret_set();
    va_jwt_t out;

    (void)state;
    assert_int_equal(va_jwt_verify(&test_mem, set, &policy, hs256, NOW, &out), VA_JWT_ALG);
    assert_int_equal(va_jwt_verify(&test_mem, set, &policy, hs512, NOW, &out), VA_JWT_OK);
    assert_int_equal(va_jwt_verify(&test_mem, set, &none, hs512, NOW, &out), VA_JWT_ALG);
    va_jwks_free(set);
}

static void secrets_in_rotation(void **state)
{
    va_jwks_t *set = secret_set();
    va_str_t old = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", CLAIMS);
    va_str_t new = hmac_token(VA_SHA256, OTHER, "{\"alg\":\"HS256\"}", CLAIMS);

    (void)state;
    assert_int_equal(verify(set, new), VA_JWT_SIGNATURE);
    assert_int_equal(va_jwks_add_secret(set, VA_STR_NULL, VA_STR(OTHER)), VA_OK);
    assert_int_equal(verify(set, old), VA_JWT_OK);
    assert_int_equal(verify(set, new), VA_JWT_OK);
    va_jwks_free(set);
}

/* A kid some key has is that key's alone; a key without one takes what is nobody's. */
static void key_ids_and_secrets(void **state)
{
    va_jwks_t *set = va_jwks_new();
    va_str_t named = hmac_token(VA_SHA256, OTHER, "{\"alg\":\"HS256\",\"kid\":\"b\"}", CLAIMS);
    va_str_t wrong = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\",\"kid\":\"b\"}", CLAIMS);
    va_str_t unknown =
        hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\",\"kid\":\"c\"}", CLAIMS);
    va_str_t without = hmac_token(VA_SHA256, OTHER, "{\"alg\":\"HS256\"}", CLAIMS);

    (void)state;
    assert_int_equal(verify(set, without), VA_JWT_KEY);
    assert_int_equal(va_jwks_add_secret(set, VA_STR("a"), VA_STR(SECRET)), VA_OK);
    assert_int_equal(va_jwks_add_secret(set, VA_STR("b"), VA_STR(OTHER)), VA_OK);
    assert_int_equal(verify(set, named), VA_JWT_OK);
    assert_int_equal(verify(set, wrong), VA_JWT_SIGNATURE);
    assert_int_equal(verify(set, unknown), VA_JWT_KEY);
    assert_int_equal(verify(set, without), VA_JWT_OK);

    assert_int_equal(va_jwks_add_secret(set, VA_STR_NULL, VA_STR(SECRET)), VA_OK);
    assert_int_equal(verify(set, unknown), VA_JWT_OK);
    assert_int_equal(verify(set, wrong), VA_JWT_SIGNATURE);
    va_jwks_free(set);
}

/* The kid of a public key closes that name to secrets, whatever the token's algorithm. */
static void a_public_keys_id_is_no_secrets(void **state)
{
    va_jwks_t *set = secret_set();

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR("r"), VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(
        verify(set, hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\",\"kid\":\"r\"}", CLAIMS)),
        VA_JWT_KEY);
    va_jwks_free(set);
}

static void key_ids_and_public_keys(void **state)
{
    va_jwks_t *set = va_jwks_new();
    va_str_t without = sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\"}", CLAIMS);
    va_str_t named = sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\",\"kid\":\"1\"}", CLAIMS);
    va_str_t wrong = sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\",\"kid\":\"2\"}", CLAIMS);
    va_str_t unknown = sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\",\"kid\":\"3\"}", CLAIMS);

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR("1"), VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR("e"), VA_ES256, public_pem(ec)), VA_OK);
    assert_int_equal(verify(set, without), VA_JWT_OK);
    assert_int_equal(verify(set, named), VA_JWT_OK);
    assert_int_equal(verify(set, unknown), VA_JWT_KEY);

    /* Two that fit: the token has to say which. */
    assert_int_equal(va_jwks_add_pem(set, VA_STR("2"), VA_RS256, public_pem(rsa2)), VA_OK);
    assert_int_equal(verify(set, without), VA_JWT_KEY);
    assert_int_equal(verify(set, named), VA_JWT_OK);
    assert_int_equal(verify(set, wrong), VA_JWT_SIGNATURE);
    va_jwks_free(set);

    /* One key in PEM, without a name, for an issuer that names its keys. */
    set = va_jwks_new();
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(verify(set, named), VA_JWT_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_RS256, public_pem(rsa2)), VA_OK);
    assert_int_equal(verify(set, named), VA_JWT_KEY);
    va_jwks_free(set);
}

/* The same kid twice: both keys are tried. */
static void key_ids_that_are_not_unique(void **state)
{
    va_jwks_t *set = va_jwks_new();

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR("1"), VA_RS256, public_pem(rsa2)), VA_OK);
    assert_int_equal(va_jwks_add_pem(set, VA_STR("1"), VA_RS256, public_pem(rsa)), VA_OK);
    assert_int_equal(
        verify(set, sign_token(rsa, VA_RS256, "{\"alg\":\"RS256\",\"kid\":\"1\"}", CLAIMS)),
        VA_JWT_OK);
    va_jwks_free(set);
}

static void unknown_kid_is_told(void **state)
{
    const va_jwt_policy_t policy = {.algs = every_alg};
    va_jwks_t *set = va_jwks_new();
    va_jwt_t out;

    (void)state;
    assert_int_equal(va_jwt_verify(&test_mem, set, &policy,
                                   hmac_token(VA_SHA256, SECRET,
                                              "{\"alg\":\"HS256\",\"kid\":\"new\"}", CLAIMS),
                                   NOW, &out),
                     VA_JWT_KEY);
    assert_str(out.kid, "new");
    assert_null(out.claims);
    assert_absent(out.payload);
    va_jwks_free(set);
}

static void headers(void **state)
{
    static const struct {
        const char *header;
        va_jwt_verdict_t verdict;
    } cases[] = {
        {"{\"alg\":\"HS256\"}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"typ\":\"jwt\"}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"typ\":\"application/JWT\"}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"b64\":true}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"x\":[[[]]]}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example\",\"jwk\":{}}", VA_JWT_OK},
        {"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"typ\":\"secevent+jwt\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"typ\":\"application/\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"typ\":1}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"typ\":null}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"zip\":\"DEF\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"kid\":1}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"kid\":\"\"}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"kid\":null}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"x\":[[[[]]]]}", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\"} ", VA_JWT_OK},
        {"{\"alg\":\"HS256\"}x", VA_JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", VA_JWT_MALFORMED},
        {"[]", VA_JWT_MALFORMED},
        {"\"HS256\"", VA_JWT_MALFORMED},
        {"{}", VA_JWT_ALG},
        {"{\"alg\":\"none\"}", VA_JWT_ALG},
        {"{\"alg\":\"hs256\"}", VA_JWT_ALG},
        {"{\"alg\":null}", VA_JWT_ALG},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", VA_JWT_CRIT},
        {"{\"alg\":\"HS256\",\"crit\":[]}", VA_JWT_CRIT},
        {"{\"alg\":\"HS256\",\"crit\":null}", VA_JWT_CRIT},
        {"{\"alg\":\"HS256\",\"b64\":false}", VA_JWT_CRIT},
    };
    va_jwks_t *set = secret_set();
    char kid[160];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(verify(set, hmac_token(VA_SHA256, SECRET, cases[i].header, CLAIMS)) ==
                        cases[i].verdict,
                    cases[i].header);

    snprintf(kid, sizeof(kid), "{\"alg\":\"HS256\",\"kid\":\"%0128d\"}", 1);
    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, kid, CLAIMS)), VA_JWT_OK);
    snprintf(kid, sizeof(kid), "{\"alg\":\"HS256\",\"kid\":\"%0129d\"}", 1);
    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, kid, CLAIMS)), VA_JWT_MALFORMED);
    va_jwks_free(set);
}

static void header_of_a_kilobyte_is_the_largest(void **state)
{
    va_jwks_t *set = secret_set();
    char header[1026];

    (void)state;
    memset(header, ' ', sizeof(header));
    memcpy(header, "{\"alg\":\"HS256\"}", 15);
    header[1025] = '\0';
    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, header, CLAIMS)),
                     VA_JWT_MALFORMED);
    header[1024] = '\0';
    assert_int_equal(verify(set, hmac_token(VA_SHA256, SECRET, header, CLAIMS)), VA_JWT_OK);
    va_jwks_free(set);
}

static void forms(void **state)
{
    static const char *const bad[] = {
        "",          ".",         "..",         "...",       "a",
        "a.b",       "a.b.",      ".b.c",       "a..c",      "YQ.YQ.YQ.YQ",
        " YQ.YQ.YQ", "YQ.YQ.YQ ", "YQ.YQ.YQ\n", "YQ=.YQ.YQ", "YQ.YQ.Y!",
    };
    va_jwks_t *set = secret_set();
    char *token = test_alloc(&test_memory, 20000);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(verify(set, va_str_c(bad[i])) == VA_JWT_MALFORMED, bad[i]);
    assert_int_equal(verify(set, VA_STR_NULL), VA_JWT_MALFORMED);
    memset(token, 'A', 20000);
    assert_int_equal(verify(set, va_str(token, 20000)), VA_JWT_MALFORMED);
    va_jwks_free(set);
}

/* Claims filled up until the token has the length that is still, and no longer, taken. */
static void token_of_8192_bytes_is_the_longest(void **state)
{
    va_jwks_t *set = secret_set();
    char claims[7000];

    (void)state;
    for (size_t n = 6000; n < 6200; n++) {
        memset(claims, ' ', n);
        memcpy(claims, CLAIMS, strlen(CLAIMS));
        claims[n] = '\0';

        va_str_t token = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", claims);

        assert_int_equal(verify(set, token),
                         token.len <= VA_JWT_MAX_BYTES ? VA_JWT_OK : VA_JWT_MALFORMED);
    }
    va_jwks_free(set);
}

static void claims(void **state)
{
    static const struct {
        const char *claims;
        va_jwt_verdict_t verdict;
    } cases[] = {
        {"{\"exp\":1800000100}", VA_JWT_OK},
        {"{\"exp\":1.8000001e9}", VA_JWT_OK},
        {"{\"exp\":1799999971}", VA_JWT_OK},
        {"{\"exp\":1799999970.5}", VA_JWT_OK},
        {"{\"exp\":1799999970}", VA_JWT_EXPIRED},
        {"{\"exp\":1}", VA_JWT_EXPIRED},
        {"{\"exp\":0}", VA_JWT_MALFORMED},
        {"{\"exp\":-1}", VA_JWT_MALFORMED},
        {"{\"exp\":9007199254740992}", VA_JWT_MALFORMED},
        {"{\"exp\":9007199254740991}", VA_JWT_OK},
        {"{\"exp\":1e400}", VA_JWT_MALFORMED},
        {"{\"exp\":\"1800000100\"}", VA_JWT_MALFORMED},
        {"{\"exp\":null}", VA_JWT_MALFORMED},
        {"{\"exp\":true}", VA_JWT_MALFORMED},
        {"{}", VA_JWT_MALFORMED},
        {"[]", VA_JWT_MALFORMED},
        {"{\"exp\":1800000100", VA_JWT_MALFORMED},
        {"{\"exp\":1800000100,\"nbf\":1800000030}", VA_JWT_OK},
        {"{\"exp\":1800000100,\"nbf\":1800000030.5}", VA_JWT_NOT_YET},
        {"{\"exp\":1800000100,\"nbf\":1800000031}", VA_JWT_NOT_YET},
        {"{\"exp\":1800000100,\"nbf\":\"x\"}", VA_JWT_MALFORMED},
        {"{\"exp\":1800000100,\"iat\":1800000030}", VA_JWT_OK},
        {"{\"exp\":1800000100,\"iat\":1800000031}", VA_JWT_NOT_YET},
        {"{\"exp\":1800000100,\"iat\":-1}", VA_JWT_MALFORMED},
    };
    const va_jwt_policy_t policy = {.algs = every_alg, .leeway = 30};
    va_jwks_t *set = secret_set();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t token = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", cases[i].claims);
        va_jwt_t out;

        assert_case(va_jwt_verify(&test_mem, set, &policy, token, NOW, &out) ==
                        cases[i].verdict,
                    cases[i].claims);
    }
    va_jwks_free(set);
}

static void parties(void **state)
{
    static const struct {
        const char *claims;
        va_jwt_verdict_t verdict;
    } cases[] = {
        {"\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\"", VA_JWT_OK},
        {"\"iss\":\"i\",\"aud\":[\"x\",\"a\"],\"sub\":\"s\"", VA_JWT_OK},
        {"\"iss\":\"i2\",\"aud\":\"a\",\"sub\":\"s\"", VA_JWT_ISSUER},
        {"\"iss\":[\"i\"],\"aud\":\"a\",\"sub\":\"s\"", VA_JWT_ISSUER},
        {"\"aud\":\"a\",\"sub\":\"s\"", VA_JWT_ISSUER},
        {"\"iss\":\"i\",\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":[],\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":[\"a\",1],\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":[[\"a\"]],\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":{\"a\":\"a\"},\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":\"A\",\"sub\":\"s\"", VA_JWT_AUDIENCE},
        {"\"iss\":\"i\",\"aud\":\"a\"", VA_JWT_SUBJECT},
        {"\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"\"", VA_JWT_SUBJECT},
        {"\"iss\":\"i\",\"aud\":\"a\",\"sub\":1", VA_JWT_SUBJECT},
    };
    const va_jwt_policy_t policy = {
        .algs = every_alg,
        .issuer = VA_STR("i"),
        .audience = VA_STR("a"),
        .require_sub = true,
    };
    va_jwks_t *set = secret_set();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t text = joined("{\"exp\":1800000100,%s}%c", cases[i].claims, 0);
        va_str_t token = hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\"}", text.data);
        va_jwt_t out;

        assert_case(va_jwt_verify(&test_mem, set, &policy, token, NOW, &out) ==
                        cases[i].verdict,
                    cases[i].claims);
    }
    va_jwks_free(set);
}

static void what_a_good_token_tells(void **state)
{
    const va_jwt_policy_t policy = {.algs = every_alg};
    va_jwks_t *set = secret_set();
    va_str_t token = exact(hmac_token(VA_SHA256, SECRET, "{\"alg\":\"HS256\",\"kid\":\"k\"}",
                                      "{\"exp\":1800000100.9, \"role\":\"admin\"}"));
    va_jwt_t out;

    (void)state;
    assert_int_equal(va_jwt_verify(&test_mem, set, &policy, token, NOW, &out), VA_JWT_OK);
    memset((char *)token.data, '!', token.len);
    assert_str(out.kid, "k");
    assert_str(out.payload, "{\"exp\":1800000100.9, \"role\":\"admin\"}");
    assert_str(va_json_get_string(out.claims, "role"), "admin");
    va_jwks_free(set);
}

/* Each change of one bit of the token's text is noticed. */
static void every_bit_counts(void **state)
{
    va_jwks_t *set = va_jwks_new();
    va_str_t token = sign_token(ec, VA_ES256, "{\"alg\":\"ES256\"}", CLAIMS);

    (void)state;
    assert_int_equal(va_jwks_add_pem(set, VA_STR_NULL, VA_ES256, public_pem(ec)), VA_OK);
    assert_int_equal(verify(set, token), VA_JWT_OK);
    for (size_t i = 0; i < token.len; i++) {
        char *changed = (char *)exact(token).data;

        changed[i] ^= 1;
        assert_int_not_equal(verify(set, va_str(changed, token.len)), VA_JWT_OK);
    }
    va_jwks_free(set);
}

static void signing(void **state)
{
    va_jwks_t *set = secret_set();
    va_buf_t out;

    (void)state;
    va_buf_init(&out, &test_mem, 0);
    va_buf_add_c(&out, "Bearer ");
    assert_int_equal(va_jwt_sign(&out, VA_STR_NULL, VA_STR(SECRET), VA_STR(CLAIMS)), VA_OK);

    va_str_t text = va_buf_str(&out);
    va_str_t token = va_str(text.data + 7, text.len - 7);

    assert_memory_equal(text.data, "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", 44);
    assert_int_equal(verify(set, token), VA_JWT_OK);

    const va_jwt_policy_t policy = {.algs = VA_JWT_ALG_BIT(VA_HS256)};
    va_jwt_t jwt;

    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_jwt_sign(&out, VA_STR("k\"1"), VA_STR(SECRET), VA_STR(CLAIMS)), VA_OK);
    assert_int_equal(va_jwt_verify(&test_mem, set, &policy, va_buf_str(&out), NOW, &jwt),
                     VA_JWT_OK);
    assert_str(jwt.kid, "k\"1");

    assert_int_equal(va_jwt_sign(&out, VA_STR_NULL, VA_STR("short"), VA_STR(CLAIMS)),
                     VA_ELIMIT);
    assert_int_equal(va_jwt_sign(&out, VA_STR("\xff"), VA_STR(SECRET), VA_STR(CLAIMS)),
                     VA_ESYNTAX);
    va_buf_init(&out, &test_mem, 0);
    out.max = 50;
    assert_int_equal(va_jwt_sign(&out, VA_STR_NULL, VA_STR(SECRET), VA_STR(CLAIMS)), VA_ELIMIT);
    va_jwks_free(set);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (int v = VA_JWT_OK; v <= VA_JWT_ERROR; v++) {
        for (int other = 0; other < v; other++)
            assert_string_not_equal(va_jwt_verdict_name((va_jwt_verdict_t)v),
                                    va_jwt_verdict_name((va_jwt_verdict_t)other));
    }
    assert_string_equal(va_jwt_verdict_name(VA_JWT_NOT_YET), "not_yet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(vectors_of_livekit),
        TEST(every_algorithm),
        TEST(signatures_of_a_wrong_length),
        TEST(only_listed_algorithms),
        TEST(secrets_in_rotation),
        TEST(key_ids_and_secrets),
        TEST(a_public_keys_id_is_no_secrets),
        TEST(key_ids_and_public_keys),
        TEST(key_ids_that_are_not_unique),
        TEST(unknown_kid_is_told),
        TEST(headers),
        TEST(header_of_a_kilobyte_is_the_largest),
        TEST(forms),
        TEST(token_of_8192_bytes_is_the_longest),
        TEST(claims),
        TEST(parties),
        TEST(what_a_good_token_tells),
        TEST(every_bit_counts),
        TEST(signing),
        TEST(verdicts_have_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("jwt", tests, make_keys, free_keys);
}

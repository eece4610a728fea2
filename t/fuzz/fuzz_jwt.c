/*
 * Input: a token; or a header and claims with a byte 0xff between, which are then
 * signed, so that what comes behind the signature is reached.
 */
#include "core/base64.h"
#include "core/jwt.h"
#include "t/fuzz/fuzz.h"

#define SECRET "the fuzzer does not know this secret"

/* A P-256 and an Ed25519 key whose private halves nobody has. */
static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\","
                           "\"x\":\"DZ4xcMTKrKGkFCSzuMHiseUd75sQQEEb3_o5nrdYTSY\","
                           "\"y\":\"_SSQC-qDzz_fe25UQy7HKKRvMqJhZTmFYvHA6v-pl6I\"},"
                           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\","
                           "\"x\":\"bf23BAw3xZN0CRaCPaa_IzzYmcMUy3hXQLgYQuU1gtw\"}]}";

static va_jwks_t *keys(void)
{
    static va_jwks_t *set;

    if (set == NULL) {
        set = va_jwks_new();
        CHECK(va_jwks_add_document(set, va_str_c(jwks), VA_RS256) == VA_OK);
        CHECK(va_jwks_add_secret(set, VA_STR("h"), VA_STR(SECRET)) == VA_OK);
    }

    return set;
}

static void add_part(va_buf_t *out, const void *data, size_t len)
{
    char *text = fuzz_alloc(NULL, VA_BASE64_LEN(len));

    va_buf_add(out, text, va_base64url_encode(text, data, len));
}

static va_str_t sign(va_str_t header, va_str_t claims)
{
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, VA_STR(SECRET));
    uint8_t mac[VA_DIGEST_MAX];
    va_buf_t out;
    size_t len;

    va_buf_init(&out, &fuzz_mem, 0);
    add_part(&out, header.data, header.len);
    va_buf_add_char(&out, '.');
    add_part(&out, claims.data, claims.len);

    va_str_t text = va_buf_str(&out);

    CHECK(va_hmac(key, &text, 1, mac, &len) == VA_OK);
    va_hmac_key_free(key);
    va_buf_add_char(&out, '.');
    add_part(&out, mac, len);

    return va_buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const va_jwt_policy_t policy = {
        .algs = VA_JWT_ALG_BIT(VA_HS256) | VA_JWT_ALG_BIT(VA_ES256) | VA_JWT_ALG_BIT(VA_EDDSA),
        .issuer = VA_STR("i"),
        .audience = VA_STR("a"),
        .require_sub = true,
        .leeway = 30,
    };
    va_str_t input = va_str((const char *)data, size);
    bool signed_here = size > 0 && memchr(data, 0xff, size) != NULL;
    va_str_t token = fuzz_take(&input);
    va_jwt_t jwt;

    if (signed_here)
        token = sign(token, input);

    va_jwt_verdict_t v = va_jwt_verify(&fuzz_mem, keys(), &policy, token, 1800000000, &jwt);

    CHECK(v != VA_JWT_ERROR);
    CHECK((v == VA_JWT_OK) == (jwt.claims != NULL));
    /* Nobody else can sign. */
    CHECK(signed_here || v != VA_JWT_OK);
    if (v == VA_JWT_OK) {
        CHECK(va_str_eq(jwt.payload, input));
        CHECK(va_str_eq(va_json_get_string(jwt.claims, "iss"), VA_STR("i")));
    }
    fuzz_free_all();

    return 0;
}

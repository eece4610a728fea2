#include "core/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "core/base64.h"
#include "core/jwk.h"
#include "core/openssl_error.h"

#define HEADER_MAX_BYTES 1024
#define HEADER_MAX_DEPTH 4
#define CLAIMS_MAX_DEPTH 32
#define MAX_VALUES       8192
#define ES256_BYTES      64
#define ES256_DER_MAX    72

/* Beyond this a double is no exact second any more. */
#define TIME_LIMIT 9007199254740992.0

/* A token taken apart: text is what is signed, header and payload with the dot between. */
struct token {
    va_str_t text;
    va_str_t header;
    va_str_t payload;
    va_str_t signature;
    va_jwt_alg_t alg;
    va_str_t kid;
};

const char *va_jwt_verdict_name(va_jwt_verdict_t v)
{
    switch (v) {
    case VA_JWT_OK:
        return "ok";
    case VA_JWT_MALFORMED:
        return "malformed";
    case VA_JWT_ALG:
        return "alg";
    case VA_JWT_CRIT:
        return "crit";
    case VA_JWT_KEY:
        return "key";
    case VA_JWT_SIGNATURE:
        return "signature";
    case VA_JWT_EXPIRED:
        return "expired";
    case VA_JWT_NOT_YET:
        return "not_yet";
    case VA_JWT_ISSUER:
        return "issuer";
    case VA_JWT_AUDIENCE:
        return "audience";
    case VA_JWT_SUBJECT:
        return "subject";
    case VA_JWT_ERROR:
        break;
    }

    return "error";
}

static va_jwt_verdict_t from_status(va_status_t status)
{
    switch (status) {
    case VA_OK:
        return VA_JWT_OK;
    case VA_ESYNTAX:
    case VA_ELIMIT:
        return VA_JWT_MALFORMED;
    default:
        return VA_JWT_ERROR;
    }
}

static va_jwt_verdict_t decode_part(const va_alloc_t *mem, va_str_t text, va_str_t *out)
{
    uint8_t *data;
    size_t len;

    if (text.len == 0)
        return VA_JWT_MALFORMED;
    data = va_alloc(mem, VA_BASE64_MAX(text.len));
    if (data == NULL)
        return VA_JWT_ERROR;
    if (va_base64url_decode(data, &len, text) != VA_OK)
        return VA_JWT_MALFORMED;

    *out = va_str((const char *)data, len);
    return VA_JWT_OK;
}

static va_jwt_verdict_t split(const va_alloc_t *mem, va_str_t text, struct token *t)
{
    if (text.len == 0 || text.len > VA_JWT_MAX_BYTES)
        return VA_JWT_MALFORMED;

    const char *end = text.data + text.len;
    const char *dot1 = memchr(text.data, '.', text.len);
    const char *dot2 = dot1 != NULL ? memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1)) : NULL;

    if (dot2 == NULL)
        return VA_JWT_MALFORMED;

    t->text = va_str(text.data, (size_t)(dot2 - text.data));

    /* A third dot is no character of base64url, so the decoder refuses it. */
    va_jwt_verdict_t v =
        decode_part(mem, va_str(text.data, (size_t)(dot1 - text.data)), &t->header);

    if (v == VA_JWT_OK)
        v = decode_part(mem, va_str(dot1 + 1, (size_t)(dot2 - dot1 - 1)), &t->payload);
    if (v == VA_JWT_OK)
        v = decode_part(mem, va_str(dot2 + 1, (size_t)(end - dot2 - 1)), &t->signature);

    return v;
}

/*
 * An ordinary token or an access token (RFC 9068); any other type, a logout or a
 * security event, was made for another purpose (RFC 8725 section 3.11).
 */
static bool type_allowed(const va_json_t *typ)
{
    va_str_t type = va_json_string(typ);
    va_str_t prefix = VA_STR("application/");

    if (typ == NULL)
        return true;
    if (type.len > prefix.len && va_str_ieq(va_str(type.data, prefix.len), prefix))
        type = va_str(type.data + prefix.len, type.len - prefix.len);

    return va_str_ieq(type, VA_STR("JWT")) || va_str_ieq(type, VA_STR("at+jwt"));
}

static va_jwt_verdict_t read_kid(const va_json_t *header, struct token *t)
{
    const va_json_t *kid = va_json_get(header, "kid");

    if (kid == NULL)
        return VA_JWT_OK;

    t->kid = va_json_string(kid);

    return t->kid.len > 0 && t->kid.len <= VA_JWK_KID_MAX ? VA_JWT_OK : VA_JWT_MALFORMED;
}

/* Where it says which key to use (jwk, jku, x5u, x5c) it is not listened to. */
static va_jwt_verdict_t read_header(const va_alloc_t *mem, const va_jwt_policy_t *policy,
                                    struct token *t)
{
    const va_json_limits_t limits = {HEADER_MAX_BYTES, HEADER_MAX_DEPTH, MAX_VALUES};
    const va_json_t *header;
    va_jwt_verdict_t v = from_status(va_json_parse(mem, t->header, &limits, &header));

    if (v != VA_JWT_OK)
        return v;
    if (!va_json_is(header, VA_JSON_OBJECT))
        return VA_JWT_MALFORMED;
    if (!va_jwt_alg_parse(va_json_get_string(header, "alg"), &t->alg) ||
        (policy->algs & VA_JWT_ALG_BIT(t->alg)) == 0)
        return VA_JWT_ALG;
    if (va_json_get(header, "crit") != NULL || !va_json_bool(va_json_get(header, "b64"), true))
        return VA_JWT_CRIT;
    if (va_json_get(header, "zip") != NULL || va_json_get(header, "enc") != NULL ||
        !type_allowed(va_json_get(header, "typ")))
        return VA_JWT_MALFORMED;

    return read_kid(header, t);
}

static va_jwt_verdict_t check_hmac(const va_hmac_key_t *key, const struct token *t)
{
    uint8_t mac[VA_DIGEST_MAX];
    size_t len;

    if (va_hmac(key, &t->text, 1, mac, &len) != VA_OK)
        return VA_JWT_ERROR;

    return va_equal_ct(va_str((const char *)mac, len), t->signature) ? VA_JWT_OK
                                                                     : VA_JWT_SIGNATURE;
}

/* ES256 signs with r and s side by side, OpenSSL reads them in DER. The length, or 0. */
static size_t es256_to_der(va_str_t raw, uint8_t der[ES256_DER_MAX])
{
    const unsigned char *p = (const unsigned char *)raw.data;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn(p + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    unsigned char *out = der;
    int len = 0;

    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        len = i2d_ECDSA_SIG(sig, &out);
    }
    ECDSA_SIG_free(sig);

    return len > 0 ? (size_t)len : 0;
}

static bool init_verify(EVP_MD_CTX *ctx, const va_jwk_t *key)
{
    const EVP_MD *digest = key->alg == VA_EDDSA ? NULL : EVP_sha256();
    EVP_PKEY_CTX *pctx;

    if (EVP_DigestVerifyInit(ctx, &pctx, digest, NULL, key->public) != 1)
        return false;
    if (key->alg != VA_PS256)
        return true;

    return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static va_jwt_verdict_t check_public(const va_jwk_t *key, const struct token *t)
{
    const unsigned char *sig = (const unsigned char *)t->signature.data;
    size_t len = t->signature.len;
    uint8_t der[ES256_DER_MAX];

    if (key->alg == VA_ES256) {
        if (len != ES256_BYTES)
            return VA_JWT_SIGNATURE;
        len = es256_to_der(t->signature, der);
        if (len == 0)
            return VA_JWT_ERROR;
        sig = der;
    }

    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    va_jwt_verdict_t v = VA_JWT_ERROR;

    if (ctx != NULL && init_verify(ctx, key))
        v = EVP_DigestVerify(ctx, sig, len, (const unsigned char *)t->text.data, t->text.len) ==
                    1
                ? VA_JWT_OK
                : VA_JWT_SIGNATURE;
    EVP_MD_CTX_free(ctx);

    return va_openssl_out_of_memory() ? VA_JWT_ERROR : v;
}

static bool serves_alg(const va_jwk_t *key, va_jwt_alg_t alg)
{
    return va_jwt_alg_is_hmac(alg) ? key->secret[0] != NULL
                                   : key->public != NULL && key->alg == alg;
}

static bool kid_known(const va_jwks_t *keys, va_str_t kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (kid.len > 0 && va_str_eq(va_jwk_kid(&keys->keys[i]), kid))
            return true;
    }

    return false;
}

/*
 * A kid some key has is that key's alone. Otherwise a key without one takes any
 * kid, and a token without one is for every key.
 */
static bool serves_kid(const va_jwk_t *key, va_str_t kid, bool known)
{
    if (kid.len == 0)
        return true;

    return known ? va_str_eq(va_jwk_kid(key), kid) : key->kid_len == 0;
}

/*
 * Of several public keys that fit none is tried, unless the kid names them: which
 * of them an issuer signs with is for the token to say.
 */
static va_jwt_verdict_t check_signature(const va_jwks_t *keys, const struct token *t)
{
    bool known = kid_known(keys, t->kid);
    bool all = known || va_jwt_alg_is_hmac(t->alg);
    const va_jwk_t *fitting[VA_JWKS_MAX_KEYS];
    size_t n = 0;
    va_jwt_verdict_t v = VA_JWT_SIGNATURE;

    for (size_t i = 0; i < keys->count; i++) {
        const va_jwk_t *key = &keys->keys[i];

        if (serves_alg(key, t->alg) && serves_kid(key, t->kid, known))
            fitting[n++] = key;
    }
    if (n == 0 || (n > 1 && !all))
        return VA_JWT_KEY;

    for (size_t i = 0; i < n && v == VA_JWT_SIGNATURE; i++) {
        if (va_jwt_alg_is_hmac(t->alg))
            v = check_hmac(fitting[i]->secret[t->alg], t);
        else
            v = check_public(fitting[i], t);
    }

    return v;
}

/* A NumericDate (RFC 7519 section 2); false when it is there and none. */
static bool get_time(const va_json_t *claims, const char *name, bool *there, double *out)
{
    const va_json_t *value = va_json_get(claims, name);

    *there = value != NULL;
    if (value == NULL)
        return true;

    return va_json_double(value, out) && *out > 0 && *out < TIME_LIMIT;
}

static va_jwt_verdict_t check_times(const va_json_t *claims, int64_t now, int64_t leeway)
{
    double exp, nbf, iat;
    bool has_exp, has_nbf, has_iat;

    if (!get_time(claims, "exp", &has_exp, &exp) || !get_time(claims, "nbf", &has_nbf, &nbf) ||
        !get_time(claims, "iat", &has_iat, &iat) || !has_exp)
        return VA_JWT_MALFORMED;
    if ((double)now >= exp + (double)leeway)
        return VA_JWT_EXPIRED;
    if ((has_nbf && (double)(now + leeway) < nbf) || (has_iat && (double)(now + leeway) < iat))
        return VA_JWT_NOT_YET;

    return VA_JWT_OK;
}

/* A string, or an array of nothing but strings (RFC 7519 section 4.1.3). */
static bool names_audience(const va_json_t *aud, va_str_t ours)
{
    bool found = false;

    if (!va_json_is(aud, VA_JSON_ARRAY))
        return va_str_eq(va_json_string(aud), ours);

    for (const va_json_t *a = aud->first; a != NULL; a = a->next) {
        if (!va_json_is(a, VA_JSON_STRING))
            return false;
        found = found || va_str_eq(a->text, ours);
    }

    return found;
}

static va_jwt_verdict_t check_claims(const va_json_t *claims, const va_jwt_policy_t *policy,
                                     int64_t now)
{
    va_jwt_verdict_t v = check_times(claims, now, policy->leeway);

    if (v != VA_JWT_OK)
        return v;
    if (policy->issuer.len > 0 && !va_str_eq(va_json_get_string(claims, "iss"), policy->issuer))
        return VA_JWT_ISSUER;
    if (policy->audience.len > 0 &&
        !names_audience(va_json_get(claims, "aud"), policy->audience))
        return VA_JWT_AUDIENCE;
    if (policy->require_sub && va_json_get_string(claims, "sub").len == 0)
        return VA_JWT_SUBJECT;

    return VA_JWT_OK;
}

va_jwt_verdict_t va_jwt_verify(const va_alloc_t *mem, const va_jwks_t *keys,
                               const va_jwt_policy_t *policy, va_str_t token, int64_t now,
                               va_jwt_t *out)
{
    const va_json_limits_t limits = {VA_JWT_MAX_BYTES, CLAIMS_MAX_DEPTH, MAX_VALUES};
    struct token t = {.kid = VA_STR_NULL};
    const va_json_t *claims;

    memset(out, 0, sizeof(*out));

    va_jwt_verdict_t v = split(mem, token, &t);

    if (v == VA_JWT_OK)
        v = read_header(mem, policy, &t);
    if (v != VA_JWT_OK)
        return v;

    out->kid = t.kid;
    v = check_signature(keys, &t);
    if (v == VA_JWT_OK)
        v = from_status(va_json_parse(mem, t.payload, &limits, &claims));
    if (v == VA_JWT_OK && !va_json_is(claims, VA_JSON_OBJECT))
        v = VA_JWT_MALFORMED;
    if (v == VA_JWT_OK)
        v = check_claims(claims, policy, now);
    if (v != VA_JWT_OK)
        return v;

    out->claims = claims;
    out->payload = t.payload;

    return VA_JWT_OK;
}

static void add_base64url(va_buf_t *out, const void *data, size_t len)
{
    char *text = va_alloc(out->mem, VA_BASE64_LEN(len) + 1);

    if (text == NULL)
        out->status = VA_ENOMEM;
    else
        va_buf_add(out, text, va_base64url_encode(text, data, len));
}

static va_status_t add_header(va_buf_t *out, va_str_t kid)
{
    va_buf_t header;

    va_buf_init(&header, out->mem, 0);

    va_json_writer_t *w = va_json_writer_new(&header);

    va_json_object(w);
    va_json_add_c(w, "alg", va_jwt_alg_name(VA_HS256));
    va_json_add_c(w, "typ", "JWT");
    if (kid.len > 0)
        va_json_add_str(w, "kid", kid);
    va_json_object_end(w);

    va_status_t status = va_json_writer_end(w);

    if (status == VA_OK)
        add_base64url(out, header.data, header.len);

    return status;
}

va_status_t va_jwt_sign(va_buf_t *out, va_str_t kid, va_str_t secret, va_str_t claims)
{
    uint8_t mac[VA_DIGEST_MAX];
    size_t begin = out->len;
    size_t len;

    if (secret.len < VA_JWKS_MIN_SECRET)
        return VA_ELIMIT;

    va_status_t status = add_header(out, kid);

    if (status != VA_OK)
        return status;
    va_buf_add_char(out, '.');
    add_base64url(out, claims.data, claims.len);
    if (out->status != VA_OK)
        return out->status;

    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, secret);
    va_str_t text = va_str(out->data + begin, out->len - begin);

    status = key != NULL ? va_hmac(key, &text, 1, mac, &len) : VA_ECRYPTO;
    va_hmac_key_free(key);
    if (status != VA_OK)
        return status;

    va_buf_add_char(out, '.');
    add_base64url(out, mac, len);

    return out->status;
}

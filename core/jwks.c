#include "core/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/jwk.h"
#include "core/openssl_error.h"

#define RSA_MIN_BITS   2048
#define RSA_MAX_BITS   8192
#define RSA_MAX_BYTES  (RSA_MAX_BITS / 8)
#define EC_COORD_BYTES 32
#define ED25519_BYTES  32

static const char *const names[VA_JWT_ALGS] = {
    [VA_HS256] = "HS256", [VA_HS384] = "HS384", [VA_HS512] = "HS512", [VA_RS256] = "RS256",
    [VA_PS256] = "PS256", [VA_ES256] = "ES256", [VA_EDDSA] = "EdDSA",
};

bool va_jwt_alg_parse(va_str_t name, va_jwt_alg_t *alg)
{
    if (va_str_eq(name, VA_STR("Ed25519"))) {
        *alg = VA_EDDSA;
        return true;
    }

    for (size_t i = 0; i < VA_JWT_ALGS; i++) {
        if (va_str_eq(name, va_str_c(names[i]))) {
            *alg = (va_jwt_alg_t)i;
            return true;
        }
    }

    return false;
}

const char *va_jwt_alg_name(va_jwt_alg_t alg)
{
    return names[alg];
}

va_jwks_t *va_jwks_new(void)
{
    return OPENSSL_zalloc(sizeof(va_jwks_t));
}

static void clear_key(va_jwk_t *key)
{
    EVP_PKEY_free(key->public);
    for (size_t i = 0; i < VA_JWK_HMACS; i++)
        va_hmac_key_free(key->secret[i]);
    memset(key, 0, sizeof(*key));
}

void va_jwks_free(va_jwks_t *set)
{
    if (set == NULL)
        return;

    for (size_t i = 0; i < set->count; i++)
        clear_key(&set->keys[i]);
    OPENSSL_free(set);
}

size_t va_jwks_count(const va_jwks_t *set)
{
    return set->count;
}

/* The next free place of the set, with its kid; NULL when that is too long, or the set full. */
static va_jwk_t *next_key(va_jwks_t *set, va_str_t kid)
{
    if (kid.len > VA_JWK_KID_MAX || set->count == VA_JWKS_MAX_KEYS)
        return NULL;

    va_jwk_t *key = &set->keys[set->count];

    if (kid.len > 0)
        memcpy(key->kid, kid.data, kid.len);
    key->kid_len = kid.len;

    return key;
}

va_status_t va_jwks_add_secret(va_jwks_t *set, va_str_t kid, va_str_t secret)
{
    static const va_digest_t digests[VA_JWK_HMACS] = {
        [VA_HS256] = VA_SHA256,
        [VA_HS384] = VA_SHA384,
        [VA_HS512] = VA_SHA512,
    };
    va_jwk_t *key = secret.len >= VA_JWKS_MIN_SECRET ? next_key(set, kid) : NULL;

    if (key == NULL)
        return VA_ELIMIT;

    for (size_t i = 0; i < VA_JWK_HMACS; i++) {
        key->secret[i] = va_hmac_key_new(digests[i], secret);
        if (key->secret[i] == NULL) {
            clear_key(key);
            return VA_ECRYPTO;
        }
    }
    set->count++;

    return VA_OK;
}

/* 2048 to 8192 bits, the exponent odd and at least 65537. */
static bool strong_rsa(const EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);
    BIGNUM *e = NULL;
    bool strong = bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS &&
                  EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
                  BN_num_bits(e) > 16;

    BN_free(e);
    return strong;
}

static bool on_p256(const EVP_PKEY *pkey)
{
    char group[32];
    size_t len;

    return EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* VA_ESYNTAX: not a key for that algorithm; VA_ELIMIT: a weak one. */
static va_status_t check_public(const EVP_PKEY *pkey, va_jwt_alg_t alg)
{
    switch (alg) {
    case VA_RS256:
    case VA_PS256:
        if (!EVP_PKEY_is_a(pkey, "RSA"))
            return VA_ESYNTAX;
        return strong_rsa(pkey) ? VA_OK : VA_ELIMIT;
    case VA_ES256:
        return EVP_PKEY_is_a(pkey, "EC") && on_p256(pkey) ? VA_OK : VA_ESYNTAX;
    case VA_EDDSA:
        return EVP_PKEY_is_a(pkey, "ED25519") ? VA_OK : VA_ESYNTAX;
    default:
        return VA_ESYNTAX;
    }
}

/* Takes pkey over, also when it fails. */
static va_status_t add_public(va_jwks_t *set, va_str_t kid, va_jwt_alg_t alg, EVP_PKEY *pkey)
{
    va_status_t status = check_public(pkey, alg);
    va_jwk_t *key = status == VA_OK ? next_key(set, kid) : NULL;

    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return status != VA_OK ? status : VA_ELIMIT;
    }

    key->alg = alg;
    key->public = pkey;
    set->count++;

    return VA_OK;
}

/* Without it OpenSSL would ask the terminal for the password of an encrypted file. */
static int no_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;

    return -1;
}

va_status_t va_jwks_add_pem(va_jwks_t *set, va_str_t kid, va_jwt_alg_t alg, va_str_t pem)
{
    if (pem.len > VA_JWKS_MAX_BYTES)
        return VA_ELIMIT;

    BIO *bio = BIO_new_mem_buf(pem.data != NULL ? pem.data : "", (int)pem.len);

    if (bio == NULL)
        return VA_ENOMEM;

    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);

    va_status_t status = pkey != NULL ? add_public(set, kid, alg, pkey) : VA_ESYNTAX;

    BIO_free(bio);

    return va_openssl_out_of_memory() ? VA_ENOMEM : status;
}

static va_status_t add_pem_for_each(va_jwks_t *set, va_str_t pem)
{
    static const va_jwt_alg_t algs[] = {VA_RS256, VA_PS256, VA_ES256, VA_EDDSA};
    va_status_t best = VA_ESYNTAX;

    for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++) {
        va_status_t status = va_jwks_add_pem(set, VA_STR_NULL, algs[i], pem);

        if (status == VA_ENOMEM)
            return status;
        if (status != VA_ESYNTAX)
            best = status;
    }

    return best;
}

va_status_t va_jwks_add_file(va_jwks_t *set, va_str_t text)
{
    const char begin[] = "-----BEGIN ";
    bool pem = text.len > strlen(begin) && memcmp(text.data, begin, strlen(begin)) == 0;

    return pem ? add_pem_for_each(set, text) : va_jwks_add_document(set, text, VA_RS256);
}

/* A member in base64url; false when it is missing, malformed or longer than size. */
static bool get_bytes(const va_json_t *jwk, const char *name, uint8_t *out, size_t size,
                      size_t *len)
{
    uint8_t decoded[VA_BASE64_MAX(VA_BASE64_LEN(RSA_MAX_BYTES))];
    va_str_t text = va_json_get_string(jwk, name);

    if (text.len > VA_BASE64_LEN(size) || va_base64url_decode(decoded, len, text) != VA_OK ||
        *len == 0 || *len > size)
        return false;

    memcpy(out, decoded, *len);
    return true;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}

static EVP_PKEY *rsa_key(BIGNUM *n, BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;

    if (builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);

    EVP_PKEY *pkey = from_params("RSA", params);

    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

/* RFC 7518 section 6.3.1. */
static EVP_PKEY *read_rsa(const va_json_t *jwk)
{
    uint8_t n_bytes[RSA_MAX_BYTES], e_bytes[8];
    size_t n_len, e_len;

    if (!get_bytes(jwk, "n", n_bytes, sizeof(n_bytes), &n_len) ||
        !get_bytes(jwk, "e", e_bytes, sizeof(e_bytes), &e_len))
        return NULL;

    BIGNUM *n = BN_bin2bn(n_bytes, (int)n_len, NULL);
    BIGNUM *e = BN_bin2bn(e_bytes, (int)e_len, NULL);
    EVP_PKEY *pkey = NULL;

    if (n != NULL && e != NULL)
        pkey = rsa_key(n, e);
    BN_free(n);
    BN_free(e);

    return pkey;
}

/* RFC 7518 section 6.2.1; OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *read_ec(const va_json_t *jwk)
{
    uint8_t point[1 + 2 * EC_COORD_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t x_len, y_len;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };

    if (!va_str_eq(va_json_get_string(jwk, "crv"), VA_STR("P-256")) ||
        !get_bytes(jwk, "x", point + 1, EC_COORD_BYTES, &x_len) ||
        !get_bytes(jwk, "y", point + 1 + EC_COORD_BYTES, EC_COORD_BYTES, &y_len) ||
        x_len != EC_COORD_BYTES || y_len != EC_COORD_BYTES)
        return NULL;

    return from_params("EC", params);
}

/* RFC 8037 section 2. */
static EVP_PKEY *read_ed25519(const va_json_t *jwk)
{
    uint8_t x[ED25519_BYTES];
    size_t len;

    if (!va_str_eq(va_json_get_string(jwk, "crv"), VA_STR("Ed25519")) ||
        !get_bytes(jwk, "x", x, sizeof(x), &len) || len != sizeof(x))
        return NULL;

    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, len);
}

/* Not for encryption, and for verifying if it says for what (RFC 7517 sections 4.2 and 4.3). */
static bool for_signatures(const va_json_t *jwk)
{
    const va_json_t *use = va_json_get(jwk, "use");
    const va_json_t *operations = va_json_get(jwk, "key_ops");

    if (use != NULL && !va_str_eq(va_json_string(use), VA_STR("sig")))
        return false;
    if (operations == NULL)
        return true;
    if (!va_json_is(operations, VA_JSON_ARRAY))
        return false;

    for (const va_json_t *op = operations->first; op != NULL; op = op->next) {
        if (va_str_eq(va_json_string(op), VA_STR("verify")))
            return true;
    }

    return false;
}

/* The one algorithm of a key: what it names, or what is usual for its type. */
static bool algorithm(const va_json_t *jwk, va_jwt_alg_t usual, va_jwt_alg_t *alg)
{
    const va_json_t *named = va_json_get(jwk, "alg");

    *alg = usual;

    return named == NULL || va_jwt_alg_parse(va_json_string(named), alg);
}

/* NULL: a key we have no use for. */
static EVP_PKEY *read_jwk(const va_json_t *jwk, va_jwt_alg_t rsa, va_jwt_alg_t *alg)
{
    static const struct {
        const char *type;
        va_jwt_alg_t usual;
        EVP_PKEY *(*read)(const va_json_t *jwk);
    } types[] = {
        {"RSA", VA_RS256, read_rsa},
        {"EC", VA_ES256, read_ec},
        {"OKP", VA_EDDSA, read_ed25519},
    };
    va_str_t type = va_json_get_string(jwk, "kty");

    if (!for_signatures(jwk))
        return NULL;

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        va_jwt_alg_t usual = types[i].usual == VA_RS256 ? rsa : types[i].usual;

        if (va_str_eq(type, va_str_c(types[i].type)) && algorithm(jwk, usual, alg))
            return types[i].read(jwk);
    }

    return NULL;
}

/* A key that is of no use is no failure (RFC 7517 section 5), a full set is. */
static va_status_t add_jwk(va_jwks_t *set, const va_json_t *jwk, va_jwt_alg_t rsa)
{
    const va_json_t *kid = va_json_get(jwk, "kid");
    va_jwt_alg_t alg;

    if (kid != NULL && (!va_json_is(kid, VA_JSON_STRING) || kid->text.len == 0 ||
                        kid->text.len > VA_JWK_KID_MAX))
        return VA_OK;

    EVP_PKEY *pkey = read_jwk(jwk, rsa, &alg);

    if (pkey == NULL)
        return va_openssl_out_of_memory() ? VA_ENOMEM : VA_OK;
    if (set->count == VA_JWKS_MAX_KEYS) {
        EVP_PKEY_free(pkey);
        return VA_ELIMIT;
    }
    add_public(set, va_json_string(kid), alg, pkey);

    return va_openssl_out_of_memory() ? VA_ENOMEM : VA_OK;
}

/* Memory for the document alone, freed as a whole. */
struct scratch {
    struct scratch *next;
    _Alignas(max_align_t) char data[];
};

static void *scratch_alloc(void *ctx, size_t size)
{
    struct scratch **list = ctx;
    struct scratch *s = malloc(sizeof(*s) + size);

    if (s == NULL)
        return NULL;

    s->next = *list;
    *list = s;

    return s->data;
}

static void scratch_free(struct scratch *list)
{
    while (list != NULL) {
        struct scratch *next = list->next;

        free(list);
        list = next;
    }
}

static va_status_t add_keys(va_jwks_t *set, const va_json_t *document, va_jwt_alg_t rsa)
{
    const va_json_t *keys = va_json_get(document, "keys");
    size_t before = set->count;
    va_status_t status = VA_OK;

    if (!va_json_is(keys, VA_JSON_ARRAY))
        return VA_ESYNTAX;
    if (keys->count > VA_JWKS_MAX_KEYS)
        return VA_ELIMIT;

    for (const va_json_t *jwk = keys->first; jwk != NULL && status == VA_OK; jwk = jwk->next)
        status = add_jwk(set, jwk, rsa);
    while (status != VA_OK && set->count > before)
        clear_key(&set->keys[--set->count]);

    return status;
}

va_status_t va_jwks_add_document(va_jwks_t *set, va_str_t json, va_jwt_alg_t rsa)
{
    const va_json_limits_t limits = {VA_JWKS_MAX_BYTES, 8, 4096};
    struct scratch *scratch = NULL;
    const va_alloc_t mem = {scratch_alloc, &scratch};
    const va_json_t *document;
    va_status_t status = va_json_parse(&mem, json, &limits, &document);

    if (status == VA_OK)
        status = add_keys(set, document, rsa);
    scratch_free(scratch);

    return status;
}

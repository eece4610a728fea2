/* Input: a JWKS document, or a key in PEM. */
#include "core/jwks.h"
#include "t/fuzz/fuzz.h"

static void add_document(va_jwks_t *set, va_str_t json)
{
    if (va_jwks_add_document(set, json, VA_RS256) != VA_OK)
        CHECK(va_jwks_count(set) == 0);
    CHECK(va_jwks_count(set) <= VA_JWKS_MAX_KEYS);
}

/* A key is for one kind of algorithm at most; RSA keys serve two. */
static void add_pem(va_jwks_t *set, va_str_t pem)
{
    for (int alg = VA_HS256; alg < VA_JWT_ALGS; alg++) {
        size_t before = va_jwks_count(set);
        va_status_t status = va_jwks_add_pem(set, VA_STR_NULL, (va_jwt_alg_t)alg, pem);

        CHECK(va_jwks_count(set) == before + (status == VA_OK));
    }
    CHECK(va_jwks_count(set) <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    va_jwks_t *set = va_jwks_new();

    CHECK(set != NULL);
    if (size > 0 && data[0] == '-')
        add_pem(set, input);
    else
        add_document(set, input);
    va_jwks_free(set);
    fuzz_free_all();

    return 0;
}

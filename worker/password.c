#include "worker/password.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>

#include "core/hmac.h"
#include "worker/metrics.h"

#define YESCRYPT "$y$"

/* What is looked at of a hash of ours: crypt(5). */
static bool is_yescrypt(va_str_t hash)
{
    return hash.len > 3 && memcmp(hash.data, YESCRYPT, 3) == 0;
}

/* $2x$ is the one with the known fault. */
static bool is_bcrypt(va_str_t hash)
{
    return hash.len > 4 && hash.data[0] == '$' && hash.data[1] == '2' &&
           strchr("aby", hash.data[2]) != NULL && hash.data[3] == '$';
}

static bool acceptable(va_str_t password, wk_error_t *e)
{
    if (password.len > WK_PASSWORD_MAX ||
        (password.len > 0 && memchr(password.data, '\0', password.len) != NULL)) {
        return wk_error(e, WK_INVALID, "a password that cannot be one");
    }
    return true;
}

static bool new_setting(int cost, char setting[CRYPT_GENSALT_OUTPUT_SIZE], wk_error_t *e)
{
    if (cost < 1 || cost > WK_PASSWORD_COST_MAX ||
        crypt_gensalt_rn(YESCRYPT, (unsigned long)cost, NULL, 0, setting,
                         CRYPT_GENSALT_OUTPUT_SIZE) == NULL) {
        return wk_error(e, WK_INTERNAL, "yescrypt of cost %d: %s", cost, strerror(errno));
    }
    return true;
}

/* The one place where a hash is computed. */
static bool compute(wk_arena_t *a, va_str_t password, const char *setting, va_str_t *hash,
                    wk_error_t *e)
{
    struct crypt_data work = {.initialized = 0};
    char phrase[WK_PASSWORD_MAX + 1];

    memcpy(phrase, password.data != NULL ? password.data : "", password.len);
    phrase[password.len] = '\0';
    errno = 0;
    const char *text = crypt_r(phrase, setting, &work);
    /* libxcrypt's failures begin with '*': crypt(3). */
    bool ok = text != NULL && text[0] != '*';
    if (ok) {
        *hash = wk_copy(a, va_str_c(text));
    } else {
        wk_error(e, errno == EINVAL ? WK_INTERNAL : WK_UNAVAILABLE, "hashing a password: %s",
                 strerror(errno));
    }
    explicit_bzero(phrase, sizeof(phrase));
    explicit_bzero(&work, sizeof(work));
    wk_count("voiceagent_password_hashes_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    return ok;
}

bool wk_password_hash(wk_arena_t *a, va_str_t password, int cost, va_str_t *hash, wk_error_t *e)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    return acceptable(password, e) && new_setting(cost, setting, e) &&
           compute(a, password, setting, hash, e);
}

bool wk_password_verify(wk_arena_t *a, va_str_t password, va_str_t hash, int cost,
                        bool *matches, wk_error_t *e)
{
    char stand_in[CRYPT_GENSALT_OUTPUT_SIZE];
    va_str_t computed;
    bool known = is_yescrypt(hash) || is_bcrypt(hash);

    *matches = false;
    if (!acceptable(password, e) || (!known && !new_setting(cost, stand_in, e))) {
        return false;
    }
    const char *setting = known ? wk_strdup(a, hash) : stand_in;
    if (!compute(a, password, setting, &computed, e)) {
        return false;
    }
    *matches = known && va_equal_ct(computed, hash);
    return true;
}

/* yescrypt's work is N times r blocks: "$y$jBT$…" has both as characters of crypt's base 64. */
static unsigned long long yescrypt_work(va_str_t hash)
{
    static const char digits[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *n = hash.len > 6 ? strchr(digits, hash.data[4]) : NULL;
    const char *r = n != NULL ? strchr(digits, hash.data[5]) : NULL;
    if (r == NULL || n - digits > 40) {
        return 0;
    }
    return (unsigned long long)(r - digits + 1) << (n - digits + 1);
}

bool wk_password_outdated(va_str_t hash, int cost)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    wk_error_t e;
    if (!new_setting(cost, setting, &e)) {
        return false;
    }
    return !is_yescrypt(hash) || yescrypt_work(hash) < yescrypt_work(va_str_c(setting));
}

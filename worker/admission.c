#include "worker/admission.h"

#include "scripts.h"

static va_str_t org_key(wk_arena_t *a, va_str_t organization)
{
    return wk_printf(a, "va:voice:org:{%.*s}", (int)organization.len, organization.data);
}

static va_str_t call_key(wk_arena_t *a, va_str_t call)
{
    return wk_printf(a, "va:call:{%.*s}", (int)call.len, call.data);
}

static bool read_result(va_str_t word, wk_admission_t *result, wk_error_t *e)
{
    static const struct {
        const char *word;
        wk_admission_t result;
    } words[] = {
        {"OK", WK_ADMITTED}, {"FULL", WK_ADMISSION_FULL}, {"BUSY", WK_ADMISSION_NO_VOICE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (va_str_eq(word, va_str_c(words[i].word))) {
            *result = words[i].result;
            return true;
        }
    }
    return wk_error(e, WK_INTERNAL, "Redis: admit: unexpected reply");
}

bool wk_admission_reserve(wk_redis_t *r, wk_arena_t *a, const wk_admission_request_t *request,
                          wk_admission_t *result, wk_error_t *e)
{
    va_str_t keys[] = {org_key(a, request->organization), VA_STR("va:voice:media"),
                       VA_STR("va:voice:processes"), call_key(a, request->call),
                       VA_STR("va:voice:live")};
    va_str_t args[] = {request->call, wk_printf(a, "%lld", (long long)request->limit),
                       wk_printf(a, "%lld", (long long)request->hold_ms),
                       request->media ? VA_STR("1") : VA_STR("0")};
    redisReply *reply = wk_redis_script(r, &wk_script_admit, keys, 5, args, 4, e);
    if (reply == NULL) {
        return wk_error_wrap(e, "admission");
    }
    bool ok = read_result(wk_redis_str(reply), result, e);
    freeReplyObject(reply);
    return ok;
}

bool wk_admission_release(wk_redis_t *r, wk_arena_t *a, va_str_t organization, va_str_t call,
                          wk_error_t *e)
{
    va_str_t keys[] = {org_key(a, organization), VA_STR("va:voice:media"), call_key(a, call),
                       VA_STR("va:voice:live")};
    redisReply *reply = wk_redis_script(r, &wk_script_release, keys, 4, &call, 1, e);
    freeReplyObject(reply);
    return reply != NULL || wk_error_wrap(e, "admission");
}

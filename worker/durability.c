#include "worker/durability.h"

#include <stdlib.h>
#include <string.h>

#include "worker/log.h"

/* The value of one setting; absent when this login may not ask. */
static va_str_t setting(wk_redis_t *r, wk_arena_t *a, const char *name)
{
    wk_error_t e;
    va_str_t argv[] = {VA_STR("CONFIG"), VA_STR("GET"), va_str_c(name)};
    redisReply *reply = wk_redis_command(r, 0, argv, 3, &e);
    va_str_t value = VA_STR_NULL;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        value = wk_copy(a, wk_redis_str(reply->element[1]));
    }
    freeReplyObject(reply);
    return value;
}

static bool read_version(wk_redis_t *r, wk_arena_t *a, wk_durability_t *d, wk_error_t *e)
{
    static const char name[] = "redis_version:";
    va_str_t argv[] = {VA_STR("INFO"), VA_STR("server")};
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    if (reply == NULL) {
        return false;
    }
    const char *info = wk_strdup(a, wk_redis_str(reply));
    const char *version = info != NULL ? strstr(info, name) : NULL;
    if (version != NULL) {
        char *end;
        d->major = (int)strtol(version + sizeof(name) - 1, &end, 10);
        d->minor = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
    }
    freeReplyObject(reply);
    return true;
}

bool wk_durability_read(wk_redis_t *r, wk_arena_t *a, wk_durability_t *d, wk_error_t *e)
{
    memset(d, 0, sizeof(*d));
    if (!read_version(r, a, d, e)) {
        return false;
    }
    va_str_t appendonly = setting(r, a, "appendonly");
    va_str_t appendfsync = setting(r, a, "appendfsync");
    va_str_t replicas = setting(r, a, "min-replicas-to-write");
    d->known = appendonly.data != NULL;
    d->appendonly = va_str_eq(appendonly, VA_STR("yes"));
    d->always = va_str_eq(appendfsync, VA_STR("always"));
    d->everysec = va_str_eq(appendfsync, VA_STR("everysec"));
    d->noeviction = va_str_eq(setting(r, a, "maxmemory-policy"), VA_STR("noeviction"));
    d->min_replicas = replicas.data != NULL ? (int)strtol(replicas.data, NULL, 10) : 0;
    return true;
}

const char *wk_durability_promise(const wk_durability_t *d)
{
    if (!d->known) {
        return "unknown: this login may not read Redis' settings";
    }
    if (!d->noeviction) {
        return "none: Redis may evict jobs when its memory is full (maxmemory-policy is not "
               "noeviction)";
    }
    if (!d->appendonly) {
        return "weak: an accepted job is lost when Redis stops without saving (appendonly is "
               "no)";
    }
    if (d->always) {
        return d->min_replicas > 0 ? "full: an accepted job is on disk; a failover may lose "
                                     "what the replica had "
                                     "not received"
                                   : "full: an accepted job is on disk";
    }
    return d->everysec ? "good: a power cut may lose the last second of accepted jobs"
                       : "weak: a power cut may lose what the system had not written yet "
                         "(appendfsync is no)";
}

void wk_durability_log(wk_redis_t *r)
{
    wk_error_t e;
    wk_durability_t d;
    wk_arena_t *a = wk_arena_new();
    if (wk_durability_read(r, a, &d, &e)) {
        bool good = d.known && d.noeviction && d.appendonly && (d.always || d.everysec);
        wk_log(good ? WK_INFO : WK_WARN, "durability of accepted jobs",
               WK_C("promise", wk_durability_promise(&d)));
    } else {
        wk_log(WK_WARN, "durability of accepted jobs not known", WK_C("error", e.text));
    }
    wk_arena_free(a);
}

/* The dead of a queue: what an operator sees of them and does with them (queue.h). */
#include "worker/queue.h"

#include <stdlib.h>

#include "scripts.h"

static va_str_t key_of(wk_arena_t *a, wk_queue_t q, const char *what, va_str_t id)
{
    va_str_t prefix = wk_queue_prefix(q);
    return wk_printf(a, "%.*s%s%.*s", (int)prefix.len, prefix.data, what, (int)id.len, id.data);
}

/* An array of n elements (any number for n = 0), owned by the arena. */
static redisReply *command(wk_redis_t *r, wk_arena_t *a, const va_str_t *argv, size_t argc,
                           size_t n, wk_error_t *e)
{
    redisReply *reply = wk_redis_command(r, 0, argv, argc, e);
    if (reply == NULL) {
        return NULL;
    }
    wk_defer(a, freeReplyObject, reply);
    if (reply->type != REDIS_REPLY_ARRAY || (n > 0 && reply->elements != n)) {
        wk_error(e, WK_INTERNAL, "Redis: %s: unexpected reply", argv[0].data);
        return NULL;
    }
    return reply;
}

static int64_t to_int(va_str_t s)
{
    return s.data != NULL ? strtoll(s.data, NULL, 10) : 0;
}

/* The texts belong to the reply, and so to the arena. *found: it has a document. */
static bool load(wk_redis_t *r, wk_queue_t q, va_str_t id, wk_arena_t *a, wk_dead_t *out,
                 bool *found, wk_error_t *e)
{
    va_str_t argv[] = {
        VA_STR("HMGET"),  key_of(a, q, "job:", id), VA_STR("type"),    VA_STR("lane"),
        VA_STR("reason"), VA_STR("died"),           VA_STR("attempt"), VA_STR("job")};
    redisReply *reply = command(r, a, argv, 8, 6, e);
    if (reply == NULL) {
        return false;
    }
    *out = (wk_dead_t){
        .id = id,
        .type = wk_redis_str(reply->element[0]),
        .lane = wk_redis_str(reply->element[1]),
        .reason = wk_redis_str(reply->element[2]),
        .died_ms = to_int(wk_redis_str(reply->element[3])),
        .attempt = (int)to_int(wk_redis_str(reply->element[4])),
        .document = wk_redis_str(reply->element[5]),
    };
    *found = out->document.data != NULL;
    return true;
}

bool wk_queue_dead_list(wk_redis_t *r, wk_queue_t q, int64_t offset, size_t n, wk_arena_t *a,
                        wk_dead_t *out, size_t *count, wk_error_t *e)
{
    *count = 0;
    if (n == 0) {
        return true;
    }
    va_str_t argv[] = {VA_STR("ZREVRANGE"), key_of(a, q, "dead", VA_STR("")),
                       wk_printf(a, "%lld", (long long)offset),
                       wk_printf(a, "%lld", (long long)(offset + (int64_t)n - 1))};
    redisReply *ids = command(r, a, argv, 4, 0, e);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < ids->elements; i++) {
        bool found;
        if (!load(r, q, wk_redis_str(ids->element[i]), a, &out[i], &found, e)) {
            return false;
        }
        out[i].document = VA_STR_NULL;
    }
    *count = ids->elements;
    return true;
}

bool wk_queue_dead_get(wk_redis_t *r, wk_queue_t q, va_str_t id, wk_arena_t *a, wk_dead_t *out,
                       bool *found, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("ZSCORE"), key_of(a, q, "dead", VA_STR("")), id};
    redisReply *score = wk_redis_command(r, 0, argv, 3, e);
    *found = false;
    if (score == NULL) {
        return false;
    }
    bool dead = score->type == REDIS_REPLY_STRING;
    freeReplyObject(score);
    return !dead || load(r, q, wk_copy(a, id), a, out, found, e);
}

static bool change(wk_redis_t *r, const wk_script_t *script, wk_queue_t q, va_str_t id,
                   bool *found, wk_error_t *e)
{
    va_str_t prefix = wk_queue_prefix(q);
    redisReply *reply = wk_redis_script(r, script, &prefix, 1, &id, 1, e);
    *found = reply != NULL && reply->integer == 1;
    freeReplyObject(reply);
    return reply != NULL;
}

bool wk_queue_dead_replay(wk_redis_t *r, wk_queue_t q, va_str_t id, bool *found, wk_error_t *e)
{
    return change(r, &wk_script_requeue, q, id, found, e);
}

bool wk_queue_dead_drop(wk_redis_t *r, wk_queue_t q, va_str_t id, bool *found, wk_error_t *e)
{
    return change(r, &wk_script_drop, q, id, found, e);
}

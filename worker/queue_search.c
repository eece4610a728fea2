#include "worker/queue_search.h"

#define PAGE 100

static bool look_at(wk_redis_t *r, va_str_t key, size_t prefix, wk_queue_job_fn fn, void *arg,
                    wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HMGET"), key, VA_STR("job"), VA_STR("died")};
    redisReply *reply = wk_redis_command(r, 0, argv, 4, e);
    if (reply == NULL) {
        return false;
    }
    bool ok = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
    if (!ok) {
        wk_error(e, WK_INTERNAL, "Redis: HMGET: unexpected reply");
    } else if (wk_redis_str(reply->element[0]).data != NULL) {
        wk_queue_job_t job = {.id = va_str(key.data + prefix, key.len - prefix),
                              .document = wk_redis_str(reply->element[0]),
                              .dead = wk_redis_str(reply->element[1]).data != NULL};
        ok = fn(&job, arg, e);
    }
    freeReplyObject(reply);
    return ok;
}

/* What is pushed meanwhile moves the others away from the left: some are seen twice, none is
 * missed. */
static bool look_at_pushed(wk_redis_t *r, wk_queue_t q, wk_arena_t *a, wk_queue_job_fn fn,
                           void *arg, wk_error_t *e)
{
    bool ok = true;
    size_t n = PAGE;
    va_str_t prefix = wk_queue_prefix(q);
    va_str_t key = wk_printf(a, "%.*sin", (int)prefix.len, prefix.data);
    for (size_t from = 0; ok && n == PAGE; from += PAGE) {
        va_str_t argv[] = {VA_STR("LRANGE"), key, wk_printf(a, "%zu", from),
                           wk_printf(a, "%zu", from + PAGE - 1)};
        redisReply *page = wk_redis_command(r, 0, argv, 4, e);
        if (page == NULL) {
            return false;
        }
        n = page->elements;
        for (size_t i = 0; ok && i < n; i++) {
            wk_queue_job_t job = {.document = wk_redis_str(page->element[i])};
            ok = fn(&job, arg, e);
        }
        freeReplyObject(page);
    }
    return ok;
}

/* The way in first, since what goes on from there meanwhile has a hash by then; and at last
 * again: a dead job, or one too new for its worker, may have been put there anew. */
bool wk_queue_search(wk_redis_t *r, wk_queue_t q, wk_arena_t *a, wk_queue_job_fn fn, void *arg,
                     wk_error_t *e)
{
    va_str_t before = wk_queue_prefix(q), cursor = VA_STR("0");
    bool ok = look_at_pushed(r, q, a, fn, arg, e);
    if (!ok) {
        return false;
    }
    size_t prefix = before.len + sizeof("job:") - 1;
    va_str_t match = wk_printf(a, "%.*sjob:*", (int)before.len, before.data);
    do {
        va_str_t argv[] = {VA_STR("SCAN"), cursor,          VA_STR("MATCH"),
                           match,          VA_STR("COUNT"), VA_STR("1000")};
        redisReply *page = wk_redis_command(r, 0, argv, 6, e);
        if (page == NULL) {
            return false;
        }
        cursor = wk_copy(a, wk_redis_str(page->element[0]));
        for (size_t i = 0; ok && i < page->element[1]->elements; i++) {
            ok = look_at(r, wk_redis_str(page->element[1]->element[i]), prefix, fn, arg, e);
        }
        freeReplyObject(page);
    } while (ok && !va_str_eq(cursor, VA_STR("0")));
    return ok && look_at_pushed(r, q, a, fn, arg, e);
}

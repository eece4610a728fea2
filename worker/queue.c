#include "worker/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"

#include "scripts.h"

#define LAYOUT_VERSION "1" /* of docs/protocol.md */
#define TOKEN_BYTES    12
#define MAX_RENEWED    256

static const struct {
    const char *name;
    va_str_t prefix, bell;
} queues[WK_QUEUES] = {
    {"realtime", {"va:{realtime}:", 14}, {"va:{realtime}:bell", 18}},
    {"default", {"va:{default}:", 13}, {"va:{default}:bell", 17}},
    {"bulk", {"va:{bulk}:", 10}, {"va:{bulk}:bell", 14}},
};

const char *wk_queue_name(wk_queue_t q)
{
    return queues[q].name;
}

bool wk_queue_parse(va_str_t name, wk_queue_t *q)
{
    for (size_t i = 0; i < WK_QUEUES; i++) {
        if (va_str_eq(name, va_str_c(queues[i].name))) {
            *q = (wk_queue_t)i;
            return true;
        }
    }
    return false;
}

va_str_t wk_queue_prefix(wk_queue_t q)
{
    return queues[q].prefix;
}

/* A number as an argument of a script. */
typedef struct {
    char text[24];
} number_t;

static va_str_t number(number_t *n, int64_t value)
{
    int len = snprintf(n->text, sizeof(n->text), "%lld", (long long)value);
    return va_str(n->text, (size_t)len);
}

static va_str_t present(va_str_t s)
{
    return s.data != NULL ? s : VA_STR("");
}

static bool unexpected(redisReply *reply, const char *what, wk_error_t *e)
{
    freeReplyObject(reply);
    return wk_error(e, WK_INTERNAL, "Redis: %s: unexpected reply", what);
}

static bool write_layout(wk_redis_t *r, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("SET"), VA_STR("va:schema"), VA_STR(LAYOUT_VERSION),
                       VA_STR("NX")};
    redisReply *reply = wk_redis_command(r, 0, argv, 4, e);
    freeReplyObject(reply);
    return reply != NULL;
}

bool wk_queue_check_layout(wk_redis_t *r, bool claim, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("GET"), VA_STR("va:schema")};
    if (claim && !write_layout(r, e)) {
        return false;
    }
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    if (reply == NULL) {
        return false;
    }
    va_str_t found = wk_redis_str(reply);
    bool same = va_str_eq(found, VA_STR(LAYOUT_VERSION)) || (!claim && found.data == NULL);
    if (!same) {
        wk_error(e, WK_CONFLICT, "Redis holds layout version %.*s, this program knows %s",
                 (int)found.len, found.data != NULL ? found.data : "", LAYOUT_VERSION);
    }
    freeReplyObject(reply);
    return same;
}

/* ---------------------------------------------------------------- take */

static va_str_t new_token(wk_arena_t *a)
{
    unsigned char bytes[TOKEN_BYTES];
    arc4random_buf(bytes, sizeof(bytes));
    char *hex = wk_alloc(a, 2 * TOKEN_BYTES);
    va_hex_encode(hex, bytes, sizeof(bytes));
    return va_str(hex, 2 * TOKEN_BYTES);
}

bool wk_queue_send_take(wk_redis_t *r, const wk_queue_t *order, size_t n,
                        const wk_queue_limits_t *lim, wk_arena_t *a, wk_lease_t *lease,
                        wk_error_t *e)
{
    va_str_t keys[WK_QUEUES];
    number_t life, cap, version;
    for (size_t i = 0; i < n; i++) {
        keys[i] = queues[order[i]].prefix;
    }
    memset(lease, 0, sizeof(*lease));
    lease->token = new_token(a);
    va_str_t args[] = {lease->token, number(&life, lim->lease_ms), number(&cap, lim->lane_cap),
                       number(&version, VA_JOB_VERSION)};
    return wk_redis_script_append(r, &wk_script_take, keys, n, args, 4, e);
}

bool wk_queue_receive_take(wk_redis_t *r, const wk_queue_t *order, wk_arena_t *a,
                           wk_lease_t *lease, bool *found, wk_error_t *e)
{
    redisReply *reply = wk_redis_reply(r, e);
    *found = false;
    if (reply == NULL) {
        return false;
    }
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 5) {
        redisReply **part = reply->element;
        lease->queue = order[part[0]->integer - 1];
        lease->id = wk_copy(a, wk_redis_str(part[1]));
        lease->document = wk_copy(a, wk_redis_str(part[2]));
        lease->attempt = (int)part[3]->integer;
        lease->first = part[4]->integer == 1;
        *found = true;
    } else if (reply->type != REDIS_REPLY_NIL) {
        return unexpected(reply, "take", e);
    }
    freeReplyObject(reply);
    return true;
}

bool wk_queue_take(wk_redis_t *r, const wk_queue_t *order, size_t n,
                   const wk_queue_limits_t *lim, wk_arena_t *a, wk_lease_t *lease, bool *found,
                   wk_error_t *e)
{
    *found = false;
    return wk_queue_send_take(r, order, n, lim, a, lease, e) &&
           wk_queue_receive_take(r, order, a, lease, found, e);
}

bool wk_queue_wait(wk_redis_t *r, const wk_queue_t *order, size_t n, int wait_ms, wk_error_t *e)
{
    va_str_t argv[WK_QUEUES + 2] = {VA_STR("BLPOP")};
    char seconds[24];
    for (size_t i = 0; i < n; i++) {
        argv[i + 1] = queues[order[i]].bell;
    }
    int len = snprintf(seconds, sizeof(seconds), "%d.%03d", wait_ms / 1000, wait_ms % 1000);
    argv[n + 1] = va_str(seconds, (size_t)len);
    redisReply *reply = wk_redis_command(r, wait_ms, argv, n + 2, e);
    freeReplyObject(reply);
    return reply != NULL;
}

/* ---------------------------------------------------------------- end */

bool wk_queue_send_end(wk_redis_t *r, const wk_lease_t *l, const wk_end_t *end,
                       const wk_queue_limits_t *lim, wk_error_t *e)
{
    const va_str_t *key = &queues[l->queue].prefix;
    number_t cap, delay, version;
    va_str_t args[6] = {l->id, l->token, number(&cap, lim->lane_cap)};
    switch (end->how) {
    case WK_END_ACK:
        args[3] = present(end->reply);
        return wk_redis_script_append(r, &wk_script_ack, key, 1, args, 4, e);
    case WK_END_RETRY:
        args[3] = number(&delay, end->delay_ms);
        args[4] = end->uncounted ? VA_STR("0") : VA_STR("1");
        args[5] = present(end->reason);
        return wk_redis_script_append(r, &wk_script_retry, key, 1, args, 6, e);
    case WK_END_DEFER:
        args[3] = number(&delay, end->delay_ms);
        args[4] = number(&version, VA_JOB_VERSION);
        return wk_redis_script_append(r, &wk_script_defer, key, 1, args, 5, e);
    case WK_END_BURY:
        args[3] = present(end->reason);
        args[4] = present(end->reply);
        return wk_redis_script_append(r, &wk_script_bury, key, 1, args, 5, e);
    }
    return wk_error(e, WK_INTERNAL, "no such end of a job");
}

bool wk_queue_receive_end(wk_redis_t *r, bool *lost, wk_error_t *e)
{
    redisReply *reply = wk_redis_reply(r, e);
    *lost = false;
    if (reply == NULL) {
        return false;
    }
    *lost = !va_str_eq(wk_redis_str(reply), VA_STR("OK"));
    freeReplyObject(reply);
    return true;
}

bool wk_queue_end(wk_redis_t *r, const wk_lease_t *l, const wk_end_t *end,
                  const wk_queue_limits_t *lim, bool *lost, wk_error_t *e)
{
    *lost = false;
    return wk_queue_send_end(r, l, end, lim, e) && wk_queue_receive_end(r, lost, e);
}

int64_t wk_queue_backoff_ms(int attempt)
{
    const int64_t most = 5 * 60 * 1000;
    int64_t ms = attempt < 1 ? 1000 : attempt > 9 ? most : INT64_C(1000) << (attempt - 1);
    if (ms > most) {
        ms = most;
    }
    return ms - ms / 5 + arc4random_uniform((uint32_t)(ms / 5 * 2 + 1));
}

/* ---------------------------------------------------------------- renew, reap, push */

bool wk_queue_renew(wk_redis_t *r, wk_queue_t q, const wk_lease_t *leases, size_t n,
                    int lease_ms, bool *lost, wk_error_t *e)
{
    va_str_t args[1 + 2 * MAX_RENEWED];
    number_t life;
    if (n > MAX_RENEWED) {
        return wk_error(e, WK_INTERNAL, "more than %d leases to renew", MAX_RENEWED);
    }
    args[0] = number(&life, lease_ms);
    for (size_t i = 0; i < n; i++) {
        args[1 + 2 * i] = leases[i].id;
        args[2 + 2 * i] = leases[i].token;
    }
    redisReply *reply =
        wk_redis_script(r, &wk_script_renew, &queues[q].prefix, 1, args, 1 + 2 * n, e);
    if (reply == NULL) {
        return false;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n) {
        return unexpected(reply, "renew", e);
    }
    for (size_t i = 0; i < n; i++) {
        lost[i] = reply->element[i]->integer == 0;
    }
    freeReplyObject(reply);
    return true;
}

static void read_ids(const redisReply *list, wk_arena_t *a, const va_str_t **ids, size_t *n)
{
    va_str_t *copies = wk_alloc(a, (list->elements + 1) * sizeof(*copies));
    for (size_t i = 0; i < list->elements; i++) {
        copies[i] = wk_copy(a, wk_redis_str(list->element[i]));
    }
    *ids = copies;
    *n = list->elements;
}

bool wk_queue_reap(wk_redis_t *r, wk_queue_t q, const wk_queue_limits_t *lim, int interval_ms,
                   wk_arena_t *a, wk_reaped_t *out, wk_error_t *e)
{
    number_t cap, stalls, version, interval, lease;
    va_str_t args[] = {number(&cap, lim->lane_cap), number(&stalls, lim->max_stalls),
                       number(&version, VA_JOB_VERSION), number(&interval, interval_ms),
                       number(&lease, lim->lease_ms)};
    redisReply *reply = wk_redis_script(r, &wk_script_reap, &queues[q].prefix, 1, args, 5, e);
    memset(out, 0, sizeof(*out));
    if (reply == NULL) {
        return false;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) {
        return unexpected(reply, "reap", e);
    }
    *out = (wk_reaped_t){.requeued = (int)reply->element[0]->integer,
                         .promoted = (int)reply->element[2]->integer,
                         .expired = (int)reply->element[3]->integer};
    read_ids(reply->element[1], a, &out->buried, &out->n_buried);
    freeReplyObject(reply);
    return true;
}

bool wk_queue_has_serial(wk_redis_t *r, va_str_t serial, wk_arena_t *a, bool *has,
                         wk_error_t *e)
{
    va_str_t argv[1 + WK_QUEUES] = {VA_STR("EXISTS")};
    for (size_t i = 0; i < WK_QUEUES; i++) {
        argv[1 + i] =
            wk_printf(a, "%sserial:%.*s", queues[i].prefix.data, (int)serial.len, serial.data);
    }
    redisReply *reply = wk_redis_command(r, 0, argv, 1 + WK_QUEUES, e);
    if (reply == NULL) {
        return false;
    }
    *has = reply->integer > 0;
    freeReplyObject(reply);
    return true;
}

static bool has_job(wk_redis_t *r, va_str_t key, bool *has, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HMGET"), key, VA_STR("type"), VA_STR("died")};
    redisReply *reply = wk_redis_command(r, 0, argv, 4, e);
    if (reply == NULL) {
        return false;
    }
    *has = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           wk_redis_str(reply->element[0]).data != NULL &&
           wk_redis_str(reply->element[1]).data == NULL;
    freeReplyObject(reply);
    return true;
}

bool wk_queue_has_job(wk_redis_t *r, va_str_t id, wk_arena_t *a, bool *has, wk_error_t *e)
{
    *has = false;
    for (size_t i = 0; i < WK_QUEUES && !*has; i++) {
        va_str_t key = wk_printf(a, "%sjob:%.*s", queues[i].prefix.data, (int)id.len, id.data);
        if (!has_job(r, key, has, e)) {
            return false;
        }
    }
    return true;
}

/* What both scripts that push take first. */
static bool send_push(wk_redis_t *r, const wk_script_t *script, wk_queue_t q,
                      const va_job_t *job, int dedup_ttl_s, wk_arena_t *a, wk_error_t *e)
{
    va_buf_t document;
    number_t ttl;
    va_buf_init(&document, wk_mem(a), 1024);
    if (va_job_write(&document, job) != VA_OK) {
        return wk_error(e, WK_INVALID, "job %.*s cannot be written", (int)job->id.len,
                        job->id.data);
    }
    va_str_t args[] = {job->id, va_buf_str(&document), present(job->dedup),
                       number(&ttl, dedup_ttl_s), VA_STR("")};
    return wk_redis_script_append(r, script, &queues[q].prefix, 1, args, 5, e);
}

bool wk_queue_send_push(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                        wk_arena_t *a, wk_error_t *e)
{
    return send_push(r, &wk_script_push, q, job, dedup_ttl_s, a, e);
}

bool wk_queue_send_push_alone(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                              wk_arena_t *a, wk_error_t *e)
{
    return send_push(r, &wk_script_push_alone, q, job, dedup_ttl_s, a, e);
}

bool wk_queue_push(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                   wk_arena_t *a, bool *known, wk_error_t *e)
{
    if (!wk_queue_send_push(r, q, job, dedup_ttl_s, a, e)) {
        return false;
    }
    redisReply *reply = wk_redis_reply(r, e);
    if (reply == NULL) {
        return false;
    }
    *known = reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2;
    if (!*known && !va_str_eq(wk_redis_str(reply), VA_STR("NEW"))) {
        return unexpected(reply, "push", e);
    }
    freeReplyObject(reply);
    return true;
}

bool wk_queue_stats(wk_redis_t *r, wk_queue_stats_t out[WK_QUEUES], wk_error_t *e)
{
    va_str_t keys[WK_QUEUES];
    for (size_t i = 0; i < WK_QUEUES; i++) {
        keys[i] = queues[i].prefix;
    }
    redisReply *reply = wk_redis_script(r, &wk_script_stats, keys, WK_QUEUES, NULL, 0, e);
    if (reply == NULL) {
        return false;
    }
    for (size_t i = 0; i < WK_QUEUES; i++) {
        redisReply *s = reply->type == REDIS_REPLY_ARRAY && reply->elements == WK_QUEUES
                            ? reply->element[i]
                            : NULL;
        if (s == NULL || s->type != REDIS_REPLY_ARRAY || s->elements != 8) {
            return unexpected(reply, "stats", e);
        }
        out[i] = (wk_queue_stats_t){s->element[0]->integer, s->element[1]->integer,
                                    s->element[2]->integer, s->element[3]->integer,
                                    s->element[4]->integer, s->element[5]->integer,
                                    s->element[6]->integer, s->element[7]->integer};
    }
    freeReplyObject(reply);
    return true;
}

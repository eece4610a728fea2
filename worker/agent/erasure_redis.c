#define _GNU_SOURCE /* memmem */
#include "worker/agent/erasure_redis.h"

#include <ctype.h>
#include <string.h>

#include "worker/call_state.h"
#include "worker/queue_search.h"

/* ---------------------------------------------------------------- what is about him */

static bool is_of(const char *set, char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr(set, c) != NULL);
}

/* A line of a JSON text ends in \n: its n is no letter of the address that follows. */
static bool is_escape(va_str_t text, size_t at)
{
    return at > 1 && text.data[at - 2] == '\\' && strchr("bfnrt", text.data[at - 1]) != NULL;
}

/* No longer address has the one at [from, to) in it. */
static bool address_ends(va_str_t text, size_t from, size_t to)
{
    bool more = to < text.len &&
                (is_of("-", text.data[to]) ||
                 (text.data[to] == '.' && to + 1 < text.len && is_of("", text.data[to + 1])));
    return !more &&
           (from == 0 || !is_of("._%+-", text.data[from - 1]) || is_escape(text, from));
}

/* Nor has a longer number the one at [from, to). */
static bool number_ends(va_str_t text, size_t from, size_t to)
{
    return (from == 0 || !isdigit((unsigned char)text.data[from - 1])) &&
           (to == text.len || !isdigit((unsigned char)text.data[to]));
}

/* Whether the word, at least a letter, stands in the text as a whole. */
static bool has_word(va_str_t text, va_str_t word)
{
    bool address = memchr(word.data, '@', word.len) != NULL;
    for (size_t from = 0; from + word.len <= text.len; from++) {
        const char *at = memmem(text.data + from, text.len - from, word.data, word.len);
        if (at == NULL) {
            return false;
        }
        from = (size_t)(at - text.data);
        if ((address ? address_ends : number_ends)(text, from, from + word.len)) {
            return true;
        }
    }
    return false;
}

static bool has(va_str_t text, const va_json_t *words)
{
    const va_json_t *word = words != NULL ? words->first : NULL;
    for (; word != NULL; word = word->next) {
        va_str_t w = va_json_string(word);
        if (w.len > 0 && text.len > 0 && has_word(text, w)) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- events */

static bool remove_event(wk_ctx_t *ctx, va_str_t stream, va_str_t id, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("XDEL"), stream, id};
    redisReply *reply = wk_redis_command(ctx->redis, 0, argv, 3, e);
    freeReplyObject(reply);
    return reply != NULL;
}

static bool mentions(const redisReply *fields, const va_json_t *words)
{
    for (size_t i = 0; i < fields->elements; i++) {
        if (has(wk_redis_str(fields->element[i]), words)) {
            return true;
        }
    }
    return false;
}

/* Whoever listens finds one missing, and is told to read anew. */
static bool erase_events(wk_ctx_t *ctx, const wk_erasure_traces_t *t, int64_t *n, wk_error_t *e)
{
    bool ok = true;
    va_str_t stream = wk_printf(ctx->arena, "va:events:{%.*s}", (int)t->organization.len,
                                t->organization.data);
    va_str_t argv[] = {VA_STR("XRANGE"), stream, VA_STR("-"), VA_STR("+")};
    redisReply *all = wk_redis_command(ctx->redis, 0, argv, 4, e);
    if (all == NULL) {
        return false;
    }
    for (size_t i = 0; ok && i < all->elements; i++) {
        const redisReply *entry = all->element[i];
        if (mentions(entry->element[1], t->words)) {
            ok = remove_event(ctx, stream, wk_redis_str(entry->element[0]), e);
            (*n)++;
        }
    }
    freeReplyObject(all);
    return ok;
}

/* ---------------------------------------------------------------- calls */

static bool erase_calls(wk_ctx_t *ctx, const wk_erasure_traces_t *t, int64_t *n, wk_error_t *e)
{
    for (size_t i = 0; i < t->n_calls; i++) {
        bool found;
        if (!wk_call_state_forget(ctx->redis, ctx->arena, t->calls[i], &found, e)) {
            return false;
        }
        *n += found;
    }
    return true;
}

/* ---------------------------------------------------------------- jobs */

typedef struct {
    wk_ctx_t *ctx;
    const wk_erasure_traces_t *traces;
    wk_erasure_deleted_t *out;
    wk_queue_t queue;
} jobs_t;

/* One that is to be done ends first: what it writes is found then. */
static bool erase_job(const wk_queue_job_t *job, void *arg, wk_error_t *e)
{
    bool found;
    jobs_t *s = arg;
    if (!has(job->document, s->traces->words) || !has(job->document, s->traces->ours)) {
        return true;
    }
    if (!job->dead) {
        s->out->waiting = true;
        return true;
    }
    if (!wk_queue_dead_drop(s->ctx->redis, s->queue, job->id, &found, e)) {
        return false;
    }
    s->out->jobs += found;
    return true;
}

bool wk_erasure_redis(wk_ctx_t *ctx, const wk_erasure_traces_t *t, wk_erasure_deleted_t *out,
                      wk_error_t *e)
{
    *out = (wk_erasure_deleted_t){.events = 0};
    bool ok = erase_events(ctx, t, &out->events, e) && erase_calls(ctx, t, &out->calls, e);
    for (int q = 0; ok && q < WK_QUEUES; q++) {
        jobs_t jobs = {ctx, t, out, (wk_queue_t)q};
        ok = wk_queue_search(ctx->redis, jobs.queue, ctx->arena, erase_job, &jobs, e);
    }
    return ok;
}

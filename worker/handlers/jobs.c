/*
 * GET /api/jobs/{id}: what became of a request that was answered 202, for the one who made
 * it. The answer of a job is kept for ten minutes (docs/protocol.md); whose it is stands
 * beside it, under va:owner:<id>.
 */
#include "worker/handlers/jobs.h"

#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/log.h"
#include "worker/queue.h"

#define OWNER_LIFE_S "900" /* longer than the answer it belongs to */
#define ID_MAX       64

/*
 * Who a request is from, as one text: the organization of a token, or a shared secret.
 * Absent for anonymous ones: nobody is told their answers a second time.
 */
static va_str_t owner_of(wk_arena_t *a, const va_job_t *job)
{
    if (job->org.len > 0) {
        return wk_printf(a, "organization %.*s", (int)job->org.len, job->org.data);
    }
    if (va_str_eq(job->auth_scheme, VA_STR("bearer"))) {
        return wk_printf(a, "bearer %.*s", (int)job->auth_account.len,
                         job->auth_account.data != NULL ? job->auth_account.data : "");
    }
    return VA_STR_NULL;
}

static va_str_t owner_key(wk_arena_t *a, va_str_t id)
{
    return wk_printf(a, "va:owner:%.*s", (int)id.len, id.data);
}

void wk_job_keep_owner(wk_ctx_t *ctx)
{
    wk_error_t e;
    va_str_t owner = owner_of(ctx->arena, ctx->job);
    if (owner.data == NULL || wk_request_is_read(ctx)) {
        return;
    }
    va_str_t argv[] = {VA_STR("SET"), owner_key(ctx->arena, ctx->job->id), owner, VA_STR("EX"),
                       VA_STR(OWNER_LIFE_S)};
    redisReply *answer = wk_redis_command(ctx->redis, 0, argv, 5, &e);
    if (answer == NULL) {
        wk_log(WK_WARN, "a late answer will not be found", WK_C("error", e.text));
    }
    freeReplyObject(answer);
}

/* ---------------------------------------------------------------- looking it up */

typedef enum { UNKNOWN, PENDING, FAILED, ANSWERED } state_t;

typedef struct {
    wk_ctx_t *ctx;
    va_str_t id, asker;
    state_t state;
    va_reply_t answer;
} lookup_t;

static void free_answer(void *answer)
{
    freeReplyObject(answer);
}

/* The answer lives as long as the job at hand. */
static redisReply *ask(lookup_t *l, const va_str_t *argv, size_t argc, wk_error_t *e)
{
    redisReply *answer = wk_redis_command(l->ctx->redis, 0, argv, argc, e);
    if (answer != NULL) {
        wk_defer(l->ctx->arena, free_answer, answer);
    }
    return answer;
}

static va_str_t job_key(lookup_t *l, wk_queue_t q, const char *what)
{
    va_str_t prefix = wk_queue_prefix(q);
    return wk_printf(l->ctx->arena, "%.*s%s:%.*s", (int)prefix.len, prefix.data, what,
                     (int)l->id.len, l->id.data);
}

static bool is_askers(lookup_t *l, va_str_t document)
{
    va_job_t job;
    return document.len > 0 && va_job_parse(wk_mem(l->ctx->arena), document, &job) == VA_OK &&
           va_str_eq(owner_of(l->ctx->arena, &job), l->asker);
}

/* A job of the queue that has not ended, or was given up. */
static bool look_at_queue(lookup_t *l, wk_queue_t q, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HMGET"), job_key(l, q, "job"), VA_STR("job"), VA_STR("died")};
    redisReply *fields = ask(l, argv, 4, e);
    if (fields == NULL) {
        return false;
    }
    if (fields->type == REDIS_REPLY_ARRAY && fields->elements == 2 &&
        is_askers(l, wk_redis_str(fields->element[0]))) {
        l->state = wk_redis_str(fields->element[1]).data != NULL ? FAILED : PENDING;
    }
    return true;
}

/* An answer, when it is the asker's. */
static bool look_at_answers(lookup_t *l, wk_error_t *e)
{
    va_str_t argv[2 + WK_QUEUES] = {VA_STR("MGET"), owner_key(l->ctx->arena, l->id)};
    for (wk_queue_t q = 0; q < WK_QUEUES; q++) {
        argv[2 + q] = job_key(l, q, "res");
    }
    redisReply *values = ask(l, argv, 2 + WK_QUEUES, e);
    if (values == NULL) {
        return false;
    }
    for (size_t i = 1; i < values->elements; i++) {
        va_str_t text = wk_redis_str(values->element[i]);
        if (text.len > 0 && va_str_eq(wk_redis_str(values->element[0]), l->asker) &&
            va_reply_parse(wk_mem(l->ctx->arena), text, &l->answer) == VA_OK) {
            l->state = ANSWERED;
        }
    }
    return true;
}

/*
 * The queues first: a job leaves its queue in the moment its answer is stored, so that one
 * found in neither place is nobody's.
 */
static bool look_up(lookup_t *l, wk_error_t *e)
{
    for (wk_queue_t q = 0; q < WK_QUEUES && l->state == UNKNOWN; q++) {
        if (!look_at_queue(l, q, e)) {
            return false;
        }
    }
    return l->state == PENDING || look_at_answers(l, e);
}

/* ---------------------------------------------------------------- the answer */

static wk_outcome_t reply_state(wk_ctx_t *ctx, const lookup_t *l, va_reply_t *reply,
                                wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_add_c(w, "status", l->state == PENDING ? "pending" : "failed");
    va_json_add_str(w, "job", l->id);
    return wk_reply_end(ctx, &doc, l->state == PENDING ? 202 : 200, reply, e);
}

/* A token's bearer must still be welcome; a shared secret was verified by nginx. */
static bool may_ask(wk_ctx_t *ctx, wk_error_t *e)
{
    return ctx->job->claims == NULL || wk_caller_check(ctx, WK_ANY_ROLE, e);
}

wk_outcome_t wk_jobs_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    lookup_t l = {.ctx = ctx,
                  .id = wk_request_segment(ctx->job, 2),
                  .asker = owner_of(ctx->arena, ctx->job)};
    if (!may_ask(ctx, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    if (l.asker.data != NULL && l.id.len > 0 && l.id.len <= ID_MAX && !look_up(&l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    if (l.state == UNKNOWN) {
        wk_refuse(e, WK_R_NOT_FOUND, "There is no such job.");
        return wk_reply_error(ctx, reply, e);
    }
    if (l.state != ANSWERED) {
        return reply_state(ctx, &l, reply, e);
    }
    *reply = l.answer;
    reply->n_headers = 0; /* cookies were for the first answer alone */
    return WK_DONE;
}

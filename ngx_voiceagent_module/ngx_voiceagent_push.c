
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The push: deduplication and the job in one atomic script.  Its answer is the
 * proof that Redis has the job; until then nothing is acknowledged.
 */


#include "ngx_voiceagent_job.h"


static void ngx_voiceagent_push_take(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_push_resume(ngx_voiceagent_ask_t *ask);


ngx_int_t
ngx_voiceagent_push(ngx_http_request_t *r, ngx_voiceagent_push_t *push,
    ngx_str_t *queue, ngx_voiceagent_job_t *job, time_t dedup_ttl,
    ngx_str_t *channel)
{
    u_char                *prefix, *ttl, *p;
    ngx_voiceagent_ask_t  *ask;

    ask = &push->ask;

    prefix = ngx_pnalloc(r->pool, sizeof("va:{}:") - 1 + queue->len
                                  + NGX_TIME_T_LEN);
    if (prefix == NULL) {
        return NGX_ERROR;
    }

    ngx_voiceagent_ask_init(r, ask, ngx_voiceagent_push_take,
                            ngx_voiceagent_push_resume);

    ttl = ngx_sprintf(prefix, "va:{%V}:", queue);
    p = ngx_sprintf(ttl, "%T", dedup_ttl);

    push->started = ngx_current_msec;
    push->document = job->memory;
    push->result = NGX_VOICEAGENT_PUSH_FAILED;
    ngx_voiceagent_ngx(&push->id, job->id);
    ngx_str_null(&push->reply);

    ask->args[NGX_VOICEAGENT_PUSH_PREFIX] = va_str((char *) prefix,
                                                   ttl - prefix);
    ask->args[NGX_VOICEAGENT_PUSH_ID] = job->id;
    ask->args[NGX_VOICEAGENT_PUSH_DOCUMENT] = job->document;
    ask->args[NGX_VOICEAGENT_PUSH_DEDUP] = job->dedup;
    ask->args[NGX_VOICEAGENT_PUSH_TTL] = va_str((char *) ttl, p - ttl);
    ask->args[NGX_VOICEAGENT_PUSH_CHANNEL] = ngx_voiceagent_va(channel);

    return ngx_voiceagent_ask(ask, NGX_VOICEAGENT_PUSH, job->order,
                              NGX_VOICEAGENT_PUSH_ARGS, 1);
}


static void
ngx_voiceagent_push_take(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    size_t                  i;
    u_char                 *p;
    redisReply            **e;
    ngx_voiceagent_ctx_t   *ctx;
    ngx_voiceagent_push_t  *push;

    push = (ngx_voiceagent_push_t *) ask;

    ctx = ngx_http_get_module_ctx(ask->request, ngx_voiceagent_module);
    ctx->redis_time = ngx_current_msec - push->started;

    ngx_voiceagent_job_forget(push->document);

    ngx_voiceagent_ask_resume(ask);

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_STRING
        && ngx_strcmp(reply->str, "NEW") == 0)
    {
        push->result = NGX_VOICEAGENT_PUSH_NEW;
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2) {
        return;
    }

    e = reply->element;

    for (i = 0; i < reply->elements; i++) {
        if (e[i]->type != REDIS_REPLY_STRING) {
            return;
        }
    }

    p = ngx_pnalloc(ask->request->pool, e[1]->len
                              + (reply->elements > 2 ? e[2]->len : 0) + 1);
    if (p == NULL) {
        return;
    }

    push->id.data = p;
    push->id.len = e[1]->len;
    p = ngx_cpymem(p, e[1]->str, e[1]->len);

    if (ngx_strcmp(e[0]->str, "RUNNING") == 0) {
        push->result = NGX_VOICEAGENT_PUSH_RUNNING;
        return;
    }

    push->result = NGX_VOICEAGENT_PUSH_STORED;

    if (reply->elements > 2) {
        push->result = NGX_VOICEAGENT_PUSH_DONE;
        push->reply.data = p;
        push->reply.len = e[2]->len;
        ngx_memcpy(p, e[2]->str, e[2]->len);
    }
}


static void
ngx_voiceagent_push_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_voiceagent_push_t  *push;

    push = (ngx_voiceagent_push_t *) ask;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ask->request->connection->log, 0,
                   "voiceagent push of \"%V\": %d", &push->id, push->result);

    push->handler(push);
}


/*
 * Copyright (C) voiceagent authors
 */


/*
 * The push: deduplication and the job in one atomic script.  Its answer is the
 * proof that Redis has the job; until then nothing is acknowledged.
 */


#include "ngx_voiceagent_job.h"


static void ngx_voiceagent_push_reply(void *data, redisReply *reply);
static void ngx_voiceagent_push_done(ngx_event_t *ev);
static void ngx_voiceagent_push_cleanup(void *data);


ngx_int_t
ngx_voiceagent_push(ngx_http_request_t *r, ngx_voiceagent_push_t *push,
    ngx_str_t *queue, ngx_voiceagent_job_t *job, time_t dedup_ttl,
    ngx_str_t *channel)
{
    u_char              *prefix, *ttl, *p;
    ngx_http_cleanup_t  *cln;

    prefix = ngx_pnalloc(r->pool, sizeof("va:{}:") - 1 + queue->len
                                  + NGX_TIME_T_LEN);
    cln = ngx_http_cleanup_add(r, 0);

    if (prefix == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ttl = ngx_sprintf(prefix, "va:{%V}:", queue);
    p = ngx_sprintf(ttl, "%T", dedup_ttl);

    push->request = r;
    push->started = ngx_current_msec;
    push->result = NGX_VOICEAGENT_PUSH_FAILED;
    ngx_voiceagent_ngx(&push->id, job->id);
    ngx_str_null(&push->reply);

    push->args[0] = va_str((char *) prefix, ttl - prefix);
    push->args[1] = job->id;
    push->args[2] = job->document;
    push->args[3] = job->dedup;
    push->args[4] = va_str((char *) ttl, p - ttl);
    push->args[5] = ngx_voiceagent_va(channel);

    push->event.handler = ngx_voiceagent_push_done;
    push->event.data = push;
    push->event.log = r->connection->log;

    cln->handler = ngx_voiceagent_push_cleanup;
    cln->data = push;

    push->op = ngx_voiceagent_redis_send(NGX_VOICEAGENT_PUSH, job->order,
                                         push->args, 6, 1,
                                         ngx_voiceagent_push_reply, push);

    return push->op ? NGX_OK : NGX_BUSY;
}


static void
ngx_voiceagent_push_reply(void *data, redisReply *reply)
{
    ngx_voiceagent_push_t  *push = data;

    u_char                *p;
    redisReply           **e;
    ngx_voiceagent_ctx_t  *ctx;

    push->op = NULL;

    ctx = ngx_http_get_module_ctx(push->request, ngx_voiceagent_module);
    ctx->redis_time = ngx_current_msec - push->started;

    ngx_post_event(&push->event, &ngx_posted_events);

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

    p = ngx_pnalloc(push->request->pool, e[1]->len
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

    push->result = NGX_VOICEAGENT_PUSH_DONE;

    if (reply->elements > 2) {
        push->reply.data = p;
        push->reply.len = e[2]->len;
        ngx_memcpy(p, e[2]->str, e[2]->len);
    }
}


static void
ngx_voiceagent_push_done(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_voiceagent_push_t  *push;

    push = ev->data;
    c = push->request->connection;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "voiceagent push of \"%V\": %d", &push->id, push->result);

    push->handler(push);

    ngx_http_run_posted_requests(c);
}


static void
ngx_voiceagent_push_cleanup(void *data)
{
    ngx_voiceagent_push_t  *push = data;

    if (push->op) {
        ngx_voiceagent_redis_cancel(push->op);
        push->op = NULL;
    }

    if (push->event.posted) {
        ngx_delete_posted_event(&push->event);
    }
}

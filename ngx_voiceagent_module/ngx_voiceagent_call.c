
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_call: a job whose reply is the response.  When none comes in time
 * the caller gets the location's fallback, or learns that the work goes on.
 */


#include "ngx_voiceagent_job.h"


static ngx_int_t ngx_voiceagent_call_handler(ngx_http_request_t *r);
static void ngx_voiceagent_call_body(ngx_http_request_t *r);
static void ngx_voiceagent_call_ended(ngx_voiceagent_waiter_t *w);
static ngx_int_t ngx_voiceagent_call_reply(ngx_http_request_t *r,
    va_reply_t *reply);
static ngx_int_t ngx_voiceagent_call_fail(ngx_http_request_t *r,
    ngx_voiceagent_wait_e outcome);
static ngx_int_t ngx_voiceagent_call_pending(ngx_http_request_t *r);


/*
 * voiceagent_call type [queue=] [timeout=time] [late=pending] [lane=] [serial=]
 *     [dedup=] [dedup_ttl=]
 */

char *
ngx_voiceagent_call_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    vlcf->call = ngx_voiceagent_job_conf(cf, &value[1], "realtime", 10000);
    if (vlcf->call == NULL) {
        return NGX_CONF_ERROR;
    }

    vlcf->call->may_be_late = 1;
    vlcf->call->dedup_ttl = NGX_VOICEAGENT_REPLY_KEPT;

    rv = ngx_voiceagent_job_location(cf, vlcf, vlcf->call,
                                     ngx_voiceagent_call_handler);

    if (rv == NGX_CONF_OK) {
        ngx_voiceagent_call_outlives(cf, vlcf->call);
    }

    return rv;
}


void
ngx_voiceagent_call_outlives(ngx_conf_t *cf, ngx_voiceagent_job_conf_t *jcf)
{
    if (jcf->dedup_ttl > NGX_VOICEAGENT_REPLY_KEPT) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "dedup_ttl= outlives the reply, which is kept for "
                           "10 minutes: who asks again later is answered 409");
    }
}


static ngx_int_t
ngx_voiceagent_call_handler(ngx_http_request_t *r)
{
    return ngx_voiceagent_job_read(r, ngx_voiceagent_call_body);
}


static void
ngx_voiceagent_call_body(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_uint_t                  flags;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    flags = NGX_VOICEAGENT_WAIT_BODY;

    if (vlcf->call->late_pending && vlcf->fallback == NULL) {
        flags |= NGX_VOICEAGENT_WAIT_PROMISE;
    }

    if (ngx_voiceagent_job_too_large(r)) {
        rc = ngx_voiceagent_send_error(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                       "too_large", "The body is too large.");
        goto done;
    }

    rc = ngx_voiceagent_wait_events(r);

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_wait(r, vlcf->call, flags,
                                 ngx_voiceagent_call_ended, NULL, NULL);
    }

    if (rc == NGX_OK) {
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_BAD_REQUEST);
        rc = ngx_voiceagent_send_error(r, NGX_HTTP_BAD_REQUEST, "bad_request",
                                       "The request lacks its identifier.");

    } else {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

done:

    ngx_http_finalize_request(r, rc);
}


static void
ngx_voiceagent_call_ended(ngx_voiceagent_waiter_t *w)
{
    ngx_int_t              rc;
    va_reply_t             reply;
    ngx_http_request_t    *r;
    ngx_voiceagent_ctx_t  *ctx;

    r = w->ask.request;
    ctx = ngx_voiceagent_get_ctx(r);

    ctx->job_id = w->node.str;

    if (w->outcome != NGX_VOICEAGENT_WAIT_REPLY) {
        rc = ngx_voiceagent_call_fail(r, w->outcome);

    } else if (va_reply_parse(&ctx->mem, ngx_voiceagent_va(&w->text), &reply)
               != VA_OK)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "voiceagent: the reply to job %V cannot be read",
                      &ctx->job_id);
        rc = ngx_voiceagent_call_fail(r, NGX_VOICEAGENT_WAIT_UNAVAILABLE);

    } else {
        rc = ngx_voiceagent_call_reply(r, &reply);
    }

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_voiceagent_call_reply(ngx_http_request_t *r, va_reply_t *reply)
{
    size_t                      i;
    ngx_str_t                   type, body, name, value;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    /* a worker that cannot answer is as good as one that does not */

    if (reply->status >= 500 && vlcf->fallback) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_FALLBACK);
        return ngx_voiceagent_send_answer(r, vlcf->fallback);
    }

    for (i = 0; i < reply->n_headers; i++) {
        ngx_voiceagent_ngx(&name, reply->headers[i].name);
        ngx_voiceagent_ngx(&value, reply->headers[i].value);

        if (ngx_voiceagent_add_header(r, &name, &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_voiceagent_ngx(&type, reply->type);
    ngx_voiceagent_ngx(&body, reply->body);

    ngx_voiceagent_count_outcome(NGX_VOICEAGENT_REPLIED);

    return ngx_voiceagent_send(r, reply->status, &type, &body);
}


static ngx_int_t
ngx_voiceagent_call_fail(ngx_http_request_t *r, ngx_voiceagent_wait_e outcome)
{
    ngx_uint_t                  status;
    const char                 *code, *message;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->fallback) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_FALLBACK);
        return ngx_voiceagent_send_answer(r, vlcf->fallback);
    }

    if (outcome == NGX_VOICEAGENT_WAIT_TIMEOUT && vlcf->call->late_pending) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_PENDING);
        return ngx_voiceagent_call_pending(r);
    }

    status = ngx_voiceagent_call_failure(outcome, &code, &message);

    return ngx_voiceagent_send_error(r, status, code, message);
}


ngx_uint_t
ngx_voiceagent_call_failure(ngx_voiceagent_wait_e outcome, const char **code,
    const char **message)
{
    if (outcome == NGX_VOICEAGENT_WAIT_TIMEOUT) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_TIMEOUT);
        *code = "timeout";
        *message = "No answer came in time. Try again.";
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (outcome == NGX_VOICEAGENT_WAIT_ENDED) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_ENDED);
        *code = "ended";
        *message = "This was asked before, and its answer is no longer kept.";
        return NGX_HTTP_CONFLICT;
    }

    ngx_voiceagent_count_outcome(outcome == NGX_VOICEAGENT_WAIT_OVERLOADED
                                 ? NGX_VOICEAGENT_OVERLOADED
                                 : NGX_VOICEAGENT_UNAVAILABLE);

    *code = "unavailable";
    *message = "The service is not ready. Try again.";

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


static ngx_int_t
ngx_voiceagent_call_pending(ngx_http_request_t *r)
{
    ngx_str_t         body;
    static ngx_str_t  type = ngx_string("application/json");

    if (ngx_voiceagent_pending_text(r, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_send(r, NGX_HTTP_ACCEPTED, &type, &body);
}


ngx_int_t
ngx_voiceagent_pending_text(ngx_http_request_t *r, ngx_str_t *text)
{
    u_char                *p;
    size_t                 len;
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_voiceagent_get_ctx(r);

    len = sizeof("{\"status\":\"pending\",\"job\":\"\"}") + ctx->job_id.len;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = ngx_snprintf(p, len, "{\"status\":\"pending\",\"job\":\"%V\"}",
                             &ctx->job_id)
                - p;

    return NGX_OK;
}

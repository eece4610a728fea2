
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_enqueue: a webhook becomes a job, and only then is acknowledged.
 * The sender repeats what we do not acknowledge, so a push that fails, even one
 * whose answer was lost, is a 503 and never a doubt.
 */


#include "ngx_voiceagent_job.h"


static ngx_int_t ngx_voiceagent_enqueue_handler(ngx_http_request_t *r);
static void ngx_voiceagent_enqueue_body(ngx_http_request_t *r);
static void ngx_voiceagent_enqueue_pushed(ngx_voiceagent_push_t *push);
static ngx_int_t ngx_voiceagent_enqueue_refuse(ngx_http_request_t *r,
    ngx_uint_t status, const char *code, const char *message);
static ngx_int_t ngx_voiceagent_enqueue_unavailable(ngx_http_request_t *r);


/* voiceagent_enqueue type [queue=] [lane=] [serial=] [dedup=] [dedup_ttl=] */

char *
ngx_voiceagent_enqueue_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    vlcf->enqueue = ngx_voiceagent_job_conf(cf, &value[1], "default", 0);
    if (vlcf->enqueue == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_voiceagent_job_location(cf, vlcf, vlcf->enqueue,
                                       ngx_voiceagent_enqueue_handler);
}


static ngx_int_t
ngx_voiceagent_enqueue_handler(ngx_http_request_t *r)
{
    return ngx_voiceagent_job_read(r, ngx_voiceagent_enqueue_body);
}


static void
ngx_voiceagent_enqueue_body(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      nobody = ngx_null_string;
    ngx_voiceagent_job_t           job;
    ngx_voiceagent_push_t         *push;
    ngx_voiceagent_loc_conf_t     *vlcf;
    ngx_voiceagent_job_options_t   options;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (ngx_voiceagent_job_too_large(r)) {
        ngx_http_finalize_request(r,
            ngx_voiceagent_enqueue_refuse(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                          "too_large",
                                          "The body is too large."));
        return;
    }

    options.conf = vlcf->enqueue;
    options.channel = nobody;
    options.timeout = 0;
    options.body = 1;

    rc = ngx_voiceagent_job_build(r, &options, &job);

    if (rc == NGX_DECLINED) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_BAD_REQUEST);
        ngx_http_finalize_request(r,
            ngx_voiceagent_enqueue_refuse(r, NGX_HTTP_BAD_REQUEST,
                                          "bad_request",
                                          "The request lacks its "
                                          "identifier."));
        return;
    }

    push = rc == NGX_OK ? ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_push_t))
                        : NULL;

    if (push == NULL
        || ngx_voiceagent_ask_guard(r, &push->ask) != NGX_OK
        || ngx_voiceagent_wait_events(r) != NGX_OK)
    {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    push->handler = ngx_voiceagent_enqueue_pushed;

    rc = ngx_voiceagent_push(r, push, &vlcf->enqueue->queue, &job,
                             vlcf->enqueue->dedup_ttl, &nobody);

    if (rc == NGX_OK) {
        return;
    }

    ngx_voiceagent_count_outcome(ngx_voiceagent_redis_overloaded()
                                 ? NGX_VOICEAGENT_OVERLOADED
                                 : NGX_VOICEAGENT_UNAVAILABLE);

    ngx_http_finalize_request(r, ngx_voiceagent_enqueue_unavailable(r));
}


static void
ngx_voiceagent_enqueue_pushed(ngx_voiceagent_push_t *push)
{
    ngx_int_t                   rc;
    ngx_http_request_t         *r;
    ngx_voiceagent_loc_conf_t  *vlcf;
    static ngx_str_t            type = ngx_string("application/json");
    static ngx_str_t            body = ngx_string("{\"success\":true}");

    r = push->ask.request;
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (push->result == NGX_VOICEAGENT_PUSH_FAILED) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_UNAVAILABLE);
        ngx_http_finalize_request(r, ngx_voiceagent_enqueue_unavailable(r));
        return;
    }

    ngx_voiceagent_get_ctx(r)->job_id = push->id;

    ngx_voiceagent_count_outcome(push->result == NGX_VOICEAGENT_PUSH_NEW
                                 ? NGX_VOICEAGENT_ACCEPTED
                                 : NGX_VOICEAGENT_DUPLICATE);

    rc = vlcf->ack ? ngx_voiceagent_send_answer(r, vlcf->ack)
                   : ngx_voiceagent_send(r, NGX_HTTP_OK, &type, &body);

    ngx_http_finalize_request(r, rc);
}


/* what no repetition can help may have an answer of the location's own */

static ngx_int_t
ngx_voiceagent_enqueue_refuse(ngx_http_request_t *r, ngx_uint_t status,
    const char *code, const char *message)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    return vlcf->fallback ? ngx_voiceagent_send_answer(r, vlcf->fallback)
                          : ngx_voiceagent_send_error(r, status, code, message);
}


static ngx_int_t
ngx_voiceagent_enqueue_unavailable(ngx_http_request_t *r)
{
    return ngx_voiceagent_send_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "unavailable",
                                     "The request was not stored. Try again.");
}

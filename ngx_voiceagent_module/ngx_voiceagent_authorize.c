
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_authorize: whether this token may see what the path names, and
 * what that is called, is a question only a worker can answer.  Its word is
 * kept for a minute.
 */


#include "ngx_voiceagent_job.h"


#define NGX_VOICEAGENT_CACHE_SLOTS    1024
#define NGX_VOICEAGENT_CACHE_SECONDS  60
#define NGX_VOICEAGENT_CACHE_NAME     64


typedef struct {
    u_char      digest[32];
    ngx_int_t   status;
    time_t      expires;
    size_t      name_len;
    u_char      name[NGX_VOICEAGENT_CACHE_NAME];
} ngx_voiceagent_cached_t;


static ngx_int_t ngx_voiceagent_authorize_digest(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_job_conf_t *jcf,
    u_char digest[32]);
static ngx_voiceagent_cached_t *ngx_voiceagent_authorize_slot(
    u_char digest[32]);
static void ngx_voiceagent_authorize_ended(ngx_voiceagent_waiter_t *w);
static va_str_t ngx_voiceagent_authorize_named(va_reply_t *reply);
static ngx_int_t ngx_voiceagent_authorize_name(ngx_voiceagent_ctx_t *ctx,
    va_str_t name);


/* of this process: a token's right is asked once a minute and worker */

static ngx_voiceagent_cached_t
    ngx_voiceagent_cache[NGX_VOICEAGENT_CACHE_SLOTS];


/* voiceagent_authorize type [queue=] [timeout=] [lane=] [for=] */

char *
ngx_voiceagent_authorize_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char        *rv;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (vlcf->authorize != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    vlcf->authorize = ngx_voiceagent_job_conf(cf, &value[1], "realtime", 5000);
    if (vlcf->authorize == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_voiceagent_once(cf, 2);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        s = value[i];

        rv = ngx_voiceagent_named(&s, "for=")
             ? ngx_voiceagent_complex_value(cf, &s, &vlcf->authorize->subject)
             : ngx_voiceagent_job_parameter(cf, vlcf->authorize, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (vlcf->authorize->dedup || vlcf->authorize->serial) {
        return "takes no dedup= and no serial=: each question is another, "
               "and waits for none";
    }

    return NGX_CONF_OK;
}


/* NGX_OK, NGX_AGAIN, or the status to refuse with */

ngx_int_t
ngx_voiceagent_authorize(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    u_char                      digest[32];
    ngx_int_t                   rc;
    ngx_voiceagent_cached_t    *cached;
    ngx_voiceagent_loc_conf_t  *vlcf;

    /* once the way is asked for, it is that which was waited for */

    if (ctx->authorizing) {
        return ctx->routing ? NGX_OK : ctx->wait_status;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (ngx_voiceagent_authorize_digest(r, ctx, vlcf->authorize, digest)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cached = ngx_voiceagent_authorize_slot(digest);

    if (cached->expires > ngx_time()
        && ngx_memcmp(cached->digest, digest, 32) == 0)
    {
        return ngx_voiceagent_authorize_name(ctx, va_str((char *) cached->name,
                                                         cached->name_len))
               == NGX_OK ? cached->status : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_voiceagent_wait(r, vlcf->authorize, 0,
                             ngx_voiceagent_authorize_ended, NULL, NULL);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->authorizing = 1;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_voiceagent_authorize_digest(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_job_conf_t *jcf,
    u_char digest[32])
{
    u_char       *p, *text;
    size_t        len;
    va_str_t      parts[6];
    ngx_str_t     subject;
    ngx_uint_t    i;
    va_status_t   rc;

    ngx_str_null(&subject);

    if (jcf->subject
        && ngx_http_complex_value(r, jcf->subject, &subject) != NGX_OK)
    {
        return NGX_ERROR;
    }

    parts[0] = ngx_voiceagent_va(&jcf->type);
    parts[1] = ngx_voiceagent_va(&subject);
    parts[2] = ngx_voiceagent_va(&r->uri);
    parts[3] = ngx_voiceagent_va(&ctx->scheme);
    parts[4] = ngx_voiceagent_va(&ctx->account);
    parts[5] = ctx->claims_text;

    len = 0;

    for (i = 0; i < 6; i++) {
        len += NGX_SIZE_T_LEN + 1 + parts[i].len;
    }

    text = ngx_alloc(len, r->connection->log);
    if (text == NULL) {
        return NGX_ERROR;
    }

    /* each behind its length: a subject, or a path, may hold any byte */

    p = text;

    for (i = 0; i < 6; i++) {
        p = ngx_sprintf(p, "%uz:", parts[i].len);
        p = ngx_voiceagent_copy(p, parts[i]);
    }

    rc = va_sha256(va_str((char *) text, p - text), digest);

    ngx_free(text);

    return rc == VA_OK ? NGX_OK : NGX_ERROR;
}


static ngx_voiceagent_cached_t *
ngx_voiceagent_authorize_slot(u_char digest[32])
{
    return &ngx_voiceagent_cache[((digest[0] << 8) | digest[1])
                                 % NGX_VOICEAGENT_CACHE_SLOTS];
}


static void
ngx_voiceagent_authorize_ended(ngx_voiceagent_waiter_t *w)
{
    u_char                      digest[32];
    ngx_int_t                   status;
    va_alloc_t                  mem;
    va_reply_t                  reply;
    ngx_http_request_t         *r;
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_cached_t    *cached;
    ngx_voiceagent_loc_conf_t  *vlcf;

    r = w->ask.request;
    ctx = ngx_voiceagent_get_ctx(r);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    status = NGX_HTTP_SERVICE_UNAVAILABLE;

    ngx_voiceagent_mem(&mem, w->pool);

    if (w->outcome == NGX_VOICEAGENT_WAIT_REPLY
        && va_reply_parse(&mem, ngx_voiceagent_va(&w->text), &reply) == VA_OK)
    {
        switch (reply.status) {

        case NGX_HTTP_OK:
            if (ngx_voiceagent_authorize_name(ctx,
                                      ngx_voiceagent_authorize_named(&reply))
                == NGX_OK)
            {
                status = NGX_OK;
            }

            break;

        case NGX_HTTP_UNAUTHORIZED:
        case NGX_HTTP_FORBIDDEN:
        case NGX_HTTP_NOT_FOUND:
            status = reply.status;
        }
    }

    if (status != NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_voiceagent_authorize_digest(r, ctx, vlcf->authorize, digest)
           == NGX_OK)
    {
        cached = ngx_voiceagent_authorize_slot(digest);

        ngx_memcpy(cached->digest, digest, 32);
        (void) ngx_voiceagent_copy(cached->name,
                                   ngx_voiceagent_va(&ctx->authorized));
        cached->name_len = ctx->authorized.len;
        cached->status = status;
        cached->expires = ngx_time() + NGX_VOICEAGENT_CACHE_SECONDS;
    }

    ngx_voiceagent_access_resume(r, status);
}


/* a text in the place of a document is the worker's name for it */

static va_str_t
ngx_voiceagent_authorize_named(va_reply_t *reply)
{
    return va_str_eq(reply->type, VA_STR("text/plain"))
           && reply->body.len <= NGX_VOICEAGENT_CACHE_NAME
           ? reply->body : VA_STR_NULL;
}


static ngx_int_t
ngx_voiceagent_authorize_name(ngx_voiceagent_ctx_t *ctx, va_str_t name)
{
    if (name.len == 0) {
        return NGX_OK;
    }

    ngx_voiceagent_ngx(&ctx->authorized, va_str_dup(&ctx->mem, name));

    return ctx->authorized.data ? NGX_OK : NGX_ERROR;
}

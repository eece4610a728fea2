
/*
 * Copyright (C) voiceagent authors
 */


/* one-time tickets: each stands for claims that are kept in Redis until then */


#include "ngx_voiceagent_ask.h"


#define NGX_VOICEAGENT_TICKET_MAX  128


typedef struct {
    ngx_voiceagent_ask_t           ask;          /* the first: its handlers */
    ngx_int_t                      status;
    ngx_str_t                      claims;
} ngx_voiceagent_ticket_t;


static void ngx_voiceagent_ticket_take(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_ticket_resume(ngx_voiceagent_ask_t *ask);


ngx_int_t
ngx_voiceagent_ticket_text(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *ticket)
{
    if (jwt->ticket == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_complex_value(r, jwt->ticket, ticket) != NGX_OK) {
        return NGX_ERROR;
    }

    return ticket->len ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_voiceagent_ticket_redeem(ngx_http_request_t *r, ngx_str_t *ticket)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_voiceagent_ask_t     *ask;
    ngx_voiceagent_ticket_t  *t;

    if (ticket->len > NGX_VOICEAGENT_TICKET_MAX) {
        return NGX_DECLINED;
    }

    for (i = 0; i < ticket->len; i++) {
        p = &ticket->data[i];

        if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'z')
            && (*p < 'A' || *p > 'Z') && *p != '-' && *p != '_')
        {
            return NGX_DECLINED;
        }
    }

    t = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_ticket_t));
    p = ngx_pnalloc(r->pool, sizeof("va:ticket:") - 1 + ticket->len);

    if (t == NULL || p == NULL) {
        return NGX_ERROR;
    }

    ask = &t->ask;

    ngx_voiceagent_ask_init(r, ask, ngx_voiceagent_ticket_take,
                            ngx_voiceagent_ticket_resume);

    if (ngx_voiceagent_ask_guard(r, ask) != NGX_OK) {
        return NGX_ERROR;
    }

    ask->args[0] = VA_STR("GETDEL");
    ask->args[1] = va_str((char *) p, sizeof("va:ticket:") - 1 + ticket->len);

    p = ngx_cpymem(p, "va:ticket:", sizeof("va:ticket:") - 1);
    ngx_memcpy(p, ticket->data, ticket->len);

    return ngx_voiceagent_ask(ask, NGX_VOICEAGENT_PLAIN, VA_STR_NULL, 2, 0)
           == NGX_OK ? NGX_AGAIN : NGX_HTTP_SERVICE_UNAVAILABLE;
}


static void
ngx_voiceagent_ticket_take(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    u_char                   *p;
    ngx_voiceagent_ticket_t  *t;

    t = (ngx_voiceagent_ticket_t *) ask;

    if (reply == NULL) {
        t->status = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else if (reply->type != REDIS_REPLY_STRING) {
        t->status = NGX_HTTP_UNAUTHORIZED;

    } else {
        p = ngx_pnalloc(ask->request->pool, reply->len + 1);

        if (p == NULL) {
            t->status = NGX_HTTP_INTERNAL_SERVER_ERROR;

        } else {
            ngx_memcpy(p, reply->str, reply->len);
            t->claims.data = p;
            t->claims.len = reply->len;
            t->status = NGX_OK;
        }
    }

    ngx_voiceagent_ask_resume(ask);
}


static void
ngx_voiceagent_ticket_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_voiceagent_ctx_t     *ctx;
    ngx_voiceagent_ticket_t  *t;

    t = (ngx_voiceagent_ticket_t *) ask;

    ctx = ngx_voiceagent_get_ctx(ask->request);

    if (t->status == NGX_OK) {
        ctx->claims_text = ngx_voiceagent_va(&t->claims);
        ngx_str_set(&ctx->scheme, "ticket");
    }

    ngx_voiceagent_access_resume(ask->request, t->status);
}

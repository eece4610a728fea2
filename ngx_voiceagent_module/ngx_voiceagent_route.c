
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_route: a media stream is let in by the token in its path, or by
 * the carrier's signature, and bound to a living voice process.  nginx' own
 * proxy_pass carries it there, with an admission that only we can write.
 */


#include "ngx_voiceagent_ask.h"

#include <openssl/rand.h>


#define NGX_VOICEAGENT_ROUTE_HOLD     "10000"  /* ms, of the place there */
#define NGX_VOICEAGENT_ROUTE_SECONDS  10       /* of the admission */


typedef struct {
    ngx_voiceagent_ask_t           ask;          /* the first: its handlers */
    ngx_int_t                      status;
} ngx_voiceagent_bind_t;


static char *ngx_voiceagent_route_parameter(ngx_conf_t *cf,
    ngx_voiceagent_route_conf_t *rcf, ngx_str_t *value);
static ngx_int_t ngx_voiceagent_route_nonce(ngx_http_request_t *r,
    va_str_t *nonce);
static ngx_int_t ngx_voiceagent_route_admit(ngx_http_request_t *r,
    ngx_voiceagent_route_conf_t *rcf, ngx_voiceagent_ctx_t *ctx);
static ngx_int_t ngx_voiceagent_route_bind(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static void ngx_voiceagent_route_take(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static ngx_int_t ngx_voiceagent_route_bridge(ngx_http_request_t *r,
    redisReply *listen);
static void ngx_voiceagent_route_resume(ngx_voiceagent_ask_t *ask);


/* voiceagent_route voice key=name [token=value] */

char *
ngx_voiceagent_route_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                         *rv;
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_voiceagent_route_conf_t  *rcf;

    if (vlcf->route) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "voice") != 0) {
        return "knows no way but \"voice\"";
    }

    rcf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_route_conf_t));
    if (rcf == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_voiceagent_route_parameter(cf, rcf, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (rcf->key == NULL) {
        return "needs \"key=\"";
    }

    vlcf->route = rcf;

    return ngx_voiceagent_once(cf, 2);
}


static char *
ngx_voiceagent_route_parameter(ngx_conf_t *cf,
    ngx_voiceagent_route_conf_t *rcf, ngx_str_t *value)
{
    ngx_str_t  s;

    s = *value;

    if (ngx_voiceagent_named(&s, "key=")) {
        rcf->key = ngx_voiceagent_key_get(cf, &s);

        return rcf->key ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_voiceagent_named(&s, "token=")) {
        return ngx_voiceagent_complex_value(cf, &s, &rcf->token);
    }

    return "has an unknown parameter";
}


/*
 * The way in by a token: NGX_OK, NGX_DECLINED when the request carries none,
 * or the status to refuse with.
 */

ngx_int_t
ngx_voiceagent_route_enter(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    const char **reason)
{
    size_t                        n;
    ngx_str_t                     text;
    va_verdict_t                  verdict;
    const va_secret_t            *secrets;
    ngx_voiceagent_loc_conf_t    *vlcf;
    ngx_voiceagent_route_conf_t  *rcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);
    rcf = vlcf->route;

    if (rcf->token == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_complex_value(r, rcf->token, &text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (text.len == 0) {
        return NGX_DECLINED;
    }

    ctx->stream = ngx_pcalloc(r->pool, sizeof(va_stream_token_t));
    if (ctx->stream == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    secrets = ngx_voiceagent_key_secrets(rcf->key, &n);

    verdict = va_stream_token_verify(&ctx->mem, secrets, n, VA_TOKEN_STREAM,
                                     ngx_voiceagent_va(&text), ngx_time(),
                                     ctx->stream);

    if (verdict != VA_VERDICT_OK) {
        *reason = va_verdict_name(verdict);
        return verdict == VA_VERDICT_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR
                                           : NGX_HTTP_FORBIDDEN;
    }

    ngx_str_set(&ctx->scheme, "stream_token");

    return NGX_OK;
}


/* NGX_OK, NGX_AGAIN, or the status to refuse with */

ngx_int_t
ngx_voiceagent_route(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (ctx->routing) {
        return ctx->wait_status;
    }

    if (r->headers_in.upgrade == NULL) {
        return NGX_HTTP_BAD_REQUEST;
    }

    /* a stream without a token tells its call later, with one */

    if (ctx->stream == NULL) {
        ctx->stream = ngx_pcalloc(r->pool, sizeof(va_stream_token_t));
        if (ctx->stream == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->stream->call = VA_STR("-");
        ctx->stream->organization = VA_STR("-");
    }

    if (ngx_voiceagent_route_admit(r, vlcf->route, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_route_bind(r, ctx);
}


static ngx_int_t
ngx_voiceagent_route_nonce(ngx_http_request_t *r, va_str_t *nonce)
{
    u_char  *p, random[VA_STREAM_TOKEN_NONCE / 2];

    p = ngx_pnalloc(r->pool, VA_STREAM_TOKEN_NONCE);

    if (p == NULL || RAND_bytes(random, sizeof(random)) != 1) {
        return NGX_ERROR;
    }

    ngx_hex_dump(p, random, sizeof(random));

    *nonce = va_str((char *) p, VA_STREAM_TOKEN_NONCE);

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_route_admit(ngx_http_request_t *r,
    ngx_voiceagent_route_conf_t *rcf, ngx_voiceagent_ctx_t *ctx)
{
    size_t              n;
    va_buf_t            text;
    const va_secret_t  *secrets;
    va_stream_token_t   admission;

    admission = *ctx->stream;
    admission.purpose = VA_TOKEN_ADMISSION;
    admission.expires = ngx_time() + NGX_VOICEAGENT_ROUTE_SECONDS;

    if (ngx_voiceagent_route_nonce(r, &admission.nonce) != NGX_OK) {
        return NGX_ERROR;
    }

    secrets = ngx_voiceagent_key_secrets(rcf->key, &n);

    va_buf_init(&text, &ctx->mem, VA_STREAM_TOKEN_MAX);

    if (n == 0
        || va_stream_token_mint(&text, &secrets[0], &admission) != VA_OK)
    {
        return NGX_ERROR;
    }

    ngx_voiceagent_ngx(&ctx->admission, va_buf_str(&text));
    ctx->stream->nonce = admission.nonce;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_route_bind(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_voiceagent_ask_t   *ask;
    ngx_voiceagent_bind_t  *b;

    b = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_bind_t));

    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ask = &b->ask;

    ngx_voiceagent_ask_init(r, ask, ngx_voiceagent_route_take,
                            ngx_voiceagent_route_resume);

    if (ngx_voiceagent_ask_guard(r, ask) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ask->args[0] = VA_STR("va:voice:processes");
    ask->args[1] = ctx->stream->call.len > 1 ? ctx->stream->call
                                            : ctx->stream->nonce;
    ask->args[2] = VA_STR(NGX_VOICEAGENT_ROUTE_HOLD);

    ctx->routing = 1;

    return ngx_voiceagent_ask(ask, NGX_VOICEAGENT_BIND, VA_STR_NULL, 3, 1)
           == NGX_OK ? NGX_AGAIN : NGX_HTTP_SERVICE_UNAVAILABLE;
}


/* {process, where it listens}, or "BUSY" */

static void
ngx_voiceagent_route_take(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    ngx_voiceagent_bind_t  *b;

    b = (ngx_voiceagent_bind_t *) ask;

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        b->status = ngx_voiceagent_route_bridge(ask->request,
                                                reply->element[1]);

    } else {
        b->status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ngx_voiceagent_ask_resume(ask);
}


/* nothing that a name would have to be looked up for */

static ngx_int_t
ngx_voiceagent_route_bridge(ngx_http_request_t *r, redisReply *listen)
{
    u_char                *p;
    ngx_addr_t             addr;
    ngx_voiceagent_ctx_t  *ctx;

    if (listen->type != REDIS_REPLY_STRING) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    p = ngx_pnalloc(r->pool, listen->len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(p, listen->str, listen->len);

    if ((listen->len < 6 || ngx_strncmp(p, "unix:/", 6) != 0)
        && (ngx_parse_addr_port(r->pool, &addr, p, listen->len) != NGX_OK
            || ngx_inet_get_port(addr.sockaddr) == 0))
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "voiceagent: a voice process listens nowhere");
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    ctx->bridge.data = p;
    ctx->bridge.len = listen->len;

    return NGX_OK;
}


static void
ngx_voiceagent_route_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_voiceagent_bind_t  *b;

    b = (ngx_voiceagent_bind_t *) ask;

    ngx_voiceagent_access_resume(ask->request, b->status);
}


/*
 * Copyright (C) voiceagent authors
 */


/* webhook signatures: a request of nginx's shown to core/signature */


#include "ngx_voiceagent_module.h"


static void ngx_voiceagent_verify_request(ngx_http_request_t *r,
    va_request_t *req, const va_alloc_t *mem);
static va_str_t ngx_voiceagent_verify_header(void *ctx, const char *name);


/* voiceagent_verify scheme key=name [tolerance=time] [header=name] [digest=] */

char *
ngx_voiceagent_verify_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_int_t                 n;
    ngx_str_t                *value, s;
    ngx_uint_t                i;
    ngx_voiceagent_verify_t  *v;

    if (vlcf->verify == NULL) {
        vlcf->verify = ngx_array_create(cf->pool, 2,
                                        sizeof(ngx_voiceagent_verify_t));
        if (vlcf->verify == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    v = ngx_array_push(vlcf->verify);
    if (v == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(v, sizeof(ngx_voiceagent_verify_t));

    value = cf->args->elts;

    v->scheme = va_signature_scheme(ngx_voiceagent_va(&value[1]));
    if (v->scheme == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown signature scheme \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    v->options.digest = VA_SHA256;
    v->options.tolerance_ms = v->scheme->tolerance_ms;

    for (i = 2; i < cf->args->nelts; i++) {

        s = value[i];

        if (ngx_voiceagent_named(&s, "key=")) {
            v->key = ngx_voiceagent_key_get(cf, &s);
            if (v->key == NULL) {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_voiceagent_named(&s, "tolerance=")) {
            n = ngx_parse_time(&s, 0);
            if (n == NGX_ERROR || n == 0) {
                goto invalid;
            }

            v->options.tolerance_ms = n;
            continue;
        }

        if (ngx_voiceagent_named(&s, "header=") && s.len) {
            ngx_strlow(s.data, s.data, s.len);

            v->options.header = ngx_voiceagent_va(&s);
            continue;
        }

        if (ngx_strcmp(s.data, "digest=sha1") == 0) {
            v->options.digest = VA_SHA1;
            continue;
        }

        if (ngx_strcmp(s.data, "digest=sha256") == 0) {
            continue;
        }

        goto invalid;
    }

    if (v->key == NULL) {
        return "needs key=";
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", &value[i]);

    return NGX_CONF_ERROR;
}


/* asked before the body is read */

ngx_uint_t
ngx_voiceagent_verify_applies(ngx_http_request_t *r,
    ngx_voiceagent_verify_t *v)
{
    va_request_t  req;

    ngx_voiceagent_verify_request(r, &req, NULL);

    return va_signature_present(v->scheme, &req, &v->options);
}


va_verdict_t
ngx_voiceagent_verify(ngx_http_request_t *r, ngx_voiceagent_verify_t *v,
    ngx_voiceagent_ctx_t *ctx)
{
    size_t                  n;
    ngx_time_t             *tp;
    va_verdict_t            verdict;
    va_request_t            req;
    const va_secret_t      *secrets;
    ngx_voiceagent_body_t   body;
    va_signature_result_t   result;

    ngx_voiceagent_verify_request(r, &req, &ctx->mem);

    ngx_voiceagent_body_init(&body, r);
    req.body = &body.body;

    tp = ngx_timeofday();
    req.now_ms = (int64_t) tp->sec * 1000 + tp->msec;

    secrets = ngx_voiceagent_key_secrets(v->key, &n);

    ngx_memzero(&result, sizeof(va_signature_result_t));

    verdict = va_signature_verify(v->scheme, &req, &v->options, secrets, n,
                                  &result);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voiceagent verify %s: %s", v->scheme->name,
                   va_verdict_name(verdict));

    if (verdict != VA_VERDICT_OK) {
        return verdict;
    }

    ctx->scheme.data = (u_char *) v->scheme->name;
    ctx->scheme.len = ngx_strlen(v->scheme->name);

    /* the account's text belongs to the key, which may be swapped */

    if (result.account.len) {
        result.account = va_str_dup(&ctx->mem, result.account);
        if (result.account.data == NULL) {
            return VA_VERDICT_ERROR;
        }
    }

    ngx_voiceagent_ngx(&ctx->account, result.account);
    ngx_voiceagent_ngx(&ctx->signed_id, result.signed_id);

    return VA_VERDICT_OK;
}


static void
ngx_voiceagent_verify_request(ngx_http_request_t *r, va_request_t *req,
    const va_alloc_t *mem)
{
    ngx_table_elt_t            *upgrade;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    ngx_memzero(req, sizeof(va_request_t));

    req->method = ngx_voiceagent_va(&r->method_name);

    if (vlcf->origins) {
        req->origins = vlcf->origins->elts;
        req->n_origins = vlcf->origins->nelts;
    }

    req->target = ngx_voiceagent_va(&r->unparsed_uri);

    upgrade = r->headers_in.upgrade;

    req->upgrade = upgrade && upgrade->value.len == sizeof("websocket") - 1
                   && ngx_strncasecmp(upgrade->value.data,
                                      (u_char *) "websocket",
                                      sizeof("websocket") - 1)
                      == 0;

    if (r->headers_in.content_type) {
        req->content_type = ngx_voiceagent_va(
                                         &r->headers_in.content_type->value);
    }

    req->ctx = r;
    req->header = ngx_voiceagent_verify_header;
    req->mem = mem;
}


static va_str_t
ngx_voiceagent_verify_header(void *ctx, const char *name)
{
    ngx_table_elt_t  *h;

    h = ngx_voiceagent_header(ctx, name);

    return h ? ngx_voiceagent_va(&h->value) : VA_STR_NULL;
}

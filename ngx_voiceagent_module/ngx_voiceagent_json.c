
/*
 * Copyright (C) voiceagent authors
 */


/* voiceagent_json: members of a JSON body, found without parsing all of it */


#include "ngx_voiceagent_module.h"


#define NGX_VOICEAGENT_SCAN_LIMIT    65536
#define NGX_VOICEAGENT_QUOTED_LIMIT  1048576
#define NGX_VOICEAGENT_QUOTED_VALUES 10000


/* voiceagent_json name /pointer */

char *
ngx_voiceagent_json_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t              *value;
    ngx_uint_t              i;
    ngx_voiceagent_json_t  *json;

    value = cf->args->elts;

    if (value[2].data[0] != '/') {
        return "needs a JSON pointer, which begins with a slash";
    }

    if (vlcf->json == NULL) {
        vlcf->json = ngx_array_create(cf->pool, 4,
                                      sizeof(ngx_voiceagent_json_t));
        if (vlcf->json == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    json = vlcf->json->elts;

    for (i = 0; i < vlcf->json->nelts; i++) {
        if (va_str_ieq(ngx_voiceagent_va(&json[i].name),
                       ngx_voiceagent_va(&value[1])))
        {
            return "names another member by that name already";
        }
    }

    json = ngx_array_push(vlcf->json);
    if (json == NULL) {
        return NGX_CONF_ERROR;
    }

    json->name = value[1];
    json->pointer = value[2];

    return NGX_CONF_OK;
}


ngx_int_t
ngx_voiceagent_json(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    va_str_t                    head, *pointers;
    ngx_uint_t                  i, n;
    ngx_voiceagent_json_t      *json;
    ngx_voiceagent_loc_conf_t  *vlcf;

    if (ctx->json_ready) {
        return NGX_OK;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    n = vlcf->json->nelts;
    json = vlcf->json->elts;

    ctx->json = ngx_pcalloc(r->pool, n * sizeof(va_str_t));
    pointers = ngx_palloc(r->pool, n * sizeof(va_str_t));

    if (ctx->json == NULL || pointers == NULL
        || ngx_voiceagent_body_head(r, NGX_VOICEAGENT_SCAN_LIMIT, &head)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        pointers[i] = ngx_voiceagent_va(&json[i].pointer);
    }

    if (va_json_scan(&ctx->mem, head, NGX_VOICEAGENT_SCAN_LIMIT, pointers, n,
                     ctx->json)
        == VA_ENOMEM)
    {
        return NGX_ERROR;
    }

    ctx->json_ready = 1;

    return NGX_OK;
}


/* for an answer that is JSON, made when there is no worker to make it */

ngx_int_t
ngx_voiceagent_json_quoted(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_str_t *pointer, va_str_t *text)
{
    va_buf_t                 out;
    va_str_t                 body;
    const va_json_t         *value;
    va_json_writer_t        *w;
    const va_json_limits_t   limits = { NGX_VOICEAGENT_QUOTED_LIMIT, 32,
                                        NGX_VOICEAGENT_QUOTED_VALUES };

    if (ngx_voiceagent_body_head(r, NGX_VOICEAGENT_QUOTED_LIMIT, &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* a body that is none, or too large, has no members */

    if (va_json_parse(&ctx->mem, body, &limits, &value) == VA_ENOMEM) {
        return NGX_ERROR;
    }

    value = va_json_pointer(value, ngx_voiceagent_va(pointer));

    if (va_json_is(value, VA_JSON_ARRAY) || va_json_is(value, VA_JSON_OBJECT)) {
        value = NULL;
    }

    va_buf_init(&out, &ctx->mem, 64);

    w = va_json_writer_new(&out);
    va_json_put_value(w, value);

    if (va_json_writer_end(w) != VA_OK) {
        return NGX_ERROR;
    }

    *text = va_buf_str(&out);

    return NGX_OK;
}

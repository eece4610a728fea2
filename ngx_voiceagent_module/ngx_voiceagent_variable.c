
/*
 * Copyright (C) voiceagent authors
 */


/*
 * $voiceagent_* : for deduplication keys, lanes and logs.  What comes from the
 * body or a token is empty until the request has passed.
 */


#include "ngx_voiceagent_module.h"


static ngx_int_t ngx_voiceagent_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_sha256(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_redis_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_origin(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_form(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_json(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_quoted(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_member(
    ngx_voiceagent_loc_conf_t *vlcf, ngx_str_t *name);
static ngx_int_t ngx_voiceagent_variable_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voiceagent_variable_set(ngx_http_variable_value_t *v,
    va_str_t value);
static ngx_str_t ngx_voiceagent_variable_suffix(uintptr_t data,
    const char *prefix);


static ngx_http_variable_t  ngx_voiceagent_variables[] = {

    { ngx_string("voiceagent_job_id"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, job_id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_verified"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, scheme), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_account"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, account), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_signed_id"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, signed_id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_reason"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, reason), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_authorized"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, authorized), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_bridge"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, bridge), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_admission"), NULL, ngx_voiceagent_variable_str,
      offsetof(ngx_voiceagent_ctx_t, admission), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_redis_time"), NULL,
      ngx_voiceagent_variable_redis_time, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_body_sha256"), NULL,
      ngx_voiceagent_variable_sha256, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_public_origin"), NULL,
      ngx_voiceagent_variable_origin, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voiceagent_form_"), NULL, ngx_voiceagent_variable_form, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("voiceagent_json_"), NULL, ngx_voiceagent_variable_json, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("voiceagent_quoted_"), NULL, ngx_voiceagent_variable_quoted, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("voiceagent_claim_"), NULL, ngx_voiceagent_variable_claim, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_voiceagent_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_voiceagent_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_variable_set(ngx_http_variable_value_t *v, va_str_t value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = value.len == 0;
    v->data = (u_char *) value.data;
    v->len = value.len;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    return ngx_voiceagent_variable_set(v, ctx == NULL ? VA_STR_NULL
                            : ngx_voiceagent_va((ngx_str_t *)
                                                ((u_char *) ctx + data)));
}


static ngx_int_t
ngx_voiceagent_variable_redis_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                *p;
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    if (ctx == NULL || ctx->job_id.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(p, "%T.%03M", (time_t) ctx->redis_time / 1000,
                         ctx->redis_time % 1000)
             - p;
    v->data = p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_variable_sha256(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    if (ctx == NULL || !ctx->passed) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_voiceagent_body_sha256(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_voiceagent_variable_set(v, ngx_voiceagent_va(&ctx->sha256));
}


/* the first of voiceagent_public_origin */

static ngx_int_t
ngx_voiceagent_variable_origin(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    va_str_t                   *origin;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->origins == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    origin = vlcf->origins->elts;

    return ngx_voiceagent_variable_set(v, origin[0]);
}


/* names of variables are lower case, so a member is found in any case */

static ngx_int_t
ngx_voiceagent_variable_form(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                 i;
    ngx_str_t              name;
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    v->not_found = 1;

    if (ctx == NULL || !ctx->passed) {
        return NGX_OK;
    }

    if (ngx_voiceagent_body_form(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    name = ngx_voiceagent_variable_suffix(data, "voiceagent_form_");

    for (i = 0; i < ctx->form.count; i++) {
        if (va_str_ieq(ctx->form.pairs[i].name, ngx_voiceagent_va(&name))) {
            return ngx_voiceagent_variable_set(v, ctx->form.pairs[i].value);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_variable_json(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t                   i;
    ngx_str_t                   name;
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_loc_conf_t  *vlcf;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    v->not_found = 1;

    if (ctx == NULL || !ctx->passed || vlcf->json == NULL) {
        return NGX_OK;
    }

    if (ngx_voiceagent_json(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    name = ngx_voiceagent_variable_suffix(data, "voiceagent_json_");
    i = ngx_voiceagent_variable_member(vlcf, &name);

    return i < 0 ? NGX_OK : ngx_voiceagent_variable_set(v, ctx->json[i]);
}


static ngx_int_t
ngx_voiceagent_variable_quoted(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    va_str_t                    text;
    ngx_int_t                   i;
    ngx_str_t                   name;
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_json_t      *json;
    ngx_voiceagent_loc_conf_t  *vlcf;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    v->not_found = 1;

    if (ctx == NULL || !ctx->passed || vlcf->json == NULL) {
        return NGX_OK;
    }

    name = ngx_voiceagent_variable_suffix(data, "voiceagent_quoted_");
    i = ngx_voiceagent_variable_member(vlcf, &name);

    if (i < 0) {
        return NGX_OK;
    }

    json = vlcf->json->elts;

    if (ngx_voiceagent_json_quoted(r, ctx, &json[i].pointer, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_voiceagent_variable_set(v, text);
}


/* which voiceagent_json has the name; negative: none */

static ngx_int_t
ngx_voiceagent_variable_member(ngx_voiceagent_loc_conf_t *vlcf,
    ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_voiceagent_json_t  *json;

    json = vlcf->json->elts;

    for (i = 0; i < vlcf->json->nelts; i++) {
        if (va_str_ieq(ngx_voiceagent_va(&json[i].name),
                       ngx_voiceagent_va(name)))
        {
            return (ngx_int_t) i;
        }
    }

    return NGX_DECLINED;
}


/* org, user, role as voiceagent_claim maps them, else a claim of that name */

static ngx_int_t
ngx_voiceagent_variable_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              name;
    ngx_uint_t             i;
    const va_json_t       *claims;
    ngx_voiceagent_ctx_t  *ctx;
    static const char     *mapped[] = { "org", "user", "role" };

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    v->not_found = 1;

    if (ctx == NULL || ctx->claims_text.len == 0) {
        return NGX_OK;
    }

    name = ngx_voiceagent_variable_suffix(data, "voiceagent_claim_");

    for (i = 0; i < NGX_VOICEAGENT_CLAIMS; i++) {
        if (va_str_eq(ngx_voiceagent_va(&name), va_str_c(mapped[i]))) {
            return ngx_voiceagent_variable_set(v,
                                          ngx_voiceagent_va(&ctx->claim[i]));
        }
    }

    if (ngx_voiceagent_claims_parse(&ctx->mem, ctx->claims_text, &claims)
        != VA_OK)
    {
        return NGX_ERROR;
    }

    return ngx_voiceagent_variable_set(v,
               va_json_scalar(va_json_get_n(claims,
                                            ngx_voiceagent_va(&name))));
}


static ngx_str_t
ngx_voiceagent_variable_suffix(uintptr_t data, const char *prefix)
{
    size_t      len;
    ngx_str_t  *name, suffix;

    name = (ngx_str_t *) data;
    len = ngx_strlen(prefix);

    suffix.data = name->data + len;
    suffix.len = name->len - len;

    return suffix;
}

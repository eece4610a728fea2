
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_claim, voiceagent_require: what a token or ticket says of its
 * bearer, and what the location insists on.
 */


#include "ngx_voiceagent_module.h"


#define NGX_VOICEAGENT_CLAIMS_DEPTH  32


static ngx_int_t ngx_voiceagent_claim(ngx_voiceagent_ctx_t *ctx,
    ngx_array_t *pointers, const va_json_t *claims, ngx_str_t *value);


static ngx_str_t  ngx_voiceagent_claim_names[] = {
    ngx_string("org"),
    ngx_string("user"),
    ngx_string("role")
};


/* voiceagent_claim org|user|role /pointer ... */

char *
ngx_voiceagent_claim_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t   *value, *pointer;
    ngx_uint_t   i, claim;

    value = cf->args->elts;

    for (claim = 0; claim < NGX_VOICEAGENT_CLAIMS; claim++) {
        if (value[1].len == ngx_voiceagent_claim_names[claim].len
            && ngx_strcmp(value[1].data,
                          ngx_voiceagent_claim_names[claim].data)
               == 0)
        {
            break;
        }
    }

    if (claim == NGX_VOICEAGENT_CLAIMS) {
        return "knows org, user and role";
    }

    if (vlcf->claims[claim] != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    vlcf->claims[claim] = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (vlcf->claims[claim] == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (value[i].data[0] != '/') {
            return "needs JSON pointers, which begin with a slash";
        }

        if (ngx_strncmp(value[i].data, "/user_metadata", 14) == 0) {
            return "cannot trust user_metadata: users write it themselves";
        }

        pointer = ngx_array_push(vlcf->claims[claim]);
        if (pointer == NULL) {
            return NGX_CONF_ERROR;
        }

        *pointer = value[i];
    }

    return NGX_CONF_OK;
}


/* voiceagent_require org | voiceagent_require role name ... */

char *
ngx_voiceagent_require_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t   *value, *role;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "org") == 0 && cf->args->nelts == 2) {
        vlcf->require_org = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "role") != 0 || cf->args->nelts < 3) {
        return "needs \"org\", or \"role\" and the roles";
    }

    if (vlcf->roles != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    vlcf->roles = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
    if (vlcf->roles == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        role = ngx_array_push(vlcf->roles);
        if (role == NULL) {
            return NGX_CONF_ERROR;
        }

        *role = value[i];
    }

    return NGX_CONF_OK;
}


va_status_t
ngx_voiceagent_claims_parse(va_alloc_t *mem, va_str_t text,
    const va_json_t **claims)
{
    va_json_limits_t  limits;

    limits = VA_JSON_LIMITS_DEFAULT;
    limits.max_depth = NGX_VOICEAGENT_CLAIMS_DEPTH;

    return va_json_parse(mem, text, &limits, claims);
}


/* NGX_DECLINED: the claims cannot be read, or contradict themselves */

ngx_int_t
ngx_voiceagent_claims_apply(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_int_t                   rc;
    va_alloc_t                  mem;
    ngx_uint_t                  i;
    ngx_pool_t                 *pool;
    const va_json_t            *claims;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE / 4, r->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    ngx_voiceagent_mem(&mem, pool);

    rc = ngx_voiceagent_claims_parse(&mem, ctx->claims_text, &claims) == VA_OK
         ? NGX_OK : NGX_DECLINED;

    for (i = 0; i < NGX_VOICEAGENT_CLAIMS && rc == NGX_OK; i++) {
        rc = ngx_voiceagent_claim(ctx, vlcf->claims[i], claims,
                                  &ctx->claim[i]);
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_voiceagent_claim(ngx_voiceagent_ctx_t *ctx, ngx_array_t *pointers,
    const va_json_t *claims, ngx_str_t *value)
{
    va_str_t          found, first;
    ngx_str_t        *pointer;
    ngx_uint_t        i;

    first = VA_STR_NULL;
    pointer = pointers->elts;

    for (i = 0; i < pointers->nelts; i++) {

        found = va_json_scalar(va_json_pointer(claims,
                                           ngx_voiceagent_va(&pointer[i])));

        if (found.len == 0) {
            continue;
        }

        if (first.len && !va_str_eq(first, found)) {
            return NGX_DECLINED;
        }

        first = found;
    }

    ngx_str_null(value);

    if (first.len == 0) {
        return NGX_OK;
    }

    ngx_voiceagent_ngx(value, va_str_dup(&ctx->mem, first));

    return value->data ? NGX_OK : NGX_ERROR;
}


/* claims a signature does not carry are not asked of it */

ngx_int_t
ngx_voiceagent_require(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    const char **code)
{
    ngx_str_t                  *role, *mine;
    ngx_uint_t                  i;
    ngx_voiceagent_loc_conf_t  *vlcf;

    if (ctx->claims_text.len == 0) {
        return NGX_OK;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->require_org
        && ctx->claim[NGX_VOICEAGENT_CLAIM_ORG].len == 0)
    {
        *code = "organization";
        return NGX_HTTP_FORBIDDEN;
    }

    if (vlcf->roles == NULL) {
        return NGX_OK;
    }

    mine = &ctx->claim[NGX_VOICEAGENT_CLAIM_ROLE];
    role = vlcf->roles->elts;

    for (i = 0; i < vlcf->roles->nelts; i++) {
        if (role[i].len == mine->len
            && ngx_strncmp(role[i].data, mine->data, mine->len) == 0)
        {
            return NGX_OK;
        }
    }

    *code = "role";

    return NGX_HTTP_FORBIDDEN;
}


/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_jwt: JSON Web Tokens from the Authorization header, the session
 * cookie or a place the location names.
 */


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_COOKIE        "__Host-va"
#define NGX_VOICEAGENT_JWKS_HINT     60
#define NGX_VOICEAGENT_LEEWAY_USUAL  3600


static char *ngx_voiceagent_jwt_parameter(ngx_conf_t *cf,
    ngx_voiceagent_jwt_t *jwt, ngx_str_t *parameter);
static char *ngx_voiceagent_jwt_policy(ngx_conf_t *cf,
    ngx_voiceagent_jwt_t *jwt, ngx_str_t *parameter);
static char *ngx_voiceagent_jwt_check(ngx_conf_t *cf,
    ngx_voiceagent_jwt_t *jwt);
static char *ngx_voiceagent_jwt_algs(ngx_conf_t *cf, ngx_str_t *list,
    ngx_voiceagent_jwt_t *jwt);
static va_jwt_verdict_t ngx_voiceagent_jwt_verify(ngx_http_request_t *r,
    ngx_voiceagent_jwt_t *jwt, va_alloc_t *mem, va_str_t token, va_jwt_t *out);
static void ngx_voiceagent_jwks_hint(ngx_http_request_t *r, va_str_t kid);


/*
 * voiceagent_jwt key=name|jwks=path alg=list [iss=] [aud=] [sub=required]
 *     [leeway=time] [token=value] [ticket=value]
 */

char *
ngx_voiceagent_jwt_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                  *rv;
    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_voiceagent_jwt_t  *jwt;

    if (vlcf->jwt == NULL) {
        vlcf->jwt = ngx_array_create(cf->pool, 2,
                                     sizeof(ngx_voiceagent_jwt_t));
        if (vlcf->jwt == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    jwt = ngx_array_push(vlcf->jwt);
    if (jwt == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(jwt, sizeof(ngx_voiceagent_jwt_t));
    jwt->policy.leeway = 30;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_voiceagent_jwt_parameter(cf, jwt, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    rv = ngx_voiceagent_jwt_check(cf, jwt);

    return rv == NGX_CONF_OK ? ngx_voiceagent_once(cf, 1) : rv;
}


static char *
ngx_voiceagent_jwt_parameter(ngx_conf_t *cf, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *parameter)
{
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "key=")) {
        jwt->key = ngx_voiceagent_key_get(cf, &s);
        if (jwt->key == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_voiceagent_key_for_tokens(jwt->key);

        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "jwks=")) {
        jwt->jwks = ngx_voiceagent_jwks_get(cf, &s);

        return jwt->jwks ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_voiceagent_named(&s, "token=")) {
        jwt->token_is_cookie = ngx_strcasestrn(s.data, "cookie", 6 - 1)
                               != NULL;

        return ngx_voiceagent_complex_value(cf, &s, &jwt->token);
    }

    if (ngx_voiceagent_named(&s, "ticket=")) {
        return ngx_voiceagent_complex_value(cf, &s, &jwt->ticket);
    }

    return ngx_voiceagent_jwt_policy(cf, jwt, parameter);
}


/* what the token itself must be like */

static char *
ngx_voiceagent_jwt_policy(ngx_conf_t *cf, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *parameter)
{
    ngx_int_t  n;
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "alg=")) {
        return ngx_voiceagent_jwt_algs(cf, &s, jwt);
    }

    if (ngx_voiceagent_named(&s, "iss=") && s.len) {
        jwt->policy.issuer = ngx_voiceagent_va(&s);
        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "aud=") && s.len) {
        jwt->policy.audience = ngx_voiceagent_va(&s);
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(s.data, "sub=required") == 0) {
        jwt->policy.require_sub = true;
        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "leeway=")) {
        n = ngx_parse_time(&s, 1);

        if (n != NGX_ERROR) {
            jwt->policy.leeway = n;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", parameter);

    return NGX_CONF_ERROR;
}


static char *
ngx_voiceagent_jwt_check(ngx_conf_t *cf, ngx_voiceagent_jwt_t *jwt)
{
    unsigned  shared;

    shared = VA_JWT_ALG_BIT(VA_HS256) | VA_JWT_ALG_BIT(VA_HS384)
             | VA_JWT_ALG_BIT(VA_HS512);

    if (jwt->key == NULL && jwt->jwks == NULL) {
        return "needs key= or jwks=";
    }

    if (jwt->policy.algs == 0) {
        return "needs alg=: the token's own header is never asked";
    }

    if ((jwt->key == NULL || (jwt->policy.algs & shared) == 0)
        && (jwt->jwks == NULL || (jwt->policy.algs & ~shared) == 0))
    {
        return "lets nobody in: key= is for HS256, HS384 and HS512, jwks= "
               "for the others";
    }

    if (jwt->policy.leeway > NGX_VOICEAGENT_LEEWAY_USUAL) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "leeway= lets tokens in for hours after they "
                           "have expired");
    }

    return NGX_CONF_OK;
}


static char *
ngx_voiceagent_jwt_algs(ngx_conf_t *cf, ngx_str_t *list,
    ngx_voiceagent_jwt_t *jwt)
{
    u_char        *p, *last, *comma;
    va_jwt_alg_t   alg;

    p = list->data;
    last = list->data + list->len;

    while (p <= last) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        if (!va_jwt_alg_parse(va_str((char *) p, comma - p), &alg)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown algorithm in \"alg=%V\"", list);
            return NGX_CONF_ERROR;
        }

        jwt->policy.algs |= VA_JWT_ALG_BIT(alg);
        p = comma + 1;
    }

    return NGX_CONF_OK;
}


/*
 * NGX_DECLINED: the request carries none.  A cookie goes along by itself, so
 * for anything but reading it counts only with an Origin of ours.
 */

ngx_int_t
ngx_voiceagent_jwt_token(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *token)
{
    ngx_str_t         cookie = ngx_string(NGX_VOICEAGENT_COOKIE);
    ngx_uint_t        cookies;
    ngx_table_elt_t  *h;

    h = r->headers_in.authorization;

    if (h && h->value.len > sizeof("Bearer ") - 1
        && ngx_strncasecmp(h->value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           == 0)
    {
        token->data = h->value.data + sizeof("Bearer ") - 1;
        token->len = h->value.len - (sizeof("Bearer ") - 1);
        return NGX_OK;
    }

    cookies = (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
              || ngx_voiceagent_origin_known(r);

    if (jwt->token && (cookies || !jwt->token_is_cookie)) {

        if (ngx_http_complex_value(r, jwt->token, token) != NGX_OK) {
            return NGX_ERROR;
        }

        if (token->len) {
            return NGX_OK;
        }
    }

    return cookies ? ngx_voiceagent_cookie(r, &cookie, token) : NGX_DECLINED;
}


va_jwt_verdict_t
ngx_voiceagent_jwt(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *token, ngx_voiceagent_ctx_t *ctx)
{
    va_jwt_t          out;
    ngx_pool_t       *pool;
    va_alloc_t        mem;
    va_jwt_verdict_t  verdict;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE / 4, r->connection->log);
    if (pool == NULL) {
        return VA_JWT_ERROR;
    }

    ngx_voiceagent_mem(&mem, pool);

    verdict = ngx_voiceagent_jwt_verify(r, jwt, &mem, ngx_voiceagent_va(token),
                                        &out);

    if (verdict == VA_JWT_OK) {
        ctx->claims_text = va_str_dup(&ctx->mem, out.payload);
        ngx_str_set(&ctx->scheme, "jwt");

        if (ctx->claims_text.data == NULL) {
            verdict = VA_JWT_ERROR;
        }
    }

    ngx_destroy_pool(pool);

    return verdict;
}


static va_jwt_verdict_t
ngx_voiceagent_jwt_verify(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
    va_alloc_t *mem, va_str_t token, va_jwt_t *out)
{
    ngx_uint_t         i;
    const va_jwks_t   *sets[2];
    va_jwt_verdict_t   verdict;

    sets[0] = jwt->key ? ngx_voiceagent_key_set(jwt->key) : NULL;
    sets[1] = jwt->jwks ? ngx_voiceagent_jwks_set(jwt->jwks) : NULL;

    verdict = VA_JWT_KEY;
    out->kid = VA_STR_NULL;

    for (i = 0; i < 2 && verdict == VA_JWT_KEY; i++) {
        if (sets[i]) {
            verdict = va_jwt_verify(mem, sets[i], &jwt->policy, token,
                                    ngx_time(), out);
        }
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voiceagent jwt: %s", va_jwt_verdict_name(verdict));

    if (verdict == VA_JWT_KEY && jwt->jwks && out->kid.len) {
        ngx_voiceagent_jwks_hint(r, out->kid);
    }

    return verdict;
}


/* the scheduler fetches the key sets again; once a minute is enough */

static void
ngx_voiceagent_jwks_hint(ngx_http_request_t *r, va_str_t kid)
{
    time_t         now;
    va_str_t       args[6];
    static time_t  last;

    now = ngx_time();

    if (now - last < NGX_VOICEAGENT_JWKS_HINT) {
        return;
    }

    last = now;

    args[0] = VA_STR("SET");
    args[1] = VA_STR("va:jwks:wanted");
    args[2] = kid;
    args[3] = VA_STR("NX");
    args[4] = VA_STR("EX");
    args[5] = VA_STR("60");

    (void) ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL, args,
                                     6, 0, NULL, NULL);
}

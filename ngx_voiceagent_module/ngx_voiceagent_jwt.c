
/*
 * Copyright (C) voiceagent authors
 */


/*
 * JSON Web Tokens: from the Authorization header, the session cookie or a place
 * the location names; one-time tickets, which stand for claims kept in Redis;
 * and what a location insists on in the claims.
 */


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_COOKIE        "__Host-va"
#define NGX_VOICEAGENT_TICKET_MAX    128
#define NGX_VOICEAGENT_CLAIMS_DEPTH  32
#define NGX_VOICEAGENT_JWKS_HINT     60
#define NGX_VOICEAGENT_LEEWAY_USUAL  3600


typedef struct {
    ngx_http_request_t            *request;
    ngx_voiceagent_op_t           *op;
    ngx_event_t                    event;
    va_str_t                       args[2];
    ngx_int_t                      status;
    ngx_str_t                      claims;
} ngx_voiceagent_ticket_t;


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
static void ngx_voiceagent_ticket_reply(void *data, redisReply *reply);
static void ngx_voiceagent_ticket_resume(ngx_event_t *ev);
static void ngx_voiceagent_ticket_cleanup(void *data);
static ngx_int_t ngx_voiceagent_claim(ngx_voiceagent_ctx_t *ctx,
    ngx_array_t *pointers, const va_json_t *claims, ngx_str_t *value);


static ngx_str_t  ngx_voiceagent_claim_names[] = {
    ngx_string("org"),
    ngx_string("user"),
    ngx_string("role")
};


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


ngx_int_t
ngx_voiceagent_jwt_ticket(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
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


/* NGX_AGAIN: ngx_voiceagent_access_resume() follows */

ngx_int_t
ngx_voiceagent_ticket_redeem(ngx_http_request_t *r, ngx_str_t *ticket)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_http_cleanup_t       *cln;
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
    cln = ngx_http_cleanup_add(r, 0);

    if (t == NULL || p == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    t->request = r;
    t->event.handler = ngx_voiceagent_ticket_resume;
    t->event.data = t;
    t->event.log = r->connection->log;

    t->args[0] = VA_STR("GETDEL");
    t->args[1] = va_str((char *) p, sizeof("va:ticket:") - 1 + ticket->len);

    p = ngx_cpymem(p, "va:ticket:", sizeof("va:ticket:") - 1);
    ngx_memcpy(p, ticket->data, ticket->len);

    cln->handler = ngx_voiceagent_ticket_cleanup;
    cln->data = t;

    t->op = ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL,
                                      t->args, 2, 0,
                                      ngx_voiceagent_ticket_reply, t);

    return t->op ? NGX_AGAIN : NGX_HTTP_SERVICE_UNAVAILABLE;
}


static void
ngx_voiceagent_ticket_reply(void *data, redisReply *reply)
{
    ngx_voiceagent_ticket_t  *t = data;

    u_char  *p;

    t->op = NULL;

    if (reply == NULL) {
        t->status = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else if (reply->type != REDIS_REPLY_STRING) {
        t->status = NGX_HTTP_UNAUTHORIZED;

    } else {
        p = ngx_pnalloc(t->request->pool, reply->len + 1);

        if (p == NULL) {
            t->status = NGX_HTTP_INTERNAL_SERVER_ERROR;

        } else {
            ngx_memcpy(p, reply->str, reply->len);
            t->claims.data = p;
            t->claims.len = reply->len;
            t->status = NGX_OK;
        }
    }

    ngx_post_event(&t->event, &ngx_posted_events);
}


static void
ngx_voiceagent_ticket_resume(ngx_event_t *ev)
{
    ngx_http_request_t       *r;
    ngx_voiceagent_ctx_t     *ctx;
    ngx_voiceagent_ticket_t  *t;

    t = ev->data;
    r = t->request;

    ctx = ngx_voiceagent_get_ctx(r);

    if (t->status == NGX_OK) {
        ctx->claims_text = ngx_voiceagent_va(&t->claims);
        ngx_str_set(&ctx->scheme, "ticket");
    }

    ngx_voiceagent_access_resume(r, t->status);
}


static void
ngx_voiceagent_ticket_cleanup(void *data)
{
    ngx_voiceagent_ticket_t  *t = data;

    if (t->op) {
        ngx_voiceagent_redis_cancel(t->op);
        t->op = NULL;
    }

    if (t->event.posted) {
        ngx_delete_posted_event(&t->event);
    }
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


/* true when the Origin header names one of voiceagent_public_origin */

ngx_uint_t
ngx_voiceagent_origin_known(ngx_http_request_t *r)
{
    va_str_t                   *origin;
    ngx_uint_t                  i;
    ngx_table_elt_t            *h;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    h = ngx_voiceagent_header(r, "origin");

    if (h == NULL || vlcf->origins == NULL) {
        return 0;
    }

    origin = vlcf->origins->elts;

    for (i = 0; i < vlcf->origins->nelts; i++) {
        if (va_str_eq(origin[i], ngx_voiceagent_va(&h->value))) {
            return 1;
        }
    }

    return 0;
}

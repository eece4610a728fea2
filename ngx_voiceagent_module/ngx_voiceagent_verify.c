
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Webhook signatures: a request of nginx's shown to core/signature.  What the
 * headers say comes first; then the body is read once for all signatures and
 * secrets, a part of it in each turn of the event loop, as nothing else happens
 * in this process meanwhile.
 */


#include "ngx_voiceagent_module.h"


/* each counted as often as it is hashed */

#define NGX_VOICEAGENT_TURN_BYTES  (512 * 1024)

/* while a body is hashed a worker does not exit */

#define NGX_VOICEAGENT_TURNS_MS    60000


typedef struct {
    unsigned                       applies:1;    /* its header is there */
    va_verdict_t                   verdict;      /* OK: the body decides */
    va_sums_t                     *sums;         /* NULL: of the headers */
    ngx_voiceagent_secrets_t      *secrets;
} ngx_voiceagent_proof_t;


struct ngx_voiceagent_proofs_s {
    ngx_http_request_t            *request;
    ngx_uint_t                     n;
    ngx_voiceagent_proof_t        *proof;        /* one a voiceagent_verify */
    ngx_voiceagent_body_t          body;         /* how far it is hashed */
    ngx_event_t                    event;        /* the next turn */
};


static char *ngx_voiceagent_verify_parameter(ngx_conf_t *cf,
    ngx_voiceagent_verify_t *v, ngx_str_t *parameter);
static ngx_int_t ngx_voiceagent_verify_proofs(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_uint_t n);
static ngx_int_t ngx_voiceagent_verify_ask(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_verify_t *v,
    ngx_voiceagent_proof_t *proof);
static void ngx_voiceagent_verify_cleanup(void *data);
static void ngx_voiceagent_verify_turn(ngx_event_t *ev);
static void ngx_voiceagent_verify_hash(ngx_voiceagent_proofs_t *proofs);
static ngx_int_t ngx_voiceagent_verify_feed(ngx_voiceagent_proofs_t *proofs);
static va_status_t ngx_voiceagent_verify_piece(
    ngx_voiceagent_proofs_t *proofs, va_str_t piece);
static ngx_int_t ngx_voiceagent_verify_hashed(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static void ngx_voiceagent_verify_fail(ngx_voiceagent_proofs_t *proofs);
static void ngx_voiceagent_verify_request(ngx_http_request_t *r,
    va_request_t *req, const va_alloc_t *mem);
static va_str_t ngx_voiceagent_verify_header(void *ctx, const char *name);


/* voiceagent_verify scheme key=name [tolerance=time] [header=name] [digest=] */

char *
ngx_voiceagent_verify_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                     *rv;
    ngx_str_t                *value;
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
        rv = ngx_voiceagent_verify_parameter(cf, v, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return v->key ? ngx_voiceagent_once(cf, 2) : "needs key=";
}


/* each scheme takes those that mean something to it */

static char *
ngx_voiceagent_verify_parameter(ngx_conf_t *cf, ngx_voiceagent_verify_t *v,
    ngx_str_t *parameter)
{
    ngx_int_t   n;
    ngx_str_t   s;
    ngx_uint_t  hmac;

    s = *parameter;
    hmac = ngx_strcmp(v->scheme->name, "hmac") == 0;

    if (ngx_voiceagent_named(&s, "key=")) {
        v->key = ngx_voiceagent_key_get(cf, &s);

        return v->key ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (v->scheme->tolerance_ms && ngx_voiceagent_named(&s, "tolerance=")) {
        n = ngx_parse_time(&s, 0);

        if (n != NGX_ERROR && n != 0) {
            v->options.tolerance_ms = n;
            return NGX_CONF_OK;
        }
    }

    if (hmac && ngx_voiceagent_named(&s, "header=") && s.len) {
        ngx_strlow(s.data, s.data, s.len);
        v->options.header = ngx_voiceagent_va(&s);

        return NGX_CONF_OK;
    }

    if (hmac && ngx_strcmp(s.data, "digest=sha1") == 0) {
        v->options.digest = VA_SHA1;
        return NGX_CONF_OK;
    }

    if (hmac && ngx_strcmp(s.data, "digest=sha256") == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", parameter);

    return NGX_CONF_ERROR;
}


ngx_int_t
ngx_voiceagent_verify_headers(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_voiceagent_verify_t    *v;
    ngx_voiceagent_proof_t     *proof;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->verify == NULL) {
        return NGX_OK;
    }

    if (ngx_voiceagent_verify_proofs(r, ctx, vlcf->verify->nelts) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = NGX_OK;
    v = vlcf->verify->elts;

    for (i = 0; i < vlcf->verify->nelts; i++) {
        proof = &ctx->proofs->proof[i];

        if (ngx_voiceagent_verify_ask(r, ctx, &v[i], proof) != NGX_OK) {
            return NGX_ERROR;
        }

        if (proof->sums && proof->verdict == VA_VERDICT_OK) {
            rc = NGX_AGAIN;
        }
    }

    return rc;
}


static ngx_int_t
ngx_voiceagent_verify_proofs(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_uint_t n)
{
    ngx_http_cleanup_t       *cln;
    ngx_voiceagent_proofs_t  *proofs;

    proofs = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_proofs_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (proofs == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    proofs->proof = ngx_pcalloc(r->pool, n * sizeof(ngx_voiceagent_proof_t));
    if (proofs->proof == NULL) {
        return NGX_ERROR;
    }

    proofs->request = r;
    proofs->n = n;

    proofs->event.handler = ngx_voiceagent_verify_turn;
    proofs->event.data = r->connection;
    proofs->event.log = r->connection->log;

    cln->handler = ngx_voiceagent_verify_cleanup;
    cln->data = proofs;

    ctx->proofs = proofs;

    return NGX_OK;
}


/* what verifies by headers alone is left to ngx_voiceagent_verify() */

static ngx_int_t
ngx_voiceagent_verify_ask(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_voiceagent_verify_t *v, ngx_voiceagent_proof_t *proof)
{
    size_t              n;
    va_request_t        req;
    const va_secret_t  *secrets;

    ngx_voiceagent_verify_request(r, &req, &ctx->mem);

    proof->applies = va_signature_present(v->scheme, &req, &v->options);

    if (!proof->applies) {
        return NGX_OK;
    }

    proof->secrets = ngx_voiceagent_secrets_hold(v->key);
    proof->verdict = VA_VERDICT_OK;

    if (!v->scheme->needs_body) {
        return NGX_OK;
    }

    proof->sums = va_sums_new();
    if (proof->sums == NULL) {
        return NGX_ERROR;
    }

    req.sums = proof->sums;
    secrets = ngx_voiceagent_secrets(proof->secrets, &n);

    proof->verdict = va_signature_ask(v->scheme, &req, &v->options, secrets,
                                      n);

    return NGX_OK;
}


static void
ngx_voiceagent_verify_cleanup(void *data)
{
    ngx_voiceagent_proofs_t  *proofs = data;

    ngx_uint_t  i;

    for (i = 0; i < proofs->n; i++) {
        va_sums_free(proofs->proof[i].sums);
        ngx_voiceagent_secrets_release(proofs->proof[i].secrets);
    }

    if (proofs->event.posted) {
        ngx_delete_posted_event(&proofs->event);
    }

    if (proofs->event.timer_set) {
        ngx_del_timer(&proofs->event);
    }
}


ngx_int_t
ngx_voiceagent_verify_body(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_voiceagent_proofs_t  *proofs;

    proofs = ctx->proofs;

    if (proofs->body.request == NULL) {
        ngx_voiceagent_body_init(&proofs->body, r);

        if (proofs->body.body.length > NGX_VOICEAGENT_TURN_BYTES) {
            ngx_voiceagent_verify_hash(proofs);
        }
    }

    rc = ngx_voiceagent_verify_feed(proofs);

    if (rc == NGX_AGAIN) {
        if (!proofs->event.timer_set) {
            ngx_add_timer(&proofs->event, NGX_VOICEAGENT_TURNS_MS);
        }

        ngx_post_event(&proofs->event, &ngx_posted_next_events);
        return NGX_AGAIN;
    }

    if (proofs->event.timer_set) {
        ngx_del_timer(&proofs->event);
    }

    if (proofs->event.posted) {
        /* this turn was the timer's: there must be none behind it */
        ngx_delete_posted_event(&proofs->event);
    }

    if (rc == NGX_OK) {
        return ngx_voiceagent_verify_hashed(r, ctx);
    }

    ngx_voiceagent_verify_fail(proofs);

    return NGX_OK;
}


static void
ngx_voiceagent_verify_turn(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_voiceagent_proofs_t  *proofs;

    c = ev->data;
    proofs = (ngx_voiceagent_proofs_t *)
                 ((u_char *) ev - offsetof(ngx_voiceagent_proofs_t, event));

    ngx_voiceagent_access_body(proofs->request);

    ngx_http_run_posted_requests(c);
}


/* a large body's own hash is wanted later: so that it is read no second time */

static void
ngx_voiceagent_verify_hash(ngx_voiceagent_proofs_t *proofs)
{
    ngx_uint_t  i;

    for (i = 0; i < proofs->n; i++) {
        if (proofs->proof[i].sums) {
            (void) va_sums_ask_sha256(proofs->proof[i].sums);
            return;
        }
    }
}


/* NGX_AGAIN: a turn's part of the body is done */

static ngx_int_t
ngx_voiceagent_verify_feed(ngx_voiceagent_proofs_t *proofs)
{
    size_t      done, times;
    va_str_t    piece;
    ngx_uint_t  i;

    times = 0;

    for (i = 0; i < proofs->n; i++) {
        times += va_sums_count(proofs->proof[i].sums);
    }

    for (done = 0; done < NGX_VOICEAGENT_TURN_BYTES; done += times * piece.len)
    {

        if (proofs->body.body.next(&proofs->body, &piece) != VA_OK) {
            return NGX_ERROR;
        }

        if (ngx_voiceagent_verify_piece(proofs, piece) != VA_OK) {
            return NGX_ERROR;
        }

        if (piece.len == 0) {
            return NGX_OK;
        }
    }

    return NGX_AGAIN;
}


/* an empty piece is the end */

static va_status_t
ngx_voiceagent_verify_piece(ngx_voiceagent_proofs_t *proofs, va_str_t piece)
{
    va_sums_t    *sums;
    ngx_uint_t    i;
    va_status_t   rc;

    for (i = 0; i < proofs->n; i++) {
        sums = proofs->proof[i].sums;

        if (sums == NULL) {
            continue;
        }

        rc = piece.len ? va_sums_update(sums, piece.data, piece.len)
                       : va_sums_end(sums);

        if (rc != VA_OK) {
            return rc;
        }
    }

    return VA_OK;
}


static ngx_int_t
ngx_voiceagent_verify_hashed(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_uint_t      i;
    const uint8_t  *digest;

    for (i = 0; i < ctx->proofs->n; i++) {

        if (ctx->proofs->proof[i].sums == NULL) {
            continue;
        }

        digest = va_sums_sha256(ctx->proofs->proof[i].sums);

        if (digest && ngx_voiceagent_body_hashed(r, ctx, digest) != NGX_OK) {
            ngx_voiceagent_verify_fail(ctx->proofs);
        }
    }

    return NGX_OK;
}


static void
ngx_voiceagent_verify_fail(ngx_voiceagent_proofs_t *proofs)
{
    ngx_uint_t  i;

    for (i = 0; i < proofs->n; i++) {
        if (proofs->proof[i].sums) {
            proofs->proof[i].verdict = VA_VERDICT_ERROR;
        }
    }
}


ngx_uint_t
ngx_voiceagent_verify_applies(ngx_voiceagent_ctx_t *ctx, ngx_uint_t i)
{
    return ctx->proofs->proof[i].applies;
}


va_verdict_t
ngx_voiceagent_verify(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_uint_t i)
{
    size_t                      n;
    va_verdict_t                verdict;
    va_request_t                req;
    const va_secret_t          *secrets;
    ngx_voiceagent_body_t       body;
    va_signature_result_t       result;
    ngx_voiceagent_proof_t     *proof;
    ngx_voiceagent_verify_t    *v;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    v = (ngx_voiceagent_verify_t *) vlcf->verify->elts + i;
    proof = &ctx->proofs->proof[i];

    if (proof->verdict != VA_VERDICT_OK) {
        return proof->verdict;
    }

    ngx_voiceagent_verify_request(r, &req, &ctx->mem);

    ngx_voiceagent_body_init(&body, r);
    req.body = &body.body;
    req.sums = proof->sums;

    secrets = ngx_voiceagent_secrets(proof->secrets, &n);

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

    /* the account's text is the key's, which may be gone before the request */

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
    ngx_time_t                 *tp;
    ngx_table_elt_t            *upgrade;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    ngx_memzero(req, sizeof(va_request_t));

    tp = ngx_timeofday();
    req->now_ms = (int64_t) tp->sec * 1000 + tp->msec;

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

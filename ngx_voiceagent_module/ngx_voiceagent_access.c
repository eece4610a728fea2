
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Who may speak: the access phase.  A request passes when any one signature,
 * token or ticket of its location verifies, then what the location requires of
 * the claims is checked, then a worker is asked where the location says so.
 * The verdict stands in the request's context; the content handlers refuse a
 * request without it, whatever else let it through.
 */


#include "ngx_voiceagent_ask.h"


static ngx_int_t ngx_voiceagent_access_verified(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_ticket(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_allowed(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_route(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static ngx_int_t ngx_voiceagent_access_begin(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static ngx_int_t ngx_voiceagent_access_admit(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_signature(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_unsigned(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_token(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf);
static ngx_int_t ngx_voiceagent_access_claims(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static ngx_int_t ngx_voiceagent_access_wait(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
static ngx_int_t ngx_voiceagent_access_refuse(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_int_t status);
static void ngx_voiceagent_access_reason(ngx_voiceagent_ctx_t *ctx,
    const char *scheme, const char *reason);


ngx_int_t
ngx_voiceagent_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->verify == NULL && vlcf->jwt == NULL && vlcf->public != 1
        && vlcf->route == NULL)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_voiceagent_get_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx->step == NGX_VOICEAGENT_START) {
        rc = ngx_voiceagent_access_begin(r, ctx);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ctx->step == NGX_VOICEAGENT_WAITING) {
        return NGX_AGAIN;
    }

    rc = ngx_voiceagent_access_verified(r, ctx, vlcf);

    if (rc == NGX_OK && ctx->step != NGX_VOICEAGENT_PASSED) {
        ctx->step = NGX_VOICEAGENT_VERIFIED;
        rc = ngx_voiceagent_access_allowed(r, ctx, vlcf);
    }

    if (rc == NGX_AGAIN) {
        return ngx_voiceagent_access_wait(r, ctx);
    }

    if (rc != NGX_OK) {
        return ngx_voiceagent_access_refuse(r, ctx, rc);
    }

    ctx->step = NGX_VOICEAGENT_PASSED;
    ctx->passed = 1;

    return NGX_OK;
}


/*
 * Who it is, and then what he may.  Both: NGX_OK, NGX_AGAIN, or the status to
 * refuse with, the reason being set.
 */

static ngx_int_t
ngx_voiceagent_access_verified(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf)
{
    switch (ctx->step) {

    case NGX_VOICEAGENT_BODY_READ:
        return ngx_voiceagent_access_admit(r, ctx, vlcf);

    case NGX_VOICEAGENT_TICKET_KNOWN:
        return ngx_voiceagent_access_ticket(r, ctx, vlcf);

    default: /* NGX_VOICEAGENT_VERIFIED, NGX_VOICEAGENT_PASSED */
        return NGX_OK;
    }
}


static ngx_int_t
ngx_voiceagent_access_ticket(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_voiceagent_loc_conf_t *vlcf)
{
    if (ctx->wait_status == NGX_OK) {
        return ngx_voiceagent_access_claims(r, ctx);
    }

    if (ctx->wait_status == NGX_HTTP_UNAUTHORIZED) {
        ngx_voiceagent_access_reason(ctx, "ticket", "unknown");
        return ngx_voiceagent_access_unsigned(r, ctx, vlcf);
    }

    ngx_voiceagent_access_reason(ctx, "ticket", "unavailable");

    return ctx->wait_status;
}


static ngx_int_t
ngx_voiceagent_access_allowed(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf)
{
    ngx_int_t    rc;
    const char  *code;

    rc = ngx_voiceagent_require(r, ctx, &code);

    if (rc != NGX_OK) {
        ngx_voiceagent_access_reason(ctx, "require", code);
        return rc;
    }

    rc = vlcf->authorize ? ngx_voiceagent_authorize(r, ctx) : NGX_OK;

    if (rc == NGX_OK) {
        return vlcf->route ? ngx_voiceagent_access_route(r, ctx) : NGX_OK;
    }

    if (rc == NGX_AGAIN) {
        return rc;
    }

    ngx_voiceagent_access_reason(ctx, "authorize",
                                 rc == NGX_HTTP_NOT_FOUND
                                 ? "not_found"
                                 : rc == NGX_HTTP_UNAUTHORIZED
                                   || rc == NGX_HTTP_FORBIDDEN
                                 ? "forbidden" : "unavailable");

    return rc;
}


static ngx_int_t
ngx_voiceagent_access_route(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_voiceagent_route(r, ctx);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_str_null(&ctx->admission);
        ngx_voiceagent_access_reason(ctx, "route",
                                     rc == NGX_HTTP_BAD_REQUEST
                                     ? "no_upgrade" : "unavailable");
    }

    return rc;
}


/*
 * The body is read only for a request with a signature that nothing but the
 * body can disprove, so that nobody uploads megabytes to be refused.
 */

static ngx_int_t
ngx_voiceagent_access_begin(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_voiceagent_verify_headers(r, ctx);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_OK) {
        ctx->step = NGX_VOICEAGENT_BODY_READ;
        return NGX_OK;
    }

    ctx->step = NGX_VOICEAGENT_WAITING;
    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_voiceagent_access_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/* once the body is there, and for each turn in which it is hashed */

void
ngx_voiceagent_access_body(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    r->preserve_body = 1;

    if (ngx_voiceagent_verify_body(r, ctx) == NGX_AGAIN) {
        return;
    }

    ctx->step = NGX_VOICEAGENT_BODY_READ;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


/* NGX_OK, NGX_AGAIN, or the status to refuse with */

static ngx_int_t
ngx_voiceagent_access_admit(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_voiceagent_loc_conf_t *vlcf)
{
    ngx_int_t    rc;
    const char  *reason;

    if (vlcf->route) {
        rc = ngx_voiceagent_route_enter(r, ctx, &reason);

        if (rc != NGX_OK && rc != NGX_DECLINED) {
            ngx_voiceagent_access_reason(ctx, "stream_token",
                                         rc == NGX_HTTP_FORBIDDEN
                                         ? reason : "error");
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    rc = ngx_voiceagent_access_signature(r, ctx, vlcf);

    return rc == NGX_DECLINED ? ngx_voiceagent_access_unsigned(r, ctx, vlcf)
                              : rc;
}


/* what is left when no signature lets in, and no ticket that was asked for */

static ngx_int_t
ngx_voiceagent_access_unsigned(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf)
{
    ngx_int_t  rc;

    rc = ngx_voiceagent_access_token(r, ctx, vlcf);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (vlcf->public == 1) {
        ngx_str_set(&ctx->scheme, "public");
        ngx_str_null(&ctx->reason);
        return NGX_OK;
    }

    if (ctx->reason.len == 0) {
        ngx_voiceagent_access_reason(ctx, "none", "absent");
    }

    /* Twilio asks for 403, everybody else for 401 (docs/protocol.md) */

    if (vlcf->verify && vlcf->jwt == NULL) {
        ngx_voiceagent_verify_t  *v = vlcf->verify->elts;

        if (ngx_strcmp(v[0].scheme->name, "twilio") == 0) {
            return NGX_HTTP_FORBIDDEN;
        }
    }

    return NGX_HTTP_UNAUTHORIZED;
}


static ngx_int_t
ngx_voiceagent_access_signature(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_voiceagent_loc_conf_t *vlcf)
{
    ngx_uint_t                i;
    va_verdict_t              verdict;
    ngx_voiceagent_verify_t  *v;

    if (vlcf->verify == NULL) {
        return NGX_DECLINED;
    }

    v = vlcf->verify->elts;

    for (i = 0; i < vlcf->verify->nelts; i++) {

        if (!ngx_voiceagent_verify_applies(ctx, i)) {
            continue;
        }

        verdict = ngx_voiceagent_verify(r, ctx, i);

        if (verdict == VA_VERDICT_OK) {
            ngx_str_null(&ctx->reason);
            return NGX_OK;
        }

        ngx_voiceagent_access_reason(ctx, v[i].scheme->name,
                                     va_verdict_name(verdict));

        if (verdict == VA_VERDICT_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voiceagent_access_token(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_voiceagent_loc_conf_t *vlcf)
{
    ngx_int_t              rc;
    ngx_str_t              text;
    va_jwt_verdict_t       verdict;
    ngx_voiceagent_jwt_t  *jwt, *last;

    if (vlcf->jwt == NULL) {
        return NGX_DECLINED;
    }

    jwt = vlcf->jwt->elts;
    last = jwt + vlcf->jwt->nelts;

    for (jwt += ctx->jwts_tried; jwt < last; jwt++) {
        ctx->jwts_tried++;

        rc = ngx_voiceagent_jwt_token(r, jwt, &text);

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc == NGX_OK) {
            verdict = ngx_voiceagent_jwt(r, jwt, &text, ctx);

            if (verdict == VA_JWT_OK) {
                return ngx_voiceagent_access_claims(r, ctx);
            }

            ngx_voiceagent_access_reason(ctx, "jwt",
                                         va_jwt_verdict_name(verdict));

            if (verdict == VA_JWT_ERROR) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            continue;
        }

        rc = ngx_voiceagent_ticket_text(r, jwt, &text);

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc == NGX_OK) {
            rc = ngx_voiceagent_ticket_redeem(r, &text);

            if (rc == NGX_ERROR) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            if (rc != NGX_DECLINED) {
                ngx_voiceagent_access_reason(ctx, "ticket", "unavailable");
                return rc;
            }

            ngx_voiceagent_access_reason(ctx, "ticket", "malformed");
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voiceagent_access_claims(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ngx_str_null(&ctx->reason);

    if (ngx_voiceagent_claims_apply(r, ctx) != NGX_OK) {
        ngx_voiceagent_access_reason(ctx, "jwt", "claims");
        return NGX_HTTP_UNAUTHORIZED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_access_wait(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    ctx->step = NGX_VOICEAGENT_WAITING;

    return ngx_voiceagent_wait_events(r) == NGX_OK
           ? NGX_AGAIN : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/*
 * With what was waited for: a ticket's claims, a worker's word, a way (NGX_OK,
 * or the status to refuse with).  Who calls it runs the posted requests.
 */

void
ngx_voiceagent_access_resume(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    ctx->wait_status = status;

    /* a ticket comes before the claims are known, everything else after */

    ctx->step = ctx->authorizing || ctx->routing ? NGX_VOICEAGENT_VERIFIED
                                 : NGX_VOICEAGENT_TICKET_KNOWN;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static void
ngx_voiceagent_access_reason(ngx_voiceagent_ctx_t *ctx, const char *scheme,
    const char *reason)
{
    ctx->reason.data = (u_char *) reason;
    ctx->reason.len = ngx_strlen(reason);
    ctx->refused_scheme = scheme;
}


/* where other access rules may still allow, nothing is refused yet */

static ngx_int_t
ngx_voiceagent_access_refuse(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    ngx_int_t status)
{
    ngx_int_t                  rc;
    const char                *code, *message;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY) {
        return status;
    }

    if (ctx->refused_scheme == NULL) {
        /* no memory, before anything could be judged */
        ngx_voiceagent_access_reason(ctx, "none", "error");
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "voiceagent refused: %s %V", ctx->refused_scheme,
                  &ctx->reason);

    ngx_voiceagent_count_refusal(ctx->refused_scheme,
                                 (char *) ctx->reason.data);
    ngx_voiceagent_count_outcome(NGX_VOICEAGENT_REFUSED);

    switch (status) {

    case NGX_HTTP_UNAUTHORIZED:
        code = "unauthorized";
        message = "The request carries no valid token or signature.";
        break;

    case NGX_HTTP_FORBIDDEN:
        code = "forbidden";
        message = "The request is not allowed here.";
        break;

    case NGX_HTTP_NOT_FOUND:
        code = "not_found";
        message = "There is nothing of that name.";
        break;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        code = "unavailable";
        message = "The service cannot check the request now. Try again.";
        break;

    default:
        return status;
    }

    rc = ngx_voiceagent_send_error(r, status, code, message);

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}

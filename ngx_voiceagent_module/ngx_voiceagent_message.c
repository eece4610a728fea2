
/*
 * Copyright (C) voiceagent authors
 */


/*
 * A message of a WebSocket as a request: as if it had been posted to the
 * location, by whoever was let in at the handshake.  So nginx' own limits count
 * it, its lane and keys are made of it, and its job is pushed and waited for as
 * those of voiceagent_call are.  It has a pool of its own, since a connection
 * lasts for hours.
 */


#include "ngx_voiceagent_websocket.h"


#define NGX_VOICEAGENT_MESSAGE_POOL  4096


typedef struct {
    ngx_queue_t    queue;
    ngx_str_t      text;                         /* behind this */
} ngx_voiceagent_message_t;


static void ngx_voiceagent_message_begin(ngx_voiceagent_websocket_t *ws,
    ngx_str_t *text);
static ngx_http_request_t *ngx_voiceagent_message_request(
    ngx_http_request_t *r, ngx_pool_t *pool);
static ngx_int_t ngx_voiceagent_message_context(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_message_body(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_int_t ngx_voiceagent_message_headers(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_message_limits(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_message_push(ngx_voiceagent_websocket_t *ws);
static void ngx_voiceagent_message_answered(ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_message_reply(ngx_voiceagent_websocket_t *ws,
    ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_message_fail(ngx_voiceagent_websocket_t *ws,
    ngx_voiceagent_wait_e outcome);
static void ngx_voiceagent_message_refuse(ngx_voiceagent_websocket_t *ws,
    ngx_int_t status);
static void ngx_voiceagent_message_error(ngx_voiceagent_websocket_t *ws,
    const char *code, const char *message);
static void ngx_voiceagent_message_end(ngx_voiceagent_websocket_t *ws);


ngx_int_t
ngx_voiceagent_message_add(ngx_voiceagent_websocket_t *ws, va_str_t text)
{
    ngx_voiceagent_message_t  *m;

    m = ngx_alloc(sizeof(ngx_voiceagent_message_t) + text.len,
                  ws->request->connection->log);
    if (m == NULL) {
        return NGX_ERROR;
    }

    m->text.data = (u_char *) m + sizeof(ngx_voiceagent_message_t);
    m->text.len = text.len;
    (void) ngx_voiceagent_copy(m->text.data, text);

    ngx_queue_insert_tail(&ws->waiting, &m->queue);
    ws->nwaiting++;

    return NGX_OK;
}


static ngx_voiceagent_message_t *
ngx_voiceagent_message_take(ngx_voiceagent_websocket_t *ws)
{
    ngx_queue_t  *q;

    if (ngx_queue_empty(&ws->waiting)) {
        return NULL;
    }

    q = ngx_queue_head(&ws->waiting);
    ngx_queue_remove(q);
    ws->nwaiting--;

    return ngx_queue_data(q, ngx_voiceagent_message_t, queue);
}


void
ngx_voiceagent_messages_begin(ngx_voiceagent_websocket_t *ws)
{
    ngx_voiceagent_message_t  *m;

    while (ws->message == NULL
           && !ws->blocked && !ws->leaving && !ws->closing && !ws->error)
    {
        m = ngx_voiceagent_message_take(ws);
        if (m == NULL) {
            return;
        }

        ngx_voiceagent_message_begin(ws, &m->text);

        ngx_free(m);
    }
}


void
ngx_voiceagent_messages_drop(ngx_voiceagent_websocket_t *ws)
{
    ngx_voiceagent_message_t  *m;

    for ( ;; ) {
        m = ngx_voiceagent_message_take(ws);
        if (m == NULL) {
            break;
        }

        ngx_free(m);
    }

    if (ws->message) {
        ngx_voiceagent_message_end(ws);
    }
}


static void
ngx_voiceagent_message_begin(ngx_voiceagent_websocket_t *ws, ngx_str_t *text)
{
    ngx_int_t            rc;
    ngx_pool_t          *pool;
    ngx_http_request_t  *r;

    pool = ngx_create_pool(NGX_VOICEAGENT_MESSAGE_POOL,
                           ws->request->connection->log);
    if (pool == NULL) {
        ws->error = 1;
        return;
    }

    r = ngx_voiceagent_message_request(ws->request, pool);

    if (r == NULL || ngx_voiceagent_message_body(r, text) != NGX_OK) {
        ngx_destroy_pool(pool);
        ws->error = 1;
        return;
    }

    ws->message = r;

    rc = ngx_voiceagent_message_limits(r);

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_message_push(ws);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_message_refuse(ws, rc);
        ngx_voiceagent_message_end(ws);
    }
}


/*
 * What the handshake was, but for the method and what a request has for itself:
 * its memory, variables, cleanups and the contexts of modules.
 */

static ngx_http_request_t *
ngx_voiceagent_message_request(ngx_http_request_t *handshake, ngx_pool_t *pool)
{
    ngx_http_request_t         *r;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(handshake, ngx_http_core_module);

    r = ngx_palloc(pool, sizeof(ngx_http_request_t));
    if (r == NULL) {
        return NULL;
    }

    *r = *handshake;

    r->pool = pool;
    r->main = r;
    r->cleanup = NULL;
    r->out = NULL;
    r->limit_req_status = 0;
    r->limit_conn_status = 0;

    /* captures of its own, not written over those of the location */

    r->realloc_captures = 1;

    r->method = NGX_HTTP_POST;
    ngx_str_set(&r->method_name, "POST");

    r->variables = ngx_pcalloc(pool, cmcf->variables.nelts
                                     * sizeof(ngx_http_variable_value_t));
    r->ctx = ngx_palloc(pool, ngx_http_max_module * sizeof(void *));

    if (r->variables == NULL || r->ctx == NULL) {
        return NULL;
    }

    ngx_memcpy(r->ctx, handshake->ctx, ngx_http_max_module * sizeof(void *));

    return ngx_voiceagent_message_context(r) == NGX_OK
           && ngx_voiceagent_message_headers(r) == NGX_OK ? r : NULL;
}


/* the verdict is the handshake's, whatever is read of the body is not */

static ngx_int_t
ngx_voiceagent_message_context(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_palloc(r->pool, sizeof(ngx_voiceagent_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    *ctx = *(ngx_voiceagent_ctx_t *)
                ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    ngx_voiceagent_mem(&ctx->mem, r->pool);

    ngx_str_null(&ctx->body);
    ngx_str_null(&ctx->sha256);
    ngx_str_null(&ctx->job_id);
    ctx->body_ready = 0;
    ctx->form_ready = 0;
    ctx->json_ready = 0;

    ngx_http_set_ctx(r, ctx, ngx_voiceagent_module);

    return NGX_OK;
}


/*
 * Those of the handshake but its Content-Type: text over a WebSocket is JSON
 * here, as a client that posts it would say.
 */

static ngx_int_t
ngx_voiceagent_message_headers(ngx_http_request_t *r)
{
    ngx_uint_t        i, n;
    ngx_list_t       *headers;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *from;
    static u_char     type[] = "content-type";

    headers = &r->headers_in.headers;
    n = 1;

    for (part = &headers->part; part; part = part->next) {
        n += part->nelts;
    }

    h = ngx_pcalloc(r->pool, n * sizeof(ngx_table_elt_t));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Content-Type");
    ngx_str_set(&h->value, "application/json");
    h->lowcase_key = type;

    headers->nalloc = n;
    n = 1;

    for (part = &headers->part; part; part = part->next) {
        from = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (from[i].key.len != sizeof(type) - 1
                || ngx_memcmp(from[i].lowcase_key, type, sizeof(type) - 1)
                   != 0)
            {
                h[n++] = from[i];
            }
        }
    }

    headers->part.elts = h;
    headers->part.nelts = n;
    headers->part.next = NULL;
    headers->last = &headers->part;
    headers->pool = r->pool;

    r->headers_in.content_type = h;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_message_body(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    b = ngx_create_temp_buf(r->pool, text->len + 1);
    cl = ngx_alloc_chain_link(r->pool);
    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));

    if (b == NULL || cl == NULL || rb == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, text->data, text->len);

    cl->buf = b;
    cl->next = NULL;

    rb->bufs = cl;

    r->request_body = rb;
    r->headers_in.content_length_n = text->len;

    return NGX_OK;
}


/*
 * The phase of limit_req and limit_conn.  What they keep of it is given back
 * with the request's pool.  A delay is not waited for: what is put off is let
 * in, and counts.
 */

static ngx_int_t
ngx_voiceagent_message_limits(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_array_t                *handlers;
    ngx_event_t                *wev;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    handlers = &cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers;
    h = handlers->elts;

    /* the last that was added is the first that runs */

    for (i = handlers->nelts; i > 0; i--) {

        rc = h[i - 1](r);

        if (rc == NGX_AGAIN) {
            wev = r->connection->write;
            wev->delayed = 0;

            if (wev->timer_set) {
                ngx_del_timer(wev);
            }

            continue;
        }

        if (rc == NGX_OK || rc == NGX_DECLINED) {
            continue;
        }

        if (rc < NGX_HTTP_SPECIAL_RESPONSE
            || rc == NGX_HTTP_INTERNAL_SERVER_ERROR)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* a limit, whatever limit_req_status makes of it over HTTP */

        return rc == NGX_HTTP_FORBIDDEN ? rc : NGX_HTTP_TOO_MANY_REQUESTS;
    }

    return NGX_OK;
}


/* NGX_OK, or the status to refuse with */

static ngx_int_t
ngx_voiceagent_message_push(ngx_voiceagent_websocket_t *ws)
{
    ngx_int_t                   rc;
    ngx_uint_t                  flags;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(ws->message, ngx_voiceagent_module);

    flags = NGX_VOICEAGENT_WAIT_BODY;

    if (vlcf->websocket->job->late_pending) {
        flags |= NGX_VOICEAGENT_WAIT_PROMISE;
    }

    if (ngx_voiceagent_job_too_large(ws->message)) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    rc = ngx_voiceagent_wait(ws->message, vlcf->websocket->job, flags,
                             ngx_voiceagent_message_answered, ws, NULL);

    if (rc == NGX_DECLINED) {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_BAD_REQUEST);
        return NGX_HTTP_BAD_REQUEST;
    }

    return rc == NGX_OK ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static void
ngx_voiceagent_message_answered(ngx_voiceagent_waiter_t *w)
{
    ngx_voiceagent_websocket_t  *ws;

    ws = w->data;

    /* a repeated message waits for the job of the first */

    ngx_voiceagent_get_ctx(ws->message)->job_id = w->node.str;

    if (w->outcome == NGX_VOICEAGENT_WAIT_REPLY) {
        ngx_voiceagent_message_reply(ws, w);

    } else {
        ngx_voiceagent_message_fail(ws, w->outcome);
    }

    ngx_voiceagent_message_end(ws);

    ngx_voiceagent_websocket_turn(ws);
}


/* whoever is not let in any more keeps no connection */

static void
ngx_voiceagent_message_reply(ngx_voiceagent_websocket_t *ws,
    ngx_voiceagent_waiter_t *w)
{
    va_reply_t             reply;
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_voiceagent_get_ctx(ws->message);

    if (va_reply_parse(&ctx->mem, ngx_voiceagent_va(&w->text), &reply) != VA_OK
        || !va_utf8_valid(reply.body))
    {
        ngx_log_error(NGX_LOG_ERR, ws->request->connection->log, 0,
                      "voiceagent: the reply to job %V cannot be read",
                      &w->node.str);
        ngx_voiceagent_message_fail(ws, NGX_VOICEAGENT_WAIT_UNAVAILABLE);
        return;
    }

    ngx_voiceagent_count_outcome(NGX_VOICEAGENT_REPLIED);

    ngx_voiceagent_frames_text(ws, reply.body);

    if (reply.status == NGX_HTTP_UNAUTHORIZED
        || reply.status == NGX_HTTP_FORBIDDEN)
    {
        ngx_voiceagent_frames_close(ws, WSLAY_CODE_POLICY_VIOLATION);
    }
}


/* without Redis nothing that is published comes either */

static void
ngx_voiceagent_message_fail(ngx_voiceagent_websocket_t *ws,
    ngx_voiceagent_wait_e outcome)
{
    ngx_str_t                   text;
    const char                 *code, *message;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(ws->message, ngx_voiceagent_module);

    if (outcome == NGX_VOICEAGENT_WAIT_TIMEOUT
        && vlcf->websocket->job->late_pending)
    {
        ngx_voiceagent_count_outcome(NGX_VOICEAGENT_PENDING);

        if (ngx_voiceagent_pending_text(ws->message, &text) != NGX_OK) {
            ws->error = 1;
            return;
        }

        ngx_voiceagent_frames_text(ws, ngx_voiceagent_va(&text));
        return;
    }

    (void) ngx_voiceagent_call_failure(outcome, &code, &message);
    ngx_voiceagent_message_error(ws, code, message);

    if (outcome == NGX_VOICEAGENT_WAIT_UNAVAILABLE
        || outcome == NGX_VOICEAGENT_WAIT_OVERLOADED)
    {
        ngx_voiceagent_frames_close(ws, NGX_VOICEAGENT_TRY_AGAIN_LATER);
    }
}


static void
ngx_voiceagent_message_refuse(ngx_voiceagent_websocket_t *ws, ngx_int_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
        ngx_voiceagent_message_error(ws, "bad_request",
                                     "The request lacks its identifier.");
        break;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        ngx_voiceagent_message_error(ws, "too_large",
                                     "The body is too large.");
        break;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        ngx_voiceagent_message_error(ws, "too_many_requests",
                                     "Too many requests. Try again later.");
        break;

    case NGX_HTTP_FORBIDDEN:
        ngx_voiceagent_message_error(ws, "forbidden",
                                     "The request is not allowed here.");
        break;

    default:
        ngx_voiceagent_message_error(ws, "internal",
                                     "Something went wrong on our side.");
    }
}


static void
ngx_voiceagent_message_error(ngx_voiceagent_websocket_t *ws, const char *code,
    const char *message)
{
    ngx_str_t  text;

    if (ngx_voiceagent_error_text(ws->message, code, message, &text)
        != NGX_OK)
    {
        ws->error = 1;
        return;
    }

    ngx_voiceagent_frames_text(ws, ngx_voiceagent_va(&text));
}


static void
ngx_voiceagent_message_end(ngx_voiceagent_websocket_t *ws)
{
    ngx_http_request_t  *r;
    ngx_http_cleanup_t  *cln;

    r = ws->message;
    ws->message = NULL;

    for (cln = r->cleanup; cln; cln = cln->next) {
        if (cln->handler) {
            cln->handler(cln->data);
        }
    }

    ngx_destroy_pool(r->pool);
}

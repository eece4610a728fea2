
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_events: Server-Sent Events (WHATWG HTML, section 9.2).  First
 * "connected"; then what the snapshot job tells, or the replay; then live.  The
 * id of the latest event comes with "connected", or behind the snapshot: a
 * client that reconnects loses neither an event nor the snapshot.
 */


#include "ngx_voiceagent_events.h"

#include "core/utf8.h"


#define NGX_VOICEAGENT_SNAPSHOT_WAIT   3000


static char *ngx_voiceagent_events_parameter(ngx_conf_t *cf,
    ngx_voiceagent_events_conf_t *ecf, ngx_str_t *parameter);
static ngx_int_t ngx_voiceagent_events_handler(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_events_join(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client, ngx_str_t *org);
static void ngx_voiceagent_events_open(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_values(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client, ngx_str_t *org);
static ngx_uint_t ngx_voiceagent_events_names(ngx_str_t *id);
static ngx_int_t ngx_voiceagent_events_header(ngx_http_request_t *r);
static void ngx_voiceagent_events_wake(ngx_voiceagent_reader_t *reader);
static void ngx_voiceagent_events_ping(ngx_event_t *ev);
static ngx_uint_t ngx_voiceagent_events_are_over(
    ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_alive(ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_drain(ngx_voiceagent_client_t *client);
static void ngx_voiceagent_events_leave(void *data);


/*
 * voiceagent_events org= [customer=] [call=] [ping=time] [drain=time]
 *     [life=time] [snapshot=job.type]
 */

char *
ngx_voiceagent_events_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                          *rv;
    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_voiceagent_events_conf_t  *ecf;

    ecf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_events_conf_t));
    if (ecf == NULL) {
        return NGX_CONF_ERROR;
    }

    ecf->ping = 15000;
    ecf->drain = 30000;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_voiceagent_events_parameter(cf, ecf, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (ecf->org == NULL) {
        return "needs org=";
    }

    rv = ngx_voiceagent_once(cf, 1);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ecf->snapshot) {
        ecf->snapshot->lane = ecf->org;
    }

    vlcf->events = ecf;

    return ngx_voiceagent_location(cf, vlcf, ngx_voiceagent_events_handler);
}


static char *
ngx_voiceagent_events_parameter(ngx_conf_t *cf,
    ngx_voiceagent_events_conf_t *ecf, ngx_str_t *parameter)
{
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "org=")) {
        return ngx_voiceagent_complex_value(cf, &s, &ecf->org);
    }

    if (ngx_voiceagent_named(&s, "customer=")) {
        return ngx_voiceagent_complex_value(cf, &s, &ecf->customer);
    }

    if (ngx_voiceagent_named(&s, "call=")) {
        return ngx_voiceagent_complex_value(cf, &s, &ecf->call);
    }

    if ((ngx_voiceagent_named(&s, "ping=")
         && ngx_voiceagent_time(&s, &ecf->ping) == NGX_OK)
        || (ngx_voiceagent_named(&s, "drain=")
            && ngx_voiceagent_time(&s, &ecf->drain) == NGX_OK)
        || (ngx_voiceagent_named(&s, "life=")
            && ngx_voiceagent_time(&s, &ecf->life) == NGX_OK))
    {
        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "snapshot=") && s.len) {
        ecf->snapshot = ngx_voiceagent_job_conf(cf, &s, "realtime",
                                                NGX_VOICEAGENT_SNAPSHOT_WAIT);
        return ecf->snapshot ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", parameter);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_voiceagent_events_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 org;
    ngx_voiceagent_client_t  *client;

    if (!ngx_voiceagent_passed(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_GET) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    client = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_client_t));
    if (client == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    client->request = r;

    rc = ngx_voiceagent_events_values(r, client, &org);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_voiceagent_events_join(r, client, &org);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_voiceagent_events_open(r, client);

    rc = ngx_voiceagent_wait_events(r);

    /* of the header something may be left to write */

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_client_output(client, NULL);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
    }

    return NGX_DONE;
}


/* sends the header, and from then on hears what the organization's ring has */

static ngx_int_t
ngx_voiceagent_events_join(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client, ngx_str_t *org)
{
    ngx_int_t            rc;
    ngx_pool_cleanup_t  *pcln;
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(r, 0);
    pcln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln == NULL || pcln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_voiceagent_events_header(r);
    if (rc != NGX_OK) {
        return rc;
    }

    client->reader.wake = ngx_voiceagent_events_wake;

    if (ngx_voiceagent_ring_join(&client->reader, org) != NGX_OK) {
        return NGX_ERROR;
    }

    cln->handler = ngx_voiceagent_events_leave;
    cln->data = client;

    /* queued frames of HTTP/2 may still show these texts after the leave */

    pcln->handler = ngx_voiceagent_client_release;
    pcln->data = client;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_STREAMS, 1);

    return NGX_OK;
}


static void
ngx_voiceagent_events_open(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    /* not cancelable: it keeps an exiting worker until the stream has ended */

    client->ping.handler = ngx_voiceagent_events_ping;
    client->ping.data = r->connection;
    client->ping.log = r->connection->log;

    ngx_add_timer(&client->ping, vlcf->events->ping);

    client->life.opened = ngx_current_msec;

    r->keepalive = 0;
    r->main->count++;

    ngx_voiceagent_get_ctx(r)->client = client;
}


static ngx_int_t
ngx_voiceagent_events_values(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client, ngx_str_t *org)
{
    ngx_table_elt_t               *h;
    ngx_voiceagent_loc_conf_t     *vlcf;
    ngx_voiceagent_events_conf_t  *ecf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);
    ecf = vlcf->events;

    if (ngx_http_complex_value(r, ecf->org, org) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* never a stream of nobody's organization */

    if (org->len == 0 || org->len > 128
        || !va_utf8_valid(ngx_voiceagent_va(org)))
    {
        return NGX_HTTP_FORBIDDEN;
    }

    if (ecf->customer) {
        if (ngx_http_complex_value(r, ecf->customer, &client->customer)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (!ngx_voiceagent_events_names(&client->customer)) {
            return NGX_HTTP_NOT_FOUND;
        }
    }

    if (ecf->call) {
        if (ngx_http_complex_value(r, ecf->call, &client->call) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (!ngx_voiceagent_events_names(&client->call)) {
            return NGX_HTTP_NOT_FOUND;
        }
    }

    h = ngx_voiceagent_header(r, "last-event-id");

    if (h) {
        client->last_id = h->value;

    } else {
        (void) ngx_http_arg(r, (u_char *) "last_event_id",
                            sizeof("last_event_id") - 1, &client->last_id);
    }

    return NGX_OK;
}


/* what is no text names nobody, and "connected" could not repeat it */

static ngx_uint_t
ngx_voiceagent_events_names(ngx_str_t *id)
{
    return id->len && va_utf8_valid(ngx_voiceagent_va(id));
}


static ngx_int_t
ngx_voiceagent_events_header(ngx_http_request_t *r)
{
    ngx_int_t         rc;
    static ngx_str_t  cache_control = ngx_string("Cache-Control");
    static ngx_str_t  no_store = ngx_string("no-store");
    static ngx_str_t  accel = ngx_string("X-Accel-Buffering");
    static ngx_str_t  no = ngx_string("no");

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = -1;

    ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    ngx_http_clear_accept_ranges(r);

    if (ngx_voiceagent_add_header(r, &cache_control, &no_store) != NGX_OK
        || ngx_voiceagent_add_header(r, &accel, &no) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    return ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR ? NGX_ERROR
                                                                : NGX_OK;
}


/* the ring is live, and may hold something new */

static void
ngx_voiceagent_events_wake(ngx_voiceagent_reader_t *reader)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_voiceagent_client_t  *client;

    client = (ngx_voiceagent_client_t *) reader;

    if (ngx_voiceagent_events_are_over(client)) {
        ngx_voiceagent_events_leave(client);
        return;
    }

    c = client->request->connection;
    rc = NGX_OK;

    if (!client->started) {
        client->started = 1;
        rc = ngx_voiceagent_greeting(client);
    }

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_client_pump(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_voiceagent_events_ping(ngx_event_t *ev)
{
    ngx_int_t                   rc;
    ngx_connection_t           *c;
    ngx_voiceagent_client_t    *client;
    ngx_voiceagent_loc_conf_t  *vlcf;

    client = (ngx_voiceagent_client_t *)
                 ((u_char *) ev - offsetof(ngx_voiceagent_client_t, ping));

    if (ngx_voiceagent_events_are_over(client)) {
        ngx_voiceagent_events_leave(client);
        return;
    }

    c = client->request->connection;
    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    ngx_add_timer(ev, vlcf->events->ping);

    rc = client->blocked ? NGX_OK : ngx_voiceagent_events_alive(client);

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_events_drain(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc == NGX_DONE ? NGX_OK : rc);
    }

    ngx_http_run_posted_requests(c);
}


/* the client has gone, and nginx has sent the request on, to post_action */

static ngx_uint_t
ngx_voiceagent_events_are_over(ngx_voiceagent_client_t *client)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(client->request, ngx_voiceagent_module);

    return ctx == NULL || ctx->client != client;
}


/*
 * A comment.  To a client of a filter it also says how far the organization has
 * come without an event for it, so that it need not begin anew when it comes
 * back after a quiet hour.
 */

static ngx_int_t
ngx_voiceagent_events_alive(ngx_voiceagent_client_t *client)
{
    u_char     *p, out[sizeof(": ping\nid: -\n\n") + 2 * NGX_INT64_LEN];
    uint64_t    ms, seq;
    ngx_str_t   text;

    p = ngx_cpymem(out, ": ping\n", sizeof(": ping\n") - 1);

    ngx_voiceagent_ring_last_id(client->reader.ring, &ms, &seq);

    if ((client->customer.len || client->call.len)
        && client->started && !client->held
        && client->reader.position == client->reader.ring->head && ms)
    {
        p = ngx_sprintf(p, "id: %uL-%uL\n", ms, seq);
    }

    *p++ = '\n';

    text.data = out;
    text.len = p - out;

    return ngx_voiceagent_client_text(client, &text);
}


/*
 * In a worker that is leaving, and when its life is over, for a token is looked
 * at when its stream is opened: the client comes back, to a new worker and with
 * whatever token it has by then, and goes on behind the last event it has seen.
 * NGX_DONE: now.
 */

static ngx_int_t
ngx_voiceagent_events_drain(ngx_voiceagent_client_t *client)
{
    ngx_msec_t                  left;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    left = ngx_voiceagent_life_left(&client->life, vlcf->events->life,
                                    vlcf->events->drain);

    if (left == 0) {
        return ngx_http_send_special(client->request, NGX_HTTP_LAST)
               == NGX_ERROR ? NGX_ERROR : NGX_DONE;
    }

    if (left < vlcf->events->ping) {
        ngx_add_timer(&client->ping, left);
    }

    return NGX_OK;
}


void
ngx_voiceagent_events_close(ngx_voiceagent_client_t *client, ngx_int_t rc)
{
    ngx_voiceagent_events_leave(client);

    ngx_http_finalize_request(client->request, rc);
}


static void
ngx_voiceagent_events_leave(void *data)
{
    ngx_voiceagent_client_t  *client = data;

    if (client->reader.ring) {
        ngx_voiceagent_ring_leave(&client->reader);
        ngx_voiceagent_gauge(NGX_VOICEAGENT_STREAMS, -1);
    }

    /* the request itself may last until the client has taken what is left */

    if (client->snapshot) {
        ngx_voiceagent_wait_cancel(client->snapshot);
    }

    if (client->ping.timer_set) {
        ngx_del_timer(&client->ping);
    }
}

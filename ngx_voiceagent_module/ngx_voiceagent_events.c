
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_events: Server-Sent Events (WHATWG HTML, section 9.2).  First
 * "connected", which carries the id of the latest event, so that even a client
 * that has seen nothing else loses nothing when it reconnects; then what the
 * snapshot job tells, or the replay; then live.
 */


#include "ngx_voiceagent_job.h"
#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_EVENTS_BATCH    16       /* under way to a client */
#define NGX_VOICEAGENT_EVENTS_BYTES    16384    /* and no more once so many */
#define NGX_VOICEAGENT_EVENTS_RETRY    2000
#define NGX_VOICEAGENT_SNAPSHOT_WAIT   3000


/* a buffer that shows an event's text, and keeps it until it is sent */

typedef struct {
    ngx_buf_t                      buf;
    ngx_voiceagent_event_t        *event;        /* NULL: sent */
} ngx_voiceagent_out_t;


typedef struct {
    ngx_voiceagent_reader_t        reader;
    ngx_http_request_t            *request;
    ngx_str_t                      customer;     /* empty: all */
    ngx_str_t                      call;
    ngx_str_t                      last_id;
    ngx_chain_t                   *free;
    ngx_chain_t                   *busy;
    ngx_event_t                    ping;
    ngx_msec_t                     opened;
    ngx_msec_t                     end;          /* when draining */
    unsigned                       started:1;
    unsigned                       held:1;       /* for the snapshot */
    unsigned                       blocked:1;
    unsigned                       draining:1;
} ngx_voiceagent_client_t;


static ngx_int_t ngx_voiceagent_events_handler(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_events_values(ngx_http_request_t *r,
    ngx_voiceagent_client_t *client, ngx_str_t *org);
static ngx_int_t ngx_voiceagent_events_header(ngx_http_request_t *r);
static void ngx_voiceagent_events_wake(ngx_voiceagent_reader_t *reader);
static ngx_int_t ngx_voiceagent_events_start(ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_connected(
    ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_greeting(
    ngx_voiceagent_client_t *client, va_buf_t *out);
static ngx_int_t ngx_voiceagent_events_resync(
    ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_snapshot(
    ngx_voiceagent_client_t *client);
static void ngx_voiceagent_events_snapshot_ended(ngx_voiceagent_waiter_t *w);
static ngx_int_t ngx_voiceagent_events_history(
    ngx_voiceagent_client_t *client, ngx_voiceagent_waiter_t *w);
static ngx_int_t ngx_voiceagent_events_pump(ngx_voiceagent_client_t *client);
static ngx_uint_t ngx_voiceagent_events_match(ngx_voiceagent_client_t *client,
    ngx_voiceagent_event_t *event);
static ngx_chain_t *ngx_voiceagent_events_link(
    ngx_voiceagent_client_t *client, ngx_voiceagent_event_t *event);
static ngx_int_t ngx_voiceagent_events_text(ngx_voiceagent_client_t *client,
    ngx_str_t *text);
static ngx_int_t ngx_voiceagent_events_output(ngx_voiceagent_client_t *client,
    ngx_chain_t *out);
static void ngx_voiceagent_events_sent(ngx_voiceagent_client_t *client,
    ngx_chain_t **out);
static void ngx_voiceagent_events_writer(ngx_http_request_t *r);
static void ngx_voiceagent_events_ping(ngx_event_t *ev);
static ngx_int_t ngx_voiceagent_events_alive(ngx_voiceagent_client_t *client);
static ngx_uint_t ngx_voiceagent_events_outlived(
    ngx_voiceagent_client_t *client);
static ngx_int_t ngx_voiceagent_events_drain(ngx_voiceagent_client_t *client);
static void ngx_voiceagent_events_close(ngx_voiceagent_client_t *client,
    ngx_int_t rc);
static void ngx_voiceagent_events_leave(void *data);
static void ngx_voiceagent_events_release(void *data);


/*
 * voiceagent_events org= [customer=] [call=] [ping=time] [drain=time]
 *     [life=time] [snapshot=job.type]
 */

char *
ngx_voiceagent_events_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                          *rv;
    ngx_int_t                      n;
    ngx_str_t                     *value, s;
    ngx_msec_t                    *time;
    ngx_uint_t                     i;
    ngx_http_complex_value_t     **cv;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_voiceagent_events_conf_t  *ecf;

    if (vlcf->handler) {
        return "is duplicate, or its location does something else already";
    }

    ecf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_events_conf_t));
    if (ecf == NULL) {
        return NGX_CONF_ERROR;
    }

    ecf->ping = 15000;
    ecf->drain = 30000;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        s = value[i];
        cv = NULL;

        if (ngx_strncmp(s.data, "org=", 4) == 0) {
            cv = &ecf->org;
            n = 4;

        } else if (ngx_strncmp(s.data, "customer=", 9) == 0) {
            cv = &ecf->customer;
            n = 9;

        } else if (ngx_strncmp(s.data, "call=", 5) == 0) {
            cv = &ecf->call;
            n = 5;
        }

        if (cv) {
            s.data += n;
            s.len -= n;

            rv = ngx_voiceagent_complex_value(cf, &s, cv);
            if (rv != NGX_CONF_OK) {
                return rv;
            }

            continue;
        }

        time = NULL;

        if (ngx_strncmp(s.data, "ping=", 5) == 0) {
            time = &ecf->ping;
            n = 5;

        } else if (ngx_strncmp(s.data, "drain=", 6) == 0) {
            time = &ecf->drain;
            n = 6;

        } else if (ngx_strncmp(s.data, "life=", 5) == 0) {
            time = &ecf->life;
            n = 5;
        }

        if (time) {
            s.data += n;
            s.len -= n;

            n = ngx_parse_time(&s, 0);
            if (n == NGX_ERROR || n < 100) {
                goto invalid;
            }

            *time = (ngx_msec_t) n;
            continue;
        }

        if (ngx_strncmp(s.data, "snapshot=", 9) == 0 && s.len > 9) {
            ecf->snapshot = ngx_pcalloc(cf->pool,
                                        sizeof(ngx_voiceagent_job_conf_t));
            if (ecf->snapshot == NULL) {
                return NGX_CONF_ERROR;
            }

            ecf->snapshot->type.data = s.data + 9;
            ecf->snapshot->type.len = s.len - 9;
            ecf->snapshot->timeout = NGX_VOICEAGENT_SNAPSHOT_WAIT;
            ecf->snapshot->dedup_ttl = NGX_VOICEAGENT_DEDUP_TTL;
            ngx_str_set(&ecf->snapshot->queue, "realtime");
            continue;
        }

        goto invalid;
    }

    if (ecf->org == NULL) {
        return "needs org=";
    }

    if (ecf->snapshot) {
        ecf->snapshot->lane = ecf->org;
    }

    vlcf->events = ecf;
    vlcf->handler = ngx_voiceagent_events_handler;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_voiceagent_events_handler;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", &value[i]);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_voiceagent_events_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      org;
    ngx_pool_cleanup_t            *pcln;
    ngx_http_cleanup_t            *cln;
    ngx_voiceagent_client_t       *client;
    ngx_voiceagent_loc_conf_t     *vlcf;

    if (!ngx_voiceagent_passed(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_GET) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

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

    if (ngx_voiceagent_ring_join(&client->reader, &org) != NGX_OK) {
        return NGX_ERROR;
    }

    cln->handler = ngx_voiceagent_events_leave;
    cln->data = client;

    /* queued frames of HTTP/2 may still show these texts after the leave */

    pcln->handler = ngx_voiceagent_events_release;
    pcln->data = client;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_STREAMS, 1);

    /* not cancelable: it keeps an exiting worker until the stream has ended */

    client->ping.handler = ngx_voiceagent_events_ping;
    client->ping.data = r->connection;
    client->ping.log = r->connection->log;

    ngx_add_timer(&client->ping, vlcf->events->ping);

    client->opened = ngx_current_msec;

    r->keepalive = 0;
    r->main->count++;

    ngx_voiceagent_get_ctx(r)->client = client;
    ngx_voiceagent_wait_events(r);

    /* of the header something may be left to write */

    rc = ngx_voiceagent_events_output(client, NULL);

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);

    } else if (client->reader.ring->live) {
        ngx_voiceagent_events_wake(&client->reader);
    }

    return NGX_DONE;
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

    if (org->len == 0 || org->len > 128) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (ecf->customer) {
        if (ngx_http_complex_value(r, ecf->customer, &client->customer)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (client->customer.len == 0) {
            return NGX_HTTP_NOT_FOUND;
        }
    }

    if (ecf->call) {
        if (ngx_http_complex_value(r, ecf->call, &client->call) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (client->call.len == 0) {
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
    c = client->request->connection;
    rc = NGX_OK;

    if (!client->started) {
        client->started = 1;
        rc = ngx_voiceagent_events_start(client);
    }

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_events_pump(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
        ngx_http_run_posted_requests(c);
    }
}


static ngx_int_t
ngx_voiceagent_events_start(ngx_voiceagent_client_t *client)
{
    ngx_int_t                   rc;
    ngx_voiceagent_ring_t      *ring;
    ngx_voiceagent_loc_conf_t  *vlcf;

    ring = client->reader.ring;
    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    client->reader.position = ring->head;

    if (client->last_id.len
        && ngx_voiceagent_ring_find(ring, &client->last_id,
                                    &client->reader.position)
           == NGX_OK)
    {
        return ngx_voiceagent_events_connected(client);
    }

    rc = ngx_voiceagent_events_connected(client);

    if (rc == NGX_OK && client->last_id.len) {
        rc = ngx_voiceagent_events_resync(client);
    }

    if (rc == NGX_OK && vlcf->events->snapshot) {
        rc = ngx_voiceagent_events_snapshot(client);
    }

    return rc;
}


/*
 * Its id is that of the event before the first that will follow: a replay's own
 * starting point, or the latest.
 */

static ngx_int_t
ngx_voiceagent_events_connected(ngx_voiceagent_client_t *client)
{
    va_buf_t     out;
    ngx_int_t    rc;
    ngx_str_t    text;
    va_alloc_t   mem;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE / 8,
                           client->request->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    ngx_voiceagent_mem(&mem, pool);
    va_buf_init(&out, &mem, NGX_DEFAULT_POOL_SIZE / 32);

    rc = ngx_voiceagent_events_greeting(client, &out);

    if (rc == NGX_OK) {
        ngx_voiceagent_ngx(&text, va_buf_str(&out));
        rc = text.len ? ngx_voiceagent_events_text(client, &text) : NGX_ERROR;
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_voiceagent_events_greeting(ngx_voiceagent_client_t *client, va_buf_t *out)
{
    u_char            *p, now[sizeof("1970-09-28T12:00:00+06:00")];
    uint64_t           ms, seq;
    va_json_writer_t  *w;

    va_buf_add_c(out, "retry: ");
    va_buf_add_int(out, NGX_VOICEAGENT_EVENTS_RETRY
                         + ngx_random() % NGX_VOICEAGENT_EVENTS_RETRY);

    if (client->reader.position == client->reader.ring->head) {
        ngx_voiceagent_ring_last_id(client->reader.ring, &ms, &seq);

        va_buf_add_c(out, "\nid: ");
        va_buf_add_int(out, (int64_t) ms);
        va_buf_add_char(out, '-');
        va_buf_add_int(out, (int64_t) seq);
    }

    va_buf_add_c(out, "\nevent: connected\ndata: ");

    w = va_json_writer_new(out);
    if (w == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(now, ngx_cached_http_log_iso8601.data,
                   ngx_min(ngx_cached_http_log_iso8601.len, sizeof(now)));

    va_json_object(w);
    va_json_add_c(w, "type", "connected");
    va_json_add_str(w, "organizationId",
                    ngx_voiceagent_va(&client->reader.ring->node.str));

    if (client->customer.len) {
        va_json_add_str(w, "leadId", ngx_voiceagent_va(&client->customer));
    }

    if (client->call.len) {
        va_json_add_str(w, "callId", ngx_voiceagent_va(&client->call));
    }

    va_json_add_str(w, "timestamp", va_str((char *) now, p - now));
    va_json_object_end(w);

    if (va_json_writer_end(w) != VA_OK) {
        return NGX_ERROR;
    }

    va_buf_add_c(out, "\n\n");

    return NGX_OK;
}


/* the replay cannot be complete: the client reads anew what it shows */

static ngx_int_t
ngx_voiceagent_events_resync(ngx_voiceagent_client_t *client)
{
    u_char      out[sizeof("id: -\nevent: resync\ndata: {\"type\":\"resync\"}"
                           "\n\n") + 2 * NGX_INT64_LEN];
    uint64_t    ms, seq;
    ngx_str_t   text;

    ngx_voiceagent_count(NGX_VOICEAGENT_EVENTS_RESYNCS, 1);

    client->reader.position = client->reader.ring->head;

    ngx_voiceagent_ring_last_id(client->reader.ring, &ms, &seq);

    text.data = out;
    text.len = ngx_snprintf(out, sizeof(out), "id: %uL-%uL\nevent: resync\n"
                            "data: {\"type\":\"resync\"}\n\n", ms, seq)
               - out;

    return ngx_voiceagent_events_text(client, &text);
}


/* live events wait behind it, from the position at which it was asked for */

static ngx_int_t
ngx_voiceagent_events_snapshot(ngx_voiceagent_client_t *client)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    client->held = 1;

    return ngx_voiceagent_wait(client->request, vlcf->events->snapshot, 0,
                               ngx_voiceagent_events_snapshot_ended, client,
                               NULL)
           == NGX_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_voiceagent_events_snapshot_ended(ngx_voiceagent_waiter_t *w)
{
    ngx_int_t                 rc;
    ngx_voiceagent_client_t  *client;

    client = w->data;

    client->held = 0;

    rc = w->outcome == NGX_VOICEAGENT_WAIT_REPLY
         ? ngx_voiceagent_events_history(client, w) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        /* the client can still ask for the history itself */
        rc = ngx_voiceagent_events_resync(client);
    }

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_events_pump(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
    }
}


/*
 * A history can be long and its stream can last for hours: nothing of it stays
 * in the request's pool.  NGX_DECLINED: the worker told none.
 */

static ngx_int_t
ngx_voiceagent_events_history(ngx_voiceagent_client_t *client,
    ngx_voiceagent_waiter_t *w)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    va_alloc_t   mem;
    va_reply_t   reply;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, w->request->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    ngx_voiceagent_mem(&mem, pool);

    rc = NGX_DECLINED;

    if (va_reply_parse(&mem, ngx_voiceagent_va(&w->text), &reply) == VA_OK
        && reply.status == NGX_HTTP_OK)
    {
        ngx_voiceagent_ngx(&text, reply.body);
        rc = text.len ? ngx_voiceagent_events_text(client, &text) : NGX_OK;
    }

    ngx_destroy_pool(pool);

    (void) ngx_pfree(w->request->pool, w->text.data);
    ngx_str_null(&w->text);

    return rc;
}


/* writes what is new; NGX_OK also when the client cannot take it now */

static ngx_int_t
ngx_voiceagent_events_pump(ngx_voiceagent_client_t *client)
{
    size_t                     size;
    ngx_uint_t                 n;
    ngx_chain_t               *out, **last, *cl;
    ngx_voiceagent_ring_t     *ring;
    ngx_voiceagent_event_t    *event;
    ngx_voiceagent_reader_t   *reader;

    reader = &client->reader;
    ring = reader->ring;

    while (!client->blocked && !client->held && ring->live) {

        if (reader->position < ring->tail) {
            if (ngx_voiceagent_events_resync(client) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        out = NULL;
        last = &out;
        size = 0;
        n = 0;

        while (n < NGX_VOICEAGENT_EVENTS_BATCH
               && size < NGX_VOICEAGENT_EVENTS_BYTES)
        {

            event = ngx_voiceagent_ring_get(ring, reader->position);
            if (event == NULL) {
                break;
            }

            reader->position++;

            if (!ngx_voiceagent_events_match(client, event)) {
                continue;
            }

            cl = ngx_voiceagent_events_link(client, event);
            if (cl == NULL) {
                return NGX_ERROR;
            }

            *last = cl;
            last = &cl->next;
            size += event->text.len;
            n++;
        }

        if (out == NULL) {
            return NGX_OK;
        }

        ngx_voiceagent_count(NGX_VOICEAGENT_EVENTS_SENT, n);

        if (ngx_voiceagent_events_output(client, out) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_voiceagent_events_match(ngx_voiceagent_client_t *client,
    ngx_voiceagent_event_t *event)
{
    return (client->customer.len == 0
            || va_str_eq(ngx_voiceagent_va(&client->customer),
                         ngx_voiceagent_va(&event->customer)))
           && (client->call.len == 0
               || va_str_eq(ngx_voiceagent_va(&client->call),
                            ngx_voiceagent_va(&event->call)));
}


/* takes a reference of the event, given back when the text is sent */

static ngx_chain_t *
ngx_voiceagent_events_link(ngx_voiceagent_client_t *client,
    ngx_voiceagent_event_t *event)
{
    ngx_buf_t             *b;
    ngx_chain_t           *cl;
    ngx_voiceagent_out_t  *out;

    cl = client->free;

    if (cl) {
        client->free = cl->next;

    } else {
        cl = ngx_alloc_chain_link(client->request->pool);
        out = ngx_palloc(client->request->pool, sizeof(ngx_voiceagent_out_t));

        if (cl == NULL || out == NULL) {
            return NULL;
        }

        cl->buf = &out->buf;
    }

    out = (ngx_voiceagent_out_t *) cl->buf;
    ngx_memzero(out, sizeof(ngx_voiceagent_out_t));

    b = &out->buf;
    b->start = event->text.data;
    b->pos = event->text.data;
    b->last = event->text.data + event->text.len;
    b->end = b->last;
    b->memory = 1;
    b->flush = 1;
    b->last_in_chain = 1;
    b->tag = (ngx_buf_tag_t) &ngx_voiceagent_module;

    event->refs++;
    out->event = event;

    cl->next = NULL;

    return cl;
}


static ngx_int_t
ngx_voiceagent_events_text(ngx_voiceagent_client_t *client, ngx_str_t *text)
{
    ngx_chain_t             *cl;
    ngx_voiceagent_event_t  *event;

    event = ngx_voiceagent_event_text(text);
    if (event == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_voiceagent_events_link(client, event);

    ngx_voiceagent_event_release(event);

    return cl ? ngx_voiceagent_events_output(client, cl) : NGX_ERROR;
}


static ngx_int_t
ngx_voiceagent_events_output(ngx_voiceagent_client_t *client, ngx_chain_t *out)
{
    ngx_int_t                  rc;
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = client->request;
    c = r->connection;
    wev = c->write;

    rc = ngx_http_output_filter(r, out);

    /* of a connection that broke too: what it did not take is released later */

    ngx_voiceagent_events_sent(client, &out);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (!r->buffered && !c->buffered) {
        client->blocked = 0;

        if (wev->timer_set) {
            ngx_del_timer(wev);
        }

        return NGX_OK;
    }

    client->blocked = 1;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->write_event_handler = ngx_voiceagent_events_writer;

    if (!wev->timer_set) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK ? NGX_OK
                                                                   : NGX_ERROR;
}


static void
ngx_voiceagent_events_sent(ngx_voiceagent_client_t *client, ngx_chain_t **out)
{
    ngx_chain_t           *cl;
    ngx_voiceagent_out_t  *sent;

    ngx_chain_update_chains(client->request->pool, &client->free,
                            &client->busy, out,
                            (ngx_buf_tag_t) &ngx_voiceagent_module);

    /* what has been sent now stands before what was free already */

    for (cl = client->free; cl; cl = cl->next) {
        sent = (ngx_voiceagent_out_t *) cl->buf;

        if (sent->event == NULL) {
            break;
        }

        ngx_voiceagent_event_release(sent->event);
        sent->event = NULL;
    }
}


static void
ngx_voiceagent_events_writer(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_voiceagent_ctx_t     *ctx;
    ngx_voiceagent_client_t  *client;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    client = ctx->client;

    if (c->write->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client timed out");
        c->timedout = 1;
        ngx_voiceagent_events_close(client, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    rc = ngx_voiceagent_events_output(client, NULL);

    if (rc == NGX_OK && !client->blocked) {
        r->write_event_handler = ngx_http_request_empty_handler;
        rc = client->started ? ngx_voiceagent_events_pump(client) : NGX_OK;
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
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

    c = client->request->connection;
    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    ngx_add_timer(ev, vlcf->events->ping);

    rc = client->blocked ? NGX_OK : ngx_voiceagent_events_alive(client);

    if (rc == NGX_OK
        && (ngx_exiting || ngx_voiceagent_events_outlived(client)))
    {
        rc = ngx_voiceagent_events_drain(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc == NGX_DONE ? NGX_OK : rc);
    }

    ngx_http_run_posted_requests(c);
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

    return ngx_voiceagent_events_text(client, &text);
}


/*
 * A token is looked at when its stream is opened: who shall not see more has to
 * come back to be told so.
 */

static ngx_uint_t
ngx_voiceagent_events_outlived(ngx_voiceagent_client_t *client)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    return vlcf->events->life
           && ngx_current_msec - client->opened >= vlcf->events->life;
}


/*
 * In a worker that is leaving, each stream ends at its own moment: the client
 * comes back to a new worker and goes on behind the last event it has seen.
 */

static ngx_int_t
ngx_voiceagent_events_drain(ngx_voiceagent_client_t *client)
{
    ngx_msec_t                  left;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    if (!client->draining) {
        client->draining = 1;
        client->end = ngx_current_msec + ngx_random() % vlcf->events->drain;
    }

    left = client->end - ngx_current_msec;

    if ((ngx_msec_int_t) left <= 0) {
        return ngx_http_send_special(client->request, NGX_HTTP_LAST)
               == NGX_ERROR ? NGX_ERROR : NGX_DONE;
    }

    if (left < vlcf->events->ping) {
        ngx_add_timer(&client->ping, left);
    }

    return NGX_OK;
}


static void
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

    if (client->ping.timer_set) {
        ngx_del_timer(&client->ping);
    }
}


static void
ngx_voiceagent_events_release(void *data)
{
    ngx_voiceagent_client_t  *client = data;

    ngx_chain_t           *cl;
    ngx_voiceagent_out_t  *out;

    for (cl = client->busy; cl; cl = cl->next) {
        out = (ngx_voiceagent_out_t *) cl->buf;

        ngx_voiceagent_event_release(out->event);
        out->event = NULL;
    }
}

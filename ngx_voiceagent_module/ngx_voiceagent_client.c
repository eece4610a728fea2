
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What goes to one client of an event stream: events from the ring of its
 * organization as far as it takes them, each held by reference until it is
 * sent, so that a thousand clients share one text.
 */


#include "ngx_voiceagent_events.h"


#define NGX_VOICEAGENT_CLIENT_BATCH    16       /* under way to a client */
#define NGX_VOICEAGENT_CLIENT_BYTES    16384    /* and no more once so many */


/* a buffer that shows an event's text, and keeps it until it is sent */

typedef struct {
    ngx_buf_t                      buf;
    ngx_voiceagent_event_t        *event;        /* NULL: sent */
} ngx_voiceagent_out_t;


static ngx_uint_t ngx_voiceagent_client_match(ngx_voiceagent_client_t *client,
    ngx_voiceagent_event_t *event);
static ngx_chain_t *ngx_voiceagent_client_link(
    ngx_voiceagent_client_t *client, ngx_voiceagent_event_t *event);
static void ngx_voiceagent_client_sent(ngx_voiceagent_client_t *client,
    ngx_chain_t **out);
static void ngx_voiceagent_client_writer(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_client_data(ngx_voiceagent_client_t *client,
    const char *type, va_buf_t *out);


ngx_int_t
ngx_voiceagent_client_pump(ngx_voiceagent_client_t *client)
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
            if (ngx_voiceagent_client_resync(client) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        out = NULL;
        last = &out;
        size = 0;
        n = 0;

        while (n < NGX_VOICEAGENT_CLIENT_BATCH
               && size < NGX_VOICEAGENT_CLIENT_BYTES)
        {

            event = ngx_voiceagent_ring_get(ring, reader->position);
            if (event == NULL) {
                break;
            }

            reader->position++;

            if (!ngx_voiceagent_client_match(client, event)) {
                continue;
            }

            cl = ngx_voiceagent_client_link(client, event);
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

        if (ngx_voiceagent_client_output(client, out) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_voiceagent_client_match(ngx_voiceagent_client_t *client,
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
ngx_voiceagent_client_link(ngx_voiceagent_client_t *client,
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


ngx_int_t
ngx_voiceagent_client_text(ngx_voiceagent_client_t *client, ngx_str_t *text)
{
    ngx_chain_t             *cl;
    ngx_voiceagent_event_t  *event;

    event = ngx_voiceagent_event_text(text);
    if (event == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_voiceagent_client_link(client, event);

    ngx_voiceagent_event_release(event);

    return cl ? ngx_voiceagent_client_output(client, cl) : NGX_ERROR;
}


ngx_int_t
ngx_voiceagent_client_output(ngx_voiceagent_client_t *client, ngx_chain_t *out)
{
    ngx_int_t  rc;

    rc = ngx_voiceagent_stream_output(client->request, out,
                                      ngx_http_output_filter,
                                      ngx_voiceagent_client_writer);

    /* of a connection that broke too: what it did not take is released later */

    ngx_voiceagent_client_sent(client, &out);

    client->blocked = rc == NGX_AGAIN;

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static void
ngx_voiceagent_client_sent(ngx_voiceagent_client_t *client, ngx_chain_t **out)
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
ngx_voiceagent_client_writer(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_voiceagent_ctx_t     *ctx;
    ngx_voiceagent_client_t  *client;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    client = ctx->client;

    rc = ngx_voiceagent_stream_writable(r);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_client_output(client, NULL);
    }

    if (rc == NGX_OK && client->started) {
        rc = ngx_voiceagent_client_pump(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, r->connection->timedout
                                            ? NGX_HTTP_REQUEST_TIME_OUT : rc);
    }
}


void
ngx_voiceagent_client_release(void *data)
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


ngx_int_t
ngx_voiceagent_client_resync(ngx_voiceagent_client_t *client)
{
    u_char      head[sizeof("id: -\n") + 2 * NGX_INT64_LEN];
    uint64_t    ms, seq;
    ngx_str_t   text;

    ngx_voiceagent_count(NGX_VOICEAGENT_EVENTS_RESYNCS, 1);

    client->reader.position = client->reader.ring->head;

    ngx_voiceagent_ring_last_id(client->reader.ring, &ms, &seq);

    text.data = head;
    text.len = ngx_sprintf(head, "id: %uL-%uL\n", ms, seq) - head;

    return ngx_voiceagent_client_own(client, &text, "resync");
}


ngx_int_t
ngx_voiceagent_client_own(ngx_voiceagent_client_t *client, ngx_str_t *head,
    const char *type)
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

    va_buf_add_str(&out, ngx_voiceagent_va(head));
    va_buf_add_c(&out, "event: ");
    va_buf_add_c(&out, type);
    va_buf_add_c(&out, "\ndata: ");

    rc = ngx_voiceagent_client_data(client, type, &out);

    va_buf_add_c(&out, "\n\n");

    ngx_voiceagent_ngx(&text, va_buf_str(&out));

    if (rc == NGX_OK) {
        rc = text.len ? ngx_voiceagent_client_text(client, &text) : NGX_ERROR;
    }

    ngx_destroy_pool(pool);

    return rc;
}


/* what every event says, and the call that the stream is of */

static ngx_int_t
ngx_voiceagent_client_data(ngx_voiceagent_client_t *client, const char *type,
    va_buf_t *out)
{
    u_char            *p, now[sizeof("1970-09-28T12:00:00.000Z")];
    ngx_tm_t           tm;
    ngx_time_t        *tp;
    va_json_writer_t  *w;

    w = va_json_writer_new(out);
    if (w == NULL) {
        return NGX_ERROR;
    }

    tp = ngx_timeofday();
    ngx_gmtime(tp->sec, &tm);

    p = ngx_snprintf(now, sizeof(now), "%4d-%02d-%02dT%02d:%02d:%02d.%03MZ",
                     tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                     tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                     tp->msec);

    va_json_object(w);
    va_json_add_c(w, "type", type);
    va_json_add_str(w, "organizationId",
                    ngx_voiceagent_va(&client->reader.ring->node.str));
    va_json_add_str(w, "leadId",
                    client->customer.len ? ngx_voiceagent_va(&client->customer)
                                         : VA_STR_NULL);

    if (client->call.len) {
        va_json_add_str(w, "callId", ngx_voiceagent_va(&client->call));
    }

    va_json_add_str(w, "timestamp", va_str((char *) now, p - now));
    va_json_object_end(w);

    return va_json_writer_end(w) == VA_OK ? NGX_OK : NGX_ERROR;
}

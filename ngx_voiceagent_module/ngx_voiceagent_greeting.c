
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What an event stream begins with: "connected", then the replay, or what the
 * snapshot job tells.
 */


#include "ngx_voiceagent_events.h"


#define NGX_VOICEAGENT_GREETING_RETRY  2000


static ngx_int_t ngx_voiceagent_greeting_connected(
    ngx_voiceagent_client_t *client, ngx_uint_t more);
static ngx_int_t ngx_voiceagent_greeting_snapshot(
    ngx_voiceagent_client_t *client);
static void ngx_voiceagent_greeting_snapshot_ended(ngx_voiceagent_waiter_t *w);
static ngx_int_t ngx_voiceagent_greeting_history(
    ngx_voiceagent_client_t *client, ngx_voiceagent_waiter_t *w);
static ngx_int_t ngx_voiceagent_greeting_asked_id(
    ngx_voiceagent_client_t *client);


ngx_int_t
ngx_voiceagent_greeting(ngx_voiceagent_client_t *client)
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
        return ngx_voiceagent_greeting_connected(client, 0);
    }

    rc = ngx_voiceagent_greeting_connected(client, client->last_id.len
                                           || vlcf->events->snapshot);

    if (rc == NGX_OK && client->last_id.len) {
        rc = ngx_voiceagent_client_resync(client);
    }

    if (rc == NGX_OK && vlcf->events->snapshot) {
        rc = ngx_voiceagent_greeting_snapshot(client);
    }

    return rc;
}


/*
 * Its id is the latest event's, unless something comes before the next: a
 * replay, whose events have their own, or more that a client which reconnects
 * before it came has to be told then, a resync or a snapshot.
 */

static ngx_int_t
ngx_voiceagent_greeting_connected(ngx_voiceagent_client_t *client,
    ngx_uint_t more)
{
    u_char     *p, head[sizeof("retry: \nid: -\n") + 3 * NGX_INT64_LEN];
    uint64_t    ms, seq;
    ngx_str_t   text;
    ngx_uint_t  retry;

    retry = NGX_VOICEAGENT_GREETING_RETRY
            + ngx_random() % NGX_VOICEAGENT_GREETING_RETRY;

    p = ngx_sprintf(head, "retry: %ui\n", retry);

    if (!more && client->reader.position == client->reader.ring->head) {
        ngx_voiceagent_ring_last_id(client->reader.ring, &ms, &seq);
        p = ngx_sprintf(p, "id: %uL-%uL\n", ms, seq);
    }

    text.data = head;
    text.len = p - head;

    return ngx_voiceagent_client_own(client, &text, "connected");
}


/* live events wait behind it, from the position at which it was asked for */

static ngx_int_t
ngx_voiceagent_greeting_snapshot(ngx_voiceagent_client_t *client)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(client->request,
                                        ngx_voiceagent_module);

    client->held = 1;

    ngx_voiceagent_ring_last_id(client->reader.ring, &client->asked_ms,
                                &client->asked_seq);

    return ngx_voiceagent_wait(client->request, vlcf->events->snapshot, 0,
                               ngx_voiceagent_greeting_snapshot_ended, client,
                               &client->snapshot)
           == NGX_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_voiceagent_greeting_snapshot_ended(ngx_voiceagent_waiter_t *w)
{
    ngx_int_t                 rc;
    ngx_voiceagent_client_t  *client;

    client = w->data;

    client->held = 0;

    rc = w->outcome == NGX_VOICEAGENT_WAIT_REPLY
         ? ngx_voiceagent_greeting_history(client, w) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        /* the client can still ask for the history itself */
        rc = ngx_voiceagent_client_resync(client);
    }

    if (rc == NGX_OK) {
        rc = ngx_voiceagent_client_pump(client);
    }

    if (rc != NGX_OK) {
        ngx_voiceagent_events_close(client, rc);
    }
}


/* NGX_DECLINED: the worker told none */

static ngx_int_t
ngx_voiceagent_greeting_history(ngx_voiceagent_client_t *client,
    ngx_voiceagent_waiter_t *w)
{
    ngx_int_t   rc;
    ngx_str_t   text;
    va_alloc_t  mem;
    va_reply_t  reply;

    ngx_voiceagent_mem(&mem, w->pool);

    rc = NGX_DECLINED;

    if (va_reply_parse(&mem, ngx_voiceagent_va(&w->text), &reply) == VA_OK
        && reply.status == NGX_HTTP_OK)
    {
        ngx_voiceagent_ngx(&text, reply.body);
        rc = text.len ? ngx_voiceagent_client_text(client, &text) : NGX_OK;
    }

    return rc == NGX_OK ? ngx_voiceagent_greeting_asked_id(client) : rc;
}


/* what happened since the snapshot was asked for follows it */

static ngx_int_t
ngx_voiceagent_greeting_asked_id(ngx_voiceagent_client_t *client)
{
    u_char     *p, out[sizeof(": snapshot\nid: -\n\n") + 2 * NGX_INT64_LEN];
    ngx_str_t   text;

    p = ngx_sprintf(out, ": snapshot\nid: %uL-%uL\n\n", client->asked_ms,
                    client->asked_seq);

    text.data = out;
    text.len = p - out;

    return ngx_voiceagent_client_text(client, &text);
}

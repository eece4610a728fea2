
/*
 * Copyright (C) voiceagent authors
 */


/*
 * How a ring comes to hold what happened, without a gap: first the subscription
 * is confirmed, then the history is read from the stream, then messages are
 * taken as they come.  Each message names the event before it; when that is not
 * the last one held, the stream is read again from there.  When even the stream
 * does not hold it any more, the ring begins anew and its readers learn that
 * they missed something.
 */


#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_HISTORY_LOAD    1000  /* at most, of a new ring */
#define NGX_VOICEAGENT_HISTORY_COUNT   "1000"
#define NGX_VOICEAGENT_HISTORY_RETRY   500
#define NGX_VOICEAGENT_HISTORY_FIELDS  5     /* of a message, before its data */


static ngx_int_t ngx_voiceagent_history_split(va_str_t text,
    ngx_voiceagent_entry_t *m);
static void ngx_voiceagent_history_load(ngx_voiceagent_ring_t *ring);
static void ngx_voiceagent_history_loaded(void *data, redisReply *reply);
static ngx_int_t ngx_voiceagent_history_entries(ngx_voiceagent_ring_t *ring,
    redisReply *reply);
static ngx_int_t ngx_voiceagent_history_entry(redisReply *entry,
    ngx_voiceagent_entry_t *m);


void
ngx_voiceagent_history_ready(void *data)
{
    ngx_voiceagent_ring_t  *ring = data;

    ring->live = 0;
    ring->missed = 1;

    if (ring->load == NULL) {
        ngx_voiceagent_history_load(ring);
    }
}


void
ngx_voiceagent_history_message(void *data, va_str_t text)
{
    ngx_voiceagent_ring_t  *ring = data;

    uint64_t                 ms, seq, prev_ms, prev_seq;
    ngx_voiceagent_event_t  *last;
    ngx_voiceagent_entry_t   m;

    if (!ring->live) {
        ring->missed = 1;
        return;
    }

    if (ngx_voiceagent_history_split(text, &m) != NGX_OK
        || ngx_voiceagent_event_id(m.id, &ms, &seq) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "voiceagent: a message that is no event");
        return;
    }

    last = ngx_voiceagent_ring_last(ring);

    if (last) {

        if (ms < last->ms || (ms == last->ms && seq <= last->seq)) {
            return;
        }

        if (ngx_voiceagent_event_id(m.prev, &prev_ms, &prev_seq) != NGX_OK
            || prev_ms != last->ms || prev_seq != last->seq)
        {
            goto gap;
        }

    } else if (m.prev.len && !va_str_eq(m.prev, VA_STR("0-0"))) {
        goto gap;
    }

    if (ngx_voiceagent_ring_add(ring, &m, ms, seq) != NGX_OK) {
        goto gap;
    }

    ngx_post_event(&ring->wake, &ngx_posted_events);

    return;

gap:

    ngx_voiceagent_count(NGX_VOICEAGENT_EVENTS_GAPS, 1);

    ring->live = 0;

    if (ring->load == NULL) {
        ngx_voiceagent_history_load(ring);
    }
}


static ngx_int_t
ngx_voiceagent_history_split(va_str_t text, ngx_voiceagent_entry_t *m)
{
    u_char      *p, *last, *end;
    va_str_t    *lines[NGX_VOICEAGENT_HISTORY_FIELDS];
    ngx_uint_t   i;

    lines[0] = &m->id;
    lines[1] = &m->prev;
    lines[2] = &m->type;
    lines[3] = &m->customer;
    lines[4] = &m->call;

    p = (u_char *) text.data;
    last = p + text.len;

    for (i = 0; i < NGX_VOICEAGENT_HISTORY_FIELDS; i++) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            return NGX_ERROR;
        }

        *lines[i] = va_str((char *) p, end - p);
        p = end + 1;
    }

    m->data = va_str((char *) p, last - p);

    return NGX_OK;
}


/*
 * Of a new ring the latest entries; of another all from the last one held, that
 * one included, which proves that nothing between was trimmed.
 */

static void
ngx_voiceagent_history_load(ngx_voiceagent_ring_t *ring)
{
    u_char                  *p;
    va_str_t                *args;
    ngx_uint_t               n;
    ngx_voiceagent_event_t  *last;

    last = ngx_voiceagent_ring_last(ring);
    args = ring->load_args;
    n = 0;

    ring->missed = 0;

    if (last) {
        p = ngx_sprintf(ring->load_id, "%uL-%uL", last->ms, last->seq);

        args[n++] = VA_STR("XRANGE");
        args[n++] = ngx_voiceagent_va(&ring->channel.name.str);
        args[n++] = va_str((char *) ring->load_id, p - ring->load_id);
        args[n++] = VA_STR("+");

    } else {
        args[n++] = VA_STR("XREVRANGE");
        args[n++] = ngx_voiceagent_va(&ring->channel.name.str);
        args[n++] = VA_STR("+");
        args[n++] = VA_STR("-");
        args[n++] = VA_STR("COUNT");
        args[n++] = va_str(NGX_VOICEAGENT_HISTORY_COUNT,
                           sizeof(NGX_VOICEAGENT_HISTORY_COUNT) - 1);
    }

    ring->load = ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL,
                                           args, n, 0,
                                           ngx_voiceagent_history_loaded, ring);

    if (ring->load == NULL) {
        ngx_add_timer(&ring->retry, NGX_VOICEAGENT_HISTORY_RETRY);
    }
}


static void
ngx_voiceagent_history_loaded(void *data, redisReply *reply)
{
    ngx_voiceagent_ring_t  *ring = data;

    ring->load = NULL;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || ngx_voiceagent_history_entries(ring, reply) != NGX_OK)
    {
        ngx_add_timer(&ring->retry, NGX_VOICEAGENT_HISTORY_RETRY);
        return;
    }

    if (ring->missed) {
        ngx_voiceagent_history_load(ring);
        return;
    }

    ring->live = 1;

    ngx_post_event(&ring->wake, &ngx_posted_events);
}


void
ngx_voiceagent_history_again(ngx_event_t *ev)
{
    ngx_voiceagent_ring_t  *ring;

    ring = (ngx_voiceagent_ring_t *)
               ((u_char *) ev - offsetof(ngx_voiceagent_ring_t, retry));

    if (!ring->live && ring->load == NULL && ring->channel.ready) {
        ngx_voiceagent_history_load(ring);
    }
}


static ngx_int_t
ngx_voiceagent_history_entries(ngx_voiceagent_ring_t *ring, redisReply *reply)
{
    size_t                   i, n;
    uint64_t                 ms, seq;
    redisReply              *entry;
    ngx_voiceagent_event_t  *last;
    ngx_voiceagent_entry_t   m;

    last = ngx_voiceagent_ring_last(ring);
    n = reply->elements;

    if (last) {
        if (n == 0
            || ngx_voiceagent_history_entry(reply->element[0], &m) != NGX_OK
            || ngx_voiceagent_event_id(m.id, &ms, &seq) != NGX_OK
            || ms != last->ms || seq != last->seq)
        {
            /* trimmed, or another Redis: read what there is */
            ngx_voiceagent_ring_reset(ring);
            ring->missed = 1;
            return NGX_OK;
        }

    } else {
        ring->whole = n < NGX_VOICEAGENT_HISTORY_LOAD;
    }

    for (i = last ? 1 : 0; i < n; i++) {

        /* XREVRANGE gives the newest first */
        entry = reply->element[last ? i : n - 1 - i];

        if (ngx_voiceagent_history_entry(entry, &m) != NGX_OK
            || ngx_voiceagent_event_id(m.id, &ms, &seq) != NGX_OK)
        {
            continue;
        }

        if (ngx_voiceagent_ring_add(ring, &m, ms, seq) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_history_entry(redisReply *entry, ngx_voiceagent_entry_t *m)
{
    size_t       i;
    va_str_t     name, value;
    redisReply  *fields;

    ngx_memzero(m, sizeof(ngx_voiceagent_entry_t));

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || entry->element[1]->type != REDIS_REPLY_ARRAY)
    {
        return NGX_ERROR;
    }

    m->id = va_str(entry->element[0]->str, entry->element[0]->len);
    fields = entry->element[1];

    for (i = 0; i + 1 < fields->elements; i += 2) {
        name = va_str(fields->element[i]->str, fields->element[i]->len);
        value = va_str(fields->element[i + 1]->str,
                       fields->element[i + 1]->len);

        if (va_str_eq(name, VA_STR("type"))) {
            m->type = value;

        } else if (va_str_eq(name, VA_STR("customer"))) {
            m->customer = value;

        } else if (va_str_eq(name, VA_STR("call"))) {
            m->call = value;

        } else if (va_str_eq(name, VA_STR("data"))) {
            m->data = value;
        }
    }

    return NGX_OK;
}

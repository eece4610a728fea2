
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The live events of an organization: first the subscription is confirmed,
 * then the history is read from the stream, then messages are taken as they
 * come.  Each message names the event before it; when that is not the last one
 * held, the stream is read again from there.  When even the stream does not
 * hold it any more, the ring begins anew and its readers learn that they missed
 * something.
 */


#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_RING_LOAD    1000     /* at most, of a new ring */
#define NGX_VOICEAGENT_RING_COUNT   "1000"
#define NGX_VOICEAGENT_RING_RETRY   500
#define NGX_VOICEAGENT_RING_TURN    256      /* readers woken in one turn */
#define NGX_VOICEAGENT_ID_LEN       (2 * NGX_INT64_LEN + 1)


typedef struct {
    ngx_rbtree_t                   tree;
    ngx_rbtree_node_t              sentinel;
    ngx_log_t                      log;
    ngx_connection_t               dummy;
} ngx_voiceagent_rings_t;


/* the lines of a published message, the fields of a stream's entry */

typedef struct {
    va_str_t                       id;
    va_str_t                       prev;
    va_str_t                       type;
    va_str_t                       customer;
    va_str_t                       call;
    va_str_t                       data;
} ngx_voiceagent_message_t;


static ngx_voiceagent_ring_t *ngx_voiceagent_ring_create(ngx_str_t *org,
    uint32_t hash);
static void ngx_voiceagent_ring_destroy(ngx_voiceagent_ring_t *ring);
static void ngx_voiceagent_ring_ready(void *data);
static void ngx_voiceagent_ring_load(ngx_voiceagent_ring_t *ring);
static void ngx_voiceagent_ring_loaded(void *data, redisReply *reply);
static ngx_int_t ngx_voiceagent_ring_entries(ngx_voiceagent_ring_t *ring,
    redisReply *reply);
static ngx_int_t ngx_voiceagent_ring_entry(redisReply *entry,
    ngx_voiceagent_message_t *m);
static void ngx_voiceagent_ring_message(void *data, va_str_t text);
static ngx_int_t ngx_voiceagent_ring_split(va_str_t text,
    ngx_voiceagent_message_t *m);
static ngx_int_t ngx_voiceagent_ring_add(ngx_voiceagent_ring_t *ring,
    ngx_voiceagent_message_t *m, uint64_t ms, uint64_t seq);
static void ngx_voiceagent_ring_reset(ngx_voiceagent_ring_t *ring);
static ngx_voiceagent_event_t *ngx_voiceagent_ring_last(
    ngx_voiceagent_ring_t *ring);
static ngx_int_t ngx_voiceagent_event_id(va_str_t id, uint64_t *ms,
    uint64_t *seq);
static ngx_voiceagent_event_t *ngx_voiceagent_event_create(
    ngx_voiceagent_message_t *m);
static void ngx_voiceagent_ring_wake(ngx_event_t *ev);
static void ngx_voiceagent_ring_again(ngx_event_t *ev);


static ngx_voiceagent_rings_t  ngx_voiceagent_rings;


ngx_int_t
ngx_voiceagent_rings_init_process(ngx_cycle_t *cycle)
{
    ngx_memzero(&ngx_voiceagent_rings, sizeof(ngx_voiceagent_rings_t));

    ngx_voiceagent_rings.log = *cycle->log;
    ngx_voiceagent_rings.dummy.fd = (ngx_socket_t) -1;

    ngx_rbtree_init(&ngx_voiceagent_rings.tree,
                    &ngx_voiceagent_rings.sentinel,
                    ngx_str_rbtree_insert_value);

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_ring_join(ngx_voiceagent_reader_t *reader, ngx_str_t *org)
{
    uint32_t                hash;
    ngx_voiceagent_ring_t  *ring;

    hash = ngx_crc32_long(org->data, org->len);

    ring = (ngx_voiceagent_ring_t *)
               ngx_str_rbtree_lookup(&ngx_voiceagent_rings.tree, org, hash);

    if (ring == NULL) {
        ring = ngx_voiceagent_ring_create(org, hash);
        if (ring == NULL) {
            return NGX_ERROR;
        }
    }

    reader->ring = ring;
    reader->position = ring->head;

    reader->woken = (uint64_t) -1;

    /* at the head: those of the list behind were all woken for this head */

    ngx_queue_insert_head(&ring->readers, &reader->queue);
    ring->nreaders++;

    if (ring->live) {
        ngx_post_event(&ring->wake, &ngx_posted_events);
    }

    return NGX_OK;
}


void
ngx_voiceagent_ring_leave(ngx_voiceagent_reader_t *reader)
{
    ngx_voiceagent_ring_t  *ring;

    ring = reader->ring;

    if (ring == NULL) {
        return;
    }

    reader->ring = NULL;

    ngx_queue_remove(&reader->queue);
    ring->nreaders--;

    /* freed in its own turn: this may be within its list of readers */

    if (ring->nreaders == 0) {
        ngx_post_event(&ring->wake, &ngx_posted_events);
    }
}


ngx_int_t
ngx_voiceagent_ring_find(ngx_voiceagent_ring_t *ring, ngx_str_t *id,
    uint64_t *position)
{
    uint64_t                 ms, seq, i;
    ngx_voiceagent_event_t  *event;

    if (ngx_voiceagent_event_id(ngx_voiceagent_va(id), &ms, &seq) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ms == 0 && seq == 0) {
        *position = ring->tail;
        return ring->whole ? NGX_OK : NGX_DECLINED;
    }

    for (i = ring->head; i > ring->tail; i--) {
        event = ring->events[(i - 1) % NGX_VOICEAGENT_RING_SIZE];

        if (event->ms == ms && event->seq == seq) {
            *position = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


void
ngx_voiceagent_ring_last_id(ngx_voiceagent_ring_t *ring, uint64_t *ms,
    uint64_t *seq)
{
    ngx_voiceagent_event_t  *last;

    last = ngx_voiceagent_ring_last(ring);

    *ms = last ? last->ms : 0;
    *seq = last ? last->seq : 0;
}


ngx_voiceagent_event_t *
ngx_voiceagent_ring_get(ngx_voiceagent_ring_t *ring, uint64_t position)
{
    if (position < ring->tail || position >= ring->head) {
        return NULL;
    }

    return ring->events[position % NGX_VOICEAGENT_RING_SIZE];
}


ngx_voiceagent_event_t *
ngx_voiceagent_event_text(ngx_str_t *text)
{
    ngx_voiceagent_event_t  *event;

    event = ngx_alloc(sizeof(ngx_voiceagent_event_t) + text->len,
                      &ngx_voiceagent_rings.log);
    if (event == NULL) {
        return NULL;
    }

    ngx_memzero(event, sizeof(ngx_voiceagent_event_t));

    event->refs = 1;
    event->text.data = (u_char *) event + sizeof(ngx_voiceagent_event_t);
    event->text.len = text->len;
    ngx_memcpy(event->text.data, text->data, text->len);

    return event;
}


void
ngx_voiceagent_event_release(ngx_voiceagent_event_t *event)
{
    if (--event->refs == 0) {
        ngx_free(event);
    }
}


static ngx_voiceagent_ring_t *
ngx_voiceagent_ring_create(ngx_str_t *org, uint32_t hash)
{
    u_char                 *p;
    size_t                  len;
    ngx_voiceagent_ring_t  *ring;

    len = sizeof("va:events:{}") - 1 + org->len;

    ring = ngx_calloc(sizeof(ngx_voiceagent_ring_t) + len,
                      &ngx_voiceagent_rings.log);
    if (ring == NULL) {
        return NULL;
    }

    p = (u_char *) ring + sizeof(ngx_voiceagent_ring_t);
    (void) ngx_sprintf(p, "va:events:{%V}", org);

    ring->channel.name.str.data = p;
    ring->channel.name.str.len = len;
    ring->channel.on_message = ngx_voiceagent_ring_message;
    ring->channel.on_ready = ngx_voiceagent_ring_ready;
    ring->channel.data = ring;

    ring->node.str.data = p + sizeof("va:events:{") - 1;
    ring->node.str.len = org->len;
    ring->node.node.key = hash;

    ring->wake.handler = ngx_voiceagent_ring_wake;
    ring->wake.log = &ngx_voiceagent_rings.log;
    ring->wake.data = ring;

    ring->retry.handler = ngx_voiceagent_ring_again;
    ring->retry.log = &ngx_voiceagent_rings.log;
    ring->retry.data = &ngx_voiceagent_rings.dummy;
    ring->retry.cancelable = 1;

    ngx_queue_init(&ring->readers);
    ngx_rbtree_insert(&ngx_voiceagent_rings.tree, &ring->node.node);

    ngx_voiceagent_redis_subscribe(&ring->channel);

    return ring;
}


static void
ngx_voiceagent_ring_destroy(ngx_voiceagent_ring_t *ring)
{
    ngx_voiceagent_redis_unsubscribe(&ring->channel);

    if (ring->load) {
        ngx_voiceagent_redis_cancel(ring->load);
    }

    if (ring->wake.posted) {
        ngx_delete_posted_event(&ring->wake);
    }

    if (ring->retry.timer_set) {
        ngx_del_timer(&ring->retry);
    }

    ngx_voiceagent_ring_reset(ring);
    ngx_rbtree_delete(&ngx_voiceagent_rings.tree, &ring->node.node);
    ngx_free(ring);
}


/* the subscription is confirmed: from now on nothing is missed unnoticed */

static void
ngx_voiceagent_ring_ready(void *data)
{
    ngx_voiceagent_ring_t  *ring = data;

    ring->live = 0;
    ring->missed = 1;

    if (ring->load == NULL) {
        ngx_voiceagent_ring_load(ring);
    }
}


/*
 * Of a new ring the latest entries; of another all from the last one held, that
 * one included, which proves that nothing between was trimmed.
 */

static void
ngx_voiceagent_ring_load(ngx_voiceagent_ring_t *ring)
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
        args[n++] = va_str(NGX_VOICEAGENT_RING_COUNT,
                           sizeof(NGX_VOICEAGENT_RING_COUNT) - 1);
    }

    ring->load = ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL,
                                           args, n, 0,
                                           ngx_voiceagent_ring_loaded, ring);

    if (ring->load == NULL) {
        ngx_add_timer(&ring->retry, NGX_VOICEAGENT_RING_RETRY);
    }
}


static void
ngx_voiceagent_ring_loaded(void *data, redisReply *reply)
{
    ngx_voiceagent_ring_t  *ring = data;

    ring->load = NULL;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || ngx_voiceagent_ring_entries(ring, reply) != NGX_OK)
    {
        ngx_add_timer(&ring->retry, NGX_VOICEAGENT_RING_RETRY);
        return;
    }

    if (ring->missed) {
        ngx_voiceagent_ring_load(ring);
        return;
    }

    ring->live = 1;

    ngx_post_event(&ring->wake, &ngx_posted_events);
}


static ngx_int_t
ngx_voiceagent_ring_entries(ngx_voiceagent_ring_t *ring, redisReply *reply)
{
    size_t                     i, n;
    uint64_t                   ms, seq;
    redisReply                *entry;
    ngx_voiceagent_event_t    *last;
    ngx_voiceagent_message_t   m;

    last = ngx_voiceagent_ring_last(ring);
    n = reply->elements;

    if (last) {
        if (n == 0
            || ngx_voiceagent_ring_entry(reply->element[0], &m) != NGX_OK
            || ngx_voiceagent_event_id(m.id, &ms, &seq) != NGX_OK
            || ms != last->ms || seq != last->seq)
        {
            /* trimmed, or another Redis: read what there is */
            ngx_voiceagent_ring_reset(ring);
            ring->missed = 1;
            return NGX_OK;
        }

    } else {
        ring->whole = n < NGX_VOICEAGENT_RING_LOAD;
    }

    for (i = last ? 1 : 0; i < n; i++) {

        /* XREVRANGE gives the newest first */
        entry = reply->element[last ? i : n - 1 - i];

        if (ngx_voiceagent_ring_entry(entry, &m) != NGX_OK
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
ngx_voiceagent_ring_entry(redisReply *entry, ngx_voiceagent_message_t *m)
{
    size_t        i;
    va_str_t      name, value;
    redisReply   *fields;

    ngx_memzero(m, sizeof(ngx_voiceagent_message_t));

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


static void
ngx_voiceagent_ring_message(void *data, va_str_t text)
{
    ngx_voiceagent_ring_t  *ring = data;

    uint64_t                   ms, seq, prev_ms, prev_seq;
    ngx_voiceagent_event_t    *last;
    ngx_voiceagent_message_t   m;

    if (!ring->live) {
        ring->missed = 1;
        return;
    }

    if (ngx_voiceagent_ring_split(text, &m) != NGX_OK
        || ngx_voiceagent_event_id(m.id, &ms, &seq) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, &ngx_voiceagent_rings.log, 0,
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
        ngx_voiceagent_ring_load(ring);
    }
}


static ngx_int_t
ngx_voiceagent_ring_split(va_str_t text, ngx_voiceagent_message_t *m)
{
    u_char      *p, *last, *end;
    va_str_t    *lines[NGX_VOICEAGENT_RING_FIELDS];
    ngx_uint_t   i;

    lines[0] = &m->id;
    lines[1] = &m->prev;
    lines[2] = &m->type;
    lines[3] = &m->customer;
    lines[4] = &m->call;

    p = (u_char *) text.data;
    last = p + text.len;

    for (i = 0; i < NGX_VOICEAGENT_RING_FIELDS; i++) {

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


static ngx_int_t
ngx_voiceagent_ring_add(ngx_voiceagent_ring_t *ring,
    ngx_voiceagent_message_t *m, uint64_t ms, uint64_t seq)
{
    ngx_voiceagent_event_t  *event, **slot;

    event = ngx_voiceagent_event_create(m);
    if (event == NULL) {
        return NGX_ERROR;
    }

    event->ms = ms;
    event->seq = seq;

    slot = &ring->events[ring->head % NGX_VOICEAGENT_RING_SIZE];

    if (ring->head - ring->tail == NGX_VOICEAGENT_RING_SIZE) {
        ngx_voiceagent_event_release(*slot);
        ring->tail++;
        ring->whole = 0;
    }

    *slot = event;
    ring->head++;

    return NGX_OK;
}


/* what readers have not read is lost to them: their positions are behind */

static void
ngx_voiceagent_ring_reset(ngx_voiceagent_ring_t *ring)
{
    uint64_t  i;

    for (i = ring->tail; i < ring->head; i++) {
        ngx_voiceagent_event_release(
                              ring->events[i % NGX_VOICEAGENT_RING_SIZE]);
    }

    ring->head++;
    ring->tail = ring->head;
}


static ngx_voiceagent_event_t *
ngx_voiceagent_ring_last(ngx_voiceagent_ring_t *ring)
{
    return ring->head == ring->tail ? NULL
           : ring->events[(ring->head - 1) % NGX_VOICEAGENT_RING_SIZE];
}


/* "1526919030474-55" */

static ngx_int_t
ngx_voiceagent_event_id(va_str_t id, uint64_t *ms, uint64_t *seq)
{
    u_char     *p, *last, *dash;
    ngx_int_t   a, b;

    p = (u_char *) id.data;
    last = p + id.len;

    if (id.len == 0 || id.len > NGX_VOICEAGENT_ID_LEN) {
        return NGX_ERROR;
    }

    dash = ngx_strlchr(p, last, '-');
    if (dash == NULL) {
        return NGX_ERROR;
    }

    a = ngx_atoi(p, dash - p);
    b = ngx_atoi(dash + 1, last - dash - 1);

    if (a == NGX_ERROR || b == NGX_ERROR) {
        return NGX_ERROR;
    }

    *ms = (uint64_t) a;
    *seq = (uint64_t) b;

    return NGX_OK;
}


/* one allocation: the event, its fields, and its text */

static ngx_voiceagent_event_t *
ngx_voiceagent_event_create(ngx_voiceagent_message_t *m)
{
    u_char                  *p;
    size_t                   size;
    ngx_voiceagent_event_t  *event;

    size = sizeof(ngx_voiceagent_event_t) + m->customer.len + m->call.len
           + m->id.len + m->type.len + m->data.len
           + sizeof("id: \nevent: \ndata: \n\n");

    event = ngx_alloc(size, &ngx_voiceagent_rings.log);
    if (event == NULL) {
        return NULL;
    }

    event->refs = 1;

    p = (u_char *) event + sizeof(ngx_voiceagent_event_t);

    event->customer.data = p;
    event->customer.len = m->customer.len;
    p = ngx_voiceagent_copy(p, m->customer);

    event->call.data = p;
    event->call.len = m->call.len;
    p = ngx_voiceagent_copy(p, m->call);

    event->text.data = p;
    p = ngx_cpymem(p, "id: ", 4);
    p = ngx_voiceagent_copy(p, m->id);
    p = ngx_cpymem(p, "\nevent: ", 8);
    p = ngx_voiceagent_copy(p, m->type);
    p = ngx_cpymem(p, "\ndata: ", 7);
    p = ngx_voiceagent_copy(p, m->data);
    p = ngx_cpymem(p, "\n\n", 2);
    event->text.len = p - event->text.data;

    return event;
}


/*
 * Readers are woken a share at a time, so that ten thousand of them do not keep
 * the worker from its other connections.  The woken go to the end of the list.
 */

static void
ngx_voiceagent_ring_wake(ngx_event_t *ev)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_voiceagent_ring_t    *ring;
    ngx_voiceagent_reader_t  *reader;

    ring = ev->data;

    if (ring->nreaders == 0) {
        ngx_voiceagent_ring_destroy(ring);
        return;
    }

    if (!ring->live) {
        return;
    }

    for (n = 0; n < NGX_VOICEAGENT_RING_TURN; n++) {

        q = ngx_queue_head(&ring->readers);

        if (q == ngx_queue_sentinel(&ring->readers)) {
            return;
        }

        reader = ngx_queue_data(q, ngx_voiceagent_reader_t, queue);

        if (reader->woken == ring->head) {
            return;
        }

        reader->woken = ring->head;

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&ring->readers, q);

        reader->wake(reader);
    }

    ngx_post_event(&ring->wake, &ngx_posted_next_events);
}


static void
ngx_voiceagent_ring_again(ngx_event_t *ev)
{
    ngx_voiceagent_ring_t  *ring;

    ring = (ngx_voiceagent_ring_t *)
               ((u_char *) ev - offsetof(ngx_voiceagent_ring_t, retry));

    if (!ring->live && ring->load == NULL && ring->channel.ready) {
        ngx_voiceagent_ring_load(ring);
    }
}

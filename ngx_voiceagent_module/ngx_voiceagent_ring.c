
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The latest events of each organization that somebody reads, and who reads
 * them.  How they get here is in ngx_voiceagent_history.c.
 */


#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_RING_TURN  256        /* readers woken in one turn */


typedef struct {
    ngx_rbtree_t                   tree;
    ngx_rbtree_node_t              sentinel;
    ngx_log_t                      log;
    ngx_connection_t               dummy;
} ngx_voiceagent_rings_t;


static ngx_voiceagent_ring_t *ngx_voiceagent_ring_create(ngx_str_t *org,
    uint32_t hash);
static void ngx_voiceagent_ring_wake(ngx_event_t *ev);
static void ngx_voiceagent_ring_destroy(ngx_voiceagent_ring_t *ring);


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


static ngx_voiceagent_ring_t *
ngx_voiceagent_ring_create(ngx_str_t *org, uint32_t hash)
{
    u_char                 *p;
    size_t                  len;
    ngx_voiceagent_ring_t  *ring;

    len = sizeof("va:events:{}") - 1 + org->len;

    ring = ngx_calloc(sizeof(ngx_voiceagent_ring_t) + len,
                      ngx_cycle->log);
    if (ring == NULL) {
        return NULL;
    }

    p = (u_char *) ring + sizeof(ngx_voiceagent_ring_t);
    (void) ngx_sprintf(p, "va:events:{%V}", org);

    ring->channel.name.str.data = p;
    ring->channel.name.str.len = len;
    ring->channel.on_message = ngx_voiceagent_history_message;
    ring->channel.on_ready = ngx_voiceagent_history_ready;
    ring->channel.data = ring;

    ring->node.str.data = p + sizeof("va:events:{") - 1;
    ring->node.str.len = org->len;
    ring->node.node.key = hash;

    ring->wake.handler = ngx_voiceagent_ring_wake;
    ring->wake.log = ngx_cycle->log;
    ring->wake.data = ring;

    ring->retry.handler = ngx_voiceagent_history_again;
    ring->retry.log = ngx_cycle->log;
    ring->retry.data = &ngx_voiceagent_rings.dummy;
    ring->retry.cancelable = 1;

    ngx_queue_init(&ring->readers);
    ngx_rbtree_insert(&ngx_voiceagent_rings.tree, &ring->node.node);

    ngx_voiceagent_channel_subscribe(&ring->channel);

    return ring;
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
ngx_voiceagent_ring_destroy(ngx_voiceagent_ring_t *ring)
{
    ngx_voiceagent_channel_unsubscribe(&ring->channel);

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


ngx_int_t
ngx_voiceagent_ring_add(ngx_voiceagent_ring_t *ring,
    ngx_voiceagent_entry_t *m, uint64_t ms, uint64_t seq)
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

void
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
ngx_voiceagent_ring_last(ngx_voiceagent_ring_t *ring)
{
    return ring->head == ring->tail ? NULL
           : ring->events[(ring->head - 1) % NGX_VOICEAGENT_RING_SIZE];
}


ngx_voiceagent_event_t *
ngx_voiceagent_ring_get(ngx_voiceagent_ring_t *ring, uint64_t position)
{
    if (position < ring->tail || position >= ring->head) {
        return NULL;
    }

    return ring->events[position % NGX_VOICEAGENT_RING_SIZE];
}


/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_RING_H_INCLUDED_
#define _NGX_VOICEAGENT_RING_H_INCLUDED_


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_RING_SIZE     1024


/* an event, shared by all clients it goes to; freed with its last reference */

typedef struct {
    ngx_uint_t                     refs;
    uint64_t                       ms;           /* the two halves of its id */
    uint64_t                       seq;
    ngx_str_t                      customer;
    ngx_str_t                      call;
    ngx_str_t                      text;         /* as Server-Sent Events */
} ngx_voiceagent_event_t;


/* the lines of a published message, the fields of a stream's entry */

typedef struct {
    va_str_t                       id;
    va_str_t                       prev;
    va_str_t                       type;
    va_str_t                       customer;
    va_str_t                       call;
    va_str_t                       data;
} ngx_voiceagent_entry_t;


typedef struct ngx_voiceagent_ring_s  ngx_voiceagent_ring_t;
typedef struct ngx_voiceagent_reader_s  ngx_voiceagent_reader_t;


/*
 * The latest events of one organization, kept by each nginx worker that has a
 * client of it.  A position counts events since the ring was made.
 */

struct ngx_voiceagent_ring_s {
    ngx_str_node_t                 node;         /* by the organization */
    ngx_voiceagent_channel_t       channel;
    ngx_queue_t                    readers;
    ngx_uint_t                     nreaders;

    ngx_voiceagent_event_t        *events[NGX_VOICEAGENT_RING_SIZE];
    uint64_t                       head;         /* position of the next */
    uint64_t                       tail;         /* of the oldest held */

    ngx_voiceagent_op_t           *load;
    va_str_t                       load_args[6];
    u_char                         load_id[64];
    ngx_event_t                    wake;         /* gives readers their turns */
    ngx_event_t                    retry;
    unsigned                       live:1;       /* history is complete */
    unsigned                       whole:1;      /* holds all the stream had */
    unsigned                       missed:1;     /* something came meanwhile */
};


/*
 * Who reads a ring.  wake runs when there is something at position, or when the
 * ring is live for the first time, always from an event of the ring's own;
 * within it the reader may leave.
 */

struct ngx_voiceagent_reader_s {
    ngx_queue_t                    queue;
    ngx_voiceagent_ring_t         *ring;
    uint64_t                       position;
    uint64_t                       woken;        /* the head it was woken for */
    void                         (*wake)(ngx_voiceagent_reader_t *reader);
};


/* ngx_voiceagent_ring.c */

ngx_int_t ngx_voiceagent_rings_init_process(ngx_cycle_t *cycle);

/* the ring is made, and its history read, for the first reader */

ngx_int_t ngx_voiceagent_ring_join(ngx_voiceagent_reader_t *reader,
    ngx_str_t *org);
void ngx_voiceagent_ring_leave(ngx_voiceagent_reader_t *reader);

/*
 * The position behind the event of that id ("0-0": the first of all), when the
 * ring is live.  NGX_DECLINED: it is not held any more, or never was, so that a
 * replay cannot be complete.
 */

ngx_int_t ngx_voiceagent_ring_find(ngx_voiceagent_ring_t *ring, ngx_str_t *id,
    uint64_t *position);

/* of the latest event; 0 and 0 when there is none */

void ngx_voiceagent_ring_last_id(ngx_voiceagent_ring_t *ring, uint64_t *ms,
    uint64_t *seq);

/* NULL when position is the head, or has fallen behind the tail */

ngx_voiceagent_event_t *ngx_voiceagent_ring_get(ngx_voiceagent_ring_t *ring,
    uint64_t position);

/* for its history: the latest event, NULL when there is none */

ngx_voiceagent_event_t *ngx_voiceagent_ring_last(ngx_voiceagent_ring_t *ring);

/* the next; an event that no longer fits is given up */

ngx_int_t ngx_voiceagent_ring_add(ngx_voiceagent_ring_t *ring,
    ngx_voiceagent_entry_t *entry, uint64_t ms, uint64_t seq);

/* what readers have not read is lost to them: their positions are behind */

void ngx_voiceagent_ring_reset(ngx_voiceagent_ring_t *ring);


/*
 * ngx_voiceagent_history.c: the subscription is confirmed, which from now on
 * misses nothing; a message has come; it is time to read the stream again.
 */

void ngx_voiceagent_history_ready(void *ring);
void ngx_voiceagent_history_message(void *ring, va_str_t text);
void ngx_voiceagent_history_again(ngx_event_t *ev);


/* ngx_voiceagent_event.c: NULL: no memory */

ngx_voiceagent_event_t *ngx_voiceagent_event_create(
    ngx_voiceagent_entry_t *entry);

/* one of a text of its own, in no ring; with one reference, as every new one */

ngx_voiceagent_event_t *ngx_voiceagent_event_text(ngx_str_t *text);

void ngx_voiceagent_event_release(ngx_voiceagent_event_t *event);

/* the two halves of "1526919030474-55" */

ngx_int_t ngx_voiceagent_event_id(va_str_t id, uint64_t *ms, uint64_t *seq);


#endif /* _NGX_VOICEAGENT_RING_H_INCLUDED_ */

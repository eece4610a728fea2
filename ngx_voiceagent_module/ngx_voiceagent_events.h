
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_EVENTS_H_INCLUDED_
#define _NGX_VOICEAGENT_EVENTS_H_INCLUDED_


#include "ngx_voiceagent_job.h"
#include "ngx_voiceagent_ring.h"
#include "ngx_voiceagent_stream.h"


/* a client of voiceagent_events: lives in its request's pool */

typedef struct {
    ngx_voiceagent_reader_t        reader;
    ngx_http_request_t            *request;
    ngx_str_t                      customer;     /* empty: all */
    ngx_str_t                      call;
    ngx_str_t                      last_id;
    ngx_chain_t                   *free;
    ngx_chain_t                   *busy;
    ngx_voiceagent_waiter_t       *snapshot;     /* NULL: none under way */
    uint64_t                       asked_ms;     /* latest event when it was */
    uint64_t                       asked_seq;    /* asked for */
    ngx_event_t                    ping;
    ngx_voiceagent_life_t          life;
    unsigned                       started:1;
    unsigned                       held:1;       /* for the snapshot */
    unsigned                       blocked:1;
} ngx_voiceagent_client_t;


/* ngx_voiceagent_greeting.c: once the ring is live, before the first event */

ngx_int_t ngx_voiceagent_greeting(ngx_voiceagent_client_t *client);


/*
 * ngx_voiceagent_client.c.  NGX_ERROR: the stream has to be closed; NGX_OK also
 * when the client cannot take it now.
 */

/* writes what is new in the ring */

ngx_int_t ngx_voiceagent_client_pump(ngx_voiceagent_client_t *client);

/* a text of its own, copied */

ngx_int_t ngx_voiceagent_client_text(ngx_voiceagent_client_t *client,
    ngx_str_t *text);

/* an event of nginx' own; head: its lines before the type */

ngx_int_t ngx_voiceagent_client_own(ngx_voiceagent_client_t *client,
    ngx_str_t *head, const char *type);

/* NULL: what is left from before */

ngx_int_t ngx_voiceagent_client_output(ngx_voiceagent_client_t *client,
    ngx_chain_t *out);

/* the replay cannot be complete: the client reads anew what it shows */

ngx_int_t ngx_voiceagent_client_resync(ngx_voiceagent_client_t *client);

/* a cleanup of the pool: what was never sent is given back */

void ngx_voiceagent_client_release(void *data);


/* ngx_voiceagent_events.c: ends the stream and its request */

void ngx_voiceagent_events_close(ngx_voiceagent_client_t *client,
    ngx_int_t rc);


#endif /* _NGX_VOICEAGENT_EVENTS_H_INCLUDED_ */

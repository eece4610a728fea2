
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_JOB_H_INCLUDED_
#define _NGX_VOICEAGENT_JOB_H_INCLUDED_


#include "ngx_voiceagent_ask.h"

#include "core/job.h"


/* ngx_voiceagent_job.c: a request as a job document */

typedef struct {
    ngx_voiceagent_job_conf_t     *conf;
    ngx_str_t                      channel;      /* empty: nobody waits */
    ngx_msec_t                     timeout;      /* 0: no deadline */
    unsigned                       body:1;       /* the request's goes along */
} ngx_voiceagent_job_options_t;


typedef struct {
    va_str_t                       id;
    va_str_t                       document;     /* until it is forgotten */
    ngx_pool_cleanup_t            *memory;       /* the document's */
    va_str_t                       dedup;        /* empty: none */
    va_str_t                       order;        /* it is pushed in; or none */
} ngx_voiceagent_job_t;


/*
 * NGX_DECLINED: the request lacks what the deduplication key is made of.  All
 * of it lives as long as r->pool; the document only until
 * ngx_voiceagent_job_forget(), which may be said again.
 */

ngx_int_t ngx_voiceagent_job_build(ngx_http_request_t *r,
    ngx_voiceagent_job_options_t *options, ngx_voiceagent_job_t *job);
void ngx_voiceagent_job_forget(ngx_pool_cleanup_t *memory);


/* the content phase of such a location: handler runs with the body at hand */

ngx_int_t ngx_voiceagent_job_read(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler);

/* the body is more than a job may hold, and may not be left out */

ngx_uint_t ngx_voiceagent_job_too_large(ngx_http_request_t *r);


/* ngx_voiceagent_job_headers.c */

char *ngx_voiceagent_pass_header_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Those of the request that go along, in r->pool and its headers, into
 * job->headers, where there is room for VA_JOB_MAX_HEADERS.
 */

ngx_int_t ngx_voiceagent_job_headers(ngx_http_request_t *r, va_job_t *job);


/* ngx_voiceagent_job_conf.c */

char *ngx_voiceagent_job_body_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* what makes jobs is configured alike; NULL: memory is out */

ngx_voiceagent_job_conf_t *ngx_voiceagent_job_conf(ngx_conf_t *cf,
    ngx_str_t *type, char *queue, ngx_msec_t timeout);

/* one argument of the directive; all of them behind the type */

char *ngx_voiceagent_job_parameter(ngx_conf_t *cf,
    ngx_voiceagent_job_conf_t *jcf, ngx_str_t *parameter);

char *ngx_voiceagent_job_parameters(ngx_conf_t *cf,
    ngx_voiceagent_job_conf_t *jcf);

/* and that is what the location does */

char *ngx_voiceagent_job_location(ngx_conf_t *cf,
    ngx_voiceagent_loc_conf_t *vlcf, ngx_voiceagent_job_conf_t *jcf,
    ngx_http_handler_pt handler);


/* ngx_voiceagent_push.c: the document into its queue, in one script */

typedef enum {
    NGX_VOICEAGENT_PUSH_FAILED = 0,           /* Redis does not have it */
    NGX_VOICEAGENT_PUSH_NEW,
    NGX_VOICEAGENT_PUSH_RUNNING,              /* that key's job has not ended */
    NGX_VOICEAGENT_PUSH_DONE,
    NGX_VOICEAGENT_PUSH_STORED                /* done, its reply to be read */
} ngx_voiceagent_push_result_e;


typedef struct ngx_voiceagent_push_s  ngx_voiceagent_push_t;

struct ngx_voiceagent_push_s {
    ngx_voiceagent_ask_t           ask;          /* the first: its handlers */
    ngx_msec_t                     started;
    ngx_pool_cleanup_t            *document;     /* sent, until answered */
    void                         (*handler)(ngx_voiceagent_push_t *push);
    void                          *data;

    ngx_voiceagent_push_result_e   result;
    ngx_str_t                      id;           /* of the job that counts */
    ngx_str_t                      reply;        /* DONE: its stored reply */
};


/*
 * NGX_OK: push->handler runs later, from a posted event, unless the request
 * ends before.  NGX_BUSY: no connection, or too much in flight; nothing sent.
 */

ngx_int_t ngx_voiceagent_push(ngx_http_request_t *r,
    ngx_voiceagent_push_t *push, ngx_str_t *queue, ngx_voiceagent_job_t *job,
    time_t dedup_ttl, ngx_str_t *channel);


/* ngx_voiceagent_waiter.c: a job whose reply a request waits for */

typedef enum {
    NGX_VOICEAGENT_WAIT_REPLY = 0,
    NGX_VOICEAGENT_WAIT_TIMEOUT,
    NGX_VOICEAGENT_WAIT_ENDED,                /* and its reply is not kept */
    NGX_VOICEAGENT_WAIT_UNAVAILABLE,
    NGX_VOICEAGENT_WAIT_OVERLOADED
} ngx_voiceagent_wait_e;


typedef struct ngx_voiceagent_waiter_s  ngx_voiceagent_waiter_t;

struct ngx_voiceagent_waiter_s {
    ngx_str_node_t                 node;         /* by the job's id */
    ngx_queue_t                    queue;
    ngx_pool_t                    *pool;         /* of the wait alone */
    ngx_http_cleanup_t            *cleanup;
    ngx_voiceagent_waiter_t      **told;
    ngx_voiceagent_ask_t           ask;          /* for the stored reply */
    void                         (*handler)(ngx_voiceagent_waiter_t *waiter);
    void                          *data;

    ngx_voiceagent_wait_e          outcome;
    ngx_str_t                      text;         /* the reply's document */

    ngx_pool_cleanup_t            *document;     /* the job's */
    ngx_voiceagent_push_t          push;
    ngx_str_t                      queue_name;
    ngx_msec_t                     interval;
    ngx_msec_t                     last;         /* look before the deadline */
    ngx_event_t                    deadline;
    ngx_event_t                    poll;
    unsigned                       registered:1;
    unsigned                       again:1;      /* ask once more for it */
    unsigned                       done:1;       /* it is stored, or not kept */
    unsigned                       promised:1;   /* late: the job goes on */
    unsigned                       pushed:1;     /* Redis has answered that */
    unsigned                       overdue:1;    /* its deadline was before */
    unsigned                       ended:1;
};


#define NGX_VOICEAGENT_WAIT_BODY     1           /* the request's, to the job */
#define NGX_VOICEAGENT_WAIT_PROMISE  2           /* see below */


/*
 * Pushes the job and waits at most conf->timeout.  Who is told then that the
 * job goes on (PROMISE) waits until Redis has it, or has failed: what nobody
 * may have is not promised, and a repetition goes on as the first job.
 *
 * NGX_OK: handler runs once, from an event, unless the request ends before.
 * NGX_DECLINED as ngx_voiceagent_job_build().  waiter: NULL, or where it is
 * told while it waits.
 *
 * The waiter is gone when its handler returns, and all that is in its pool:
 * the request may last for hours.  node.str lives as long as the request.
 */

ngx_int_t ngx_voiceagent_wait(ngx_http_request_t *r,
    ngx_voiceagent_job_conf_t *conf, ngx_uint_t flags,
    void (*handler)(ngx_voiceagent_waiter_t *), void *data,
    ngx_voiceagent_waiter_t **waiter);

/* ends it: its handler does not run; what is pushed stays pushed */

void ngx_voiceagent_wait_cancel(ngx_voiceagent_waiter_t *w);

ngx_int_t ngx_voiceagent_waiters_init_process(ngx_cycle_t *cycle);


/* ngx_voiceagent_call.c */

#define NGX_VOICEAGENT_REPLY_KEPT  600       /* seconds, docs/protocol.md */

/* warns of keys that are remembered for longer than that */

void ngx_voiceagent_call_outlives(ngx_conf_t *cf,
    ngx_voiceagent_job_conf_t *jcf);

/* counts that no reply has come: the status, and what is said */

ngx_uint_t ngx_voiceagent_call_failure(ngx_voiceagent_wait_e outcome,
    const char **code, const char **message);

/* the work goes on: GET /api/jobs/{id}, or the same request again, tells */

ngx_int_t ngx_voiceagent_pending_text(ngx_http_request_t *r, ngx_str_t *text);


#endif /* _NGX_VOICEAGENT_JOB_H_INCLUDED_ */

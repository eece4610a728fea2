
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_ASK_H_INCLUDED_
#define _NGX_VOICEAGENT_ASK_H_INCLUDED_


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_ASK_ARGS  6


/*
 * A request that asks Redis and waits for the answer: the first member of what
 * the asker keeps while he asks.
 *
 * take runs while Redis' connection is read, where no request may run.  It
 * copies what it needs of the reply, which is NULL when Redis failed, and then
 * asks again or says ngx_voiceagent_ask_resume().  resume follows from an event
 * of its own, and may end the request.  Neither runs for a request that has
 * ended before, that was cancelled, or that nginx has sent to another place: a
 * client that goes leaves it to post_action.
 */

typedef struct ngx_voiceagent_ask_s  ngx_voiceagent_ask_t;

struct ngx_voiceagent_ask_s {
    ngx_http_request_t            *request;
    void                          *context;      /* the request's, ours */
    ngx_voiceagent_op_t           *op;           /* NULL: nothing is asked */
    ngx_event_t                    event;
    va_str_t                       args[NGX_VOICEAGENT_ASK_ARGS];
    void                         (*take)(ngx_voiceagent_ask_t *ask,
                                         redisReply *reply);
    void                         (*resume)(ngx_voiceagent_ask_t *ask);
};


/* who keeps it cancels it when the request ends, or has it guarded */

void ngx_voiceagent_ask_init(ngx_http_request_t *r,
    ngx_voiceagent_ask_t *ask,
    void (*take)(ngx_voiceagent_ask_t *ask, redisReply *reply),
    void (*resume)(ngx_voiceagent_ask_t *ask));

/*
 * The end of the request cancels an ask that is kept in its pool, zeroed or
 * initialized.  NGX_ERROR: no memory.
 */

ngx_int_t ngx_voiceagent_ask_guard(ngx_http_request_t *r,
    ngx_voiceagent_ask_t *ask);

/*
 * One question at a time, with ask->args, as ngx_voiceagent_redis_send() sends
 * it.  NGX_BUSY: no connection, or too much in flight; nothing was sent.
 */

ngx_int_t ngx_voiceagent_ask(ngx_voiceagent_ask_t *ask,
    ngx_voiceagent_script_e script, va_str_t order, ngx_uint_t nargs,
    ngx_uint_t nkeys);
void ngx_voiceagent_ask_resume(ngx_voiceagent_ask_t *ask);
void ngx_voiceagent_ask_cancel(ngx_voiceagent_ask_t *ask);


/*
 * While a request waits: a client that goes away is noticed, and one that went
 * before, of which epoll will not tell again.
 */

ngx_int_t ngx_voiceagent_wait_events(ngx_http_request_t *r);


#endif /* _NGX_VOICEAGENT_ASK_H_INCLUDED_ */


/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_COMMANDS_H_INCLUDED_
#define _NGX_VOICEAGENT_COMMANDS_H_INCLUDED_


#include "ngx_voiceagent_link.h"


/* a connection for commands, and what it has not answered yet */

struct ngx_voiceagent_commands_s {
    ngx_voiceagent_link_t          link;         /* the first: its callbacks */
    ngx_queue_t                    ops;          /* in the order sent */
    ngx_voiceagent_op_t           *unsent;       /* from here on: a batch */
    size_t                         unsent_bytes;
    ngx_event_t                    expiry;       /* of the oldest op */
};


/* what this worker process has, of Redis */

typedef struct {
    ngx_voiceagent_redis_conf_t   *conf;         /* NULL: not started */
    ngx_log_t                      log;

    /* there are conf->connections of them */

    ngx_voiceagent_commands_t      commands[NGX_VOICEAGENT_REDIS_CONNECTIONS];
    ngx_uint_t                     used;         /* the first of them */
    ngx_uint_t                     turn;         /* of what has no order */
    ngx_uint_t                     nops;         /* of all of them */
    size_t                         bytes;
    ngx_queue_t                    free;         /* ngx_voiceagent_op_t */
} ngx_voiceagent_redis_t;


extern ngx_voiceagent_redis_t  ngx_voiceagent_redis;


/* ngx_voiceagent_commands.c */

void ngx_voiceagent_commands_init(ngx_voiceagent_commands_t *commands);
void ngx_voiceagent_commands_exit(ngx_voiceagent_commands_t *commands);

/* an op with all it asks; of pushes one command is made at the turn's end */

void ngx_voiceagent_commands_gather(ngx_voiceagent_commands_t *commands,
    ngx_voiceagent_op_t *op);

/*
 * Puts what has gathered until now into the output.  An op that is cancelled
 * then needs its arguments no more; the others are read again if Redis has
 * forgotten the script.
 */

void ngx_voiceagent_commands_gathered(ngx_voiceagent_link_t *link);


/*
 * ngx_voiceagent_batch.c: pushes that are one command.  The first op's count
 * says how many they are; the others follow it in its queue.
 */

/*
 * Redis does nothing else meanwhile.  The replies that known ones are answered
 * with, of 1 MB each, are bounded by push.lua.
 */

#define NGX_VOICEAGENT_BATCH_OPS    32
#define NGX_VOICEAGENT_BATCH_BYTES  65536

/* op may go along with first, as far as what it asks */

ngx_uint_t ngx_voiceagent_batch_fits(ngx_voiceagent_op_t *first,
    ngx_voiceagent_op_t *op);
ngx_int_t ngx_voiceagent_batch_put(ngx_voiceagent_link_t *link,
    ngx_voiceagent_op_t *first);

/*
 * What the reply says of the op at that place.  NULL: it is no answer to so
 * many, so that replies and ops have come apart.
 */

redisReply *ngx_voiceagent_batch_answer(redisReply *reply, ngx_uint_t count,
    ngx_uint_t place);


#endif /* _NGX_VOICEAGENT_COMMANDS_H_INCLUDED_ */

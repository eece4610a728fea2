
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_REDIS_H_INCLUDED_
#define _NGX_VOICEAGENT_REDIS_H_INCLUDED_


#include "ngx_voiceagent_module.h"

#include <hiredis/hiredis.h>


#define NGX_VOICEAGENT_REDIS_MAX_ARGS     12
#define NGX_VOICEAGENT_REDIS_CONNECTIONS  16     /* at most */


typedef struct ngx_voiceagent_op_s        ngx_voiceagent_op_t;
typedef struct ngx_voiceagent_commands_s  ngx_voiceagent_commands_t;


/* the arguments of a push, which ngx_voiceagent_batch.c puts together */

enum {
    NGX_VOICEAGENT_PUSH_PREFIX = 0,
    NGX_VOICEAGENT_PUSH_ID,                      /* from here on: its own */
    NGX_VOICEAGENT_PUSH_DOCUMENT,
    NGX_VOICEAGENT_PUSH_DEDUP,
    NGX_VOICEAGENT_PUSH_TTL,                     /* the same of all, again */
    NGX_VOICEAGENT_PUSH_CHANNEL,
    NGX_VOICEAGENT_PUSH_ARGS
};


/* what a script is called by; the order of ngx_voiceagent_scripts[] */

typedef enum {
    NGX_VOICEAGENT_PUSH = 0,
    NGX_VOICEAGENT_READY,
    NGX_VOICEAGENT_STATS,
    NGX_VOICEAGENT_CALLS,
    NGX_VOICEAGENT_BIND,
    NGX_VOICEAGENT_SCRIPTS,
    NGX_VOICEAGENT_PLAIN           /* args[0] is a command, not a script */
} ngx_voiceagent_script_e;


/*
 * reply is NULL when the command failed: Redis is away, slow, loading, out of
 * memory, or answered an error.  It is freed after the handler returns.  The
 * handler runs while the connection is being read: it may send commands and
 * post events, but must not run a request.
 */

typedef void (*ngx_voiceagent_reply_pt)(void *data, redisReply *reply);


struct ngx_voiceagent_op_s {
    ngx_queue_t                    queue;        /* in the order sent */
    ngx_voiceagent_reply_pt        handler;      /* NULL: nobody waits */
    void                          *data;
    ngx_msec_t                     sent;
    size_t                         bytes;
    ngx_voiceagent_script_e        script;
    ngx_uint_t                     nargs;
    va_str_t                      *args;         /* of the caller, see below */
    u_char                         nkeys[4];     /* as text */
    ngx_uint_t                     nkeys_len;
    ngx_voiceagent_commands_t     *commands;     /* the connection's */
    ngx_uint_t                     count;        /* the first's: of its batch */
    unsigned                       resent:1;
};


struct ngx_voiceagent_redis_conf_s {
    ngx_str_t                      name;         /* the URL, no password */
    ngx_str_t                      user;
    ngx_str_t                      password;
    ngx_str_t                      db;           /* empty: 0 */
    ngx_array_t                    addrs;        /* ngx_addr_t */
    ngx_str_t                      master;       /* asked of addrs: sentinels */
    ngx_msec_t                     timeout;
    ngx_uint_t                     connections;  /* for commands */
    ngx_uint_t                     max_inflight; /* of all connections */
    size_t                         max_bytes;
    unsigned                       adapt:1;      /* one, where that will do */
};


/* ngx_voiceagent_redis_conf.c */

char *ngx_voiceagent_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_voiceagent_redis.c */

ngx_int_t ngx_voiceagent_redis_init_process(ngx_cycle_t *cycle);
void ngx_voiceagent_redis_exit_process(ngx_cycle_t *cycle);

/*
 * Sends a script (its keys and arguments in args, nkeys of them keys) or a
 * plain command, at the end of the event loop's turn.  Those of the same order,
 * if they have one, reach Redis as they were sent.  args and what they point to
 * must live until the handler has run or the op is cancelled: they are sent
 * again, behind later ones, when Redis has forgotten the script.  Those of a
 * plain command may go when this returns, as it is written at once and never
 * again.  NULL: the limits are reached or there is no connection, and nothing
 * was sent.
 */

ngx_voiceagent_op_t *ngx_voiceagent_redis_send(ngx_voiceagent_script_e script,
    va_str_t order, va_str_t *args, ngx_uint_t nargs, ngx_uint_t nkeys,
    ngx_voiceagent_reply_pt handler, void *data);
void ngx_voiceagent_redis_cancel(ngx_voiceagent_op_t *op);

ngx_uint_t ngx_voiceagent_redis_overloaded(void);

/* a connection for commands is there */

ngx_uint_t ngx_voiceagent_redis_up(void);


/* ngx_voiceagent_script.c: what is loaded into Redis, called by its digest */

void ngx_voiceagent_scripts_init(void);
const char *ngx_voiceagent_script_name(ngx_voiceagent_script_e script);
va_str_t ngx_voiceagent_script_text(ngx_voiceagent_script_e script);
va_str_t ngx_voiceagent_script_digest(ngx_voiceagent_script_e script);


/*
 * ngx_voiceagent_channel.c.  The handler gets each message; reply elements are
 * valid only during the call.  on_ready runs each time the subscription is
 * confirmed: at first and after every reconnection, when messages may have been
 * missed.
 */

typedef struct ngx_voiceagent_channel_s  ngx_voiceagent_channel_t;

struct ngx_voiceagent_channel_s {
    ngx_str_node_t                 name;
    ngx_queue_t                    queue;
    void                         (*on_message)(void *data, va_str_t message);
    void                         (*on_ready)(void *data);
    void                          *data;
    unsigned                       ready:1;
};

void ngx_voiceagent_channel_subscribe(ngx_voiceagent_channel_t *channel);
void ngx_voiceagent_channel_unsubscribe(ngx_voiceagent_channel_t *channel);

void ngx_voiceagent_channels_init(ngx_voiceagent_redis_conf_t *conf,
    ngx_log_t *log);
void ngx_voiceagent_channels_exit(void);

/* once a second: whether what is published still comes */

void ngx_voiceagent_channels_tick(void);


#endif /* _NGX_VOICEAGENT_REDIS_H_INCLUDED_ */

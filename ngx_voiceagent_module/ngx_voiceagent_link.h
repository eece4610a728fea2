
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_LINK_H_INCLUDED_
#define _NGX_VOICEAGENT_LINK_H_INCLUDED_


#include "ngx_voiceagent_redis.h"


typedef enum {
    NGX_VOICEAGENT_LINK_DOWN = 0,
    NGX_VOICEAGENT_LINK_SENTINEL,                /* connected to one, asking */
    NGX_VOICEAGENT_LINK_CONNECTING,
    NGX_VOICEAGENT_LINK_UP
} ngx_voiceagent_link_state_e;


/* the questions of a new connection, in the order asked */

typedef enum {
    NGX_VOICEAGENT_SETUP_OK = 0,                 /* must not be an error */
    NGX_VOICEAGENT_SETUP_IGNORED,
    NGX_VOICEAGENT_SETUP_ROLE,
    NGX_VOICEAGENT_SETUP_SCHEMA,
    NGX_VOICEAGENT_SETUP_CONFIG,
    NGX_VOICEAGENT_SETUP_LAST_CONFIG
} ngx_voiceagent_setup_e;


typedef struct ngx_voiceagent_link_s  ngx_voiceagent_link_t;

struct ngx_voiceagent_link_s {
    const char                    *name;
    ngx_voiceagent_redis_conf_t   *conf;
    ngx_log_t                     *log;
    ngx_connection_t               dummy;        /* for debug logs */

    ngx_voiceagent_link_state_e    state;
    ngx_connection_t              *connection;
    ngx_peer_connection_t          peer;
    redisReader                   *reader;

    u_char                        *out;          /* out .. out_end malloc'd */
    u_char                        *out_pos;
    u_char                        *out_last;
    u_char                        *out_end;

    u_char                         setup[16];    /* what setup still asks */
    ngx_uint_t                     nsetup;
    ngx_uint_t                     setup_done;
    ngx_uint_t                     promise;

    ngx_event_t                    timer;        /* connecting, reconnecting */
    ngx_event_t                    flush;

    ngx_uint_t                     failures;
    ngx_msec_t                     since;        /* it has told all we asked */
    ngx_uint_t                     address;      /* which one is tried */
    ngx_sockaddr_t                 master;
    socklen_t                      master_len;
    time_t                         complained;
    unsigned                       connecting:1;
    unsigned                       broken:1;     /* fails at the next flush */
    unsigned                       exiting:1;    /* never connects again */

    /*
     * the owner's: sends the setup; puts what it still holds back (or NULL);
     * takes a reply; the connection is gone
     */
    void                         (*start)(ngx_voiceagent_link_t *link);
    void                         (*gathered)(ngx_voiceagent_link_t *link);
    ngx_int_t                    (*reply)(ngx_voiceagent_link_t *link,
                                          redisReply *reply);
    void                         (*failed)(ngx_voiceagent_link_t *link);
};


void ngx_voiceagent_link_init(ngx_voiceagent_link_t *link, const char *name,
    ngx_voiceagent_redis_conf_t *conf, ngx_log_t *log);
void ngx_voiceagent_link_connect(ngx_voiceagent_link_t *link);

/* closes, tells the owner, and connects again later; never from a callback */

void ngx_voiceagent_link_fail(ngx_voiceagent_link_t *link, const char *why);

/* for good */

void ngx_voiceagent_link_exit(ngx_voiceagent_link_t *link);

/*
 * A command into the output; sent at the end of the event loop's turn, or when
 * the connection is up.  After NGX_ERROR the connection fails by itself.
 */

ngx_int_t ngx_voiceagent_link_put(ngx_voiceagent_link_t *link, va_str_t *args,
    ngx_uint_t nargs);

/* how much of the output that takes at most */

size_t ngx_voiceagent_link_size(va_str_t *args, ngx_uint_t nargs);


/*
 * ngx_voiceagent_link_setup.c: commands as link_put(), whose replies the link
 * takes itself.  NGX_ERROR of a reply: this is no Redis for us.
 */

ngx_int_t ngx_voiceagent_link_ask(ngx_voiceagent_link_t *link,
    ngx_voiceagent_setup_e setup, va_str_t *args, ngx_uint_t nargs);
ngx_int_t ngx_voiceagent_link_login(ngx_voiceagent_link_t *link);
ngx_int_t ngx_voiceagent_link_setup_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);

/* it said so when it was last asked */

ngx_uint_t ngx_voiceagent_link_does_not_sync(ngx_voiceagent_link_t *link);


/* ngx_voiceagent_sentinel.c: where the primary is; NULL, or why not */

ngx_int_t ngx_voiceagent_sentinel_ask(ngx_voiceagent_link_t *link);
const char *ngx_voiceagent_sentinel_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);


#endif /* _NGX_VOICEAGENT_LINK_H_INCLUDED_ */

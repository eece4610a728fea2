
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Redis as the rest of the module sees it: commands that are answered to a
 * handler, pipelined over a few connections of each nginx worker, and channels
 * over one more.  Redis reads each connection once a turn and no more than its
 * buffer takes, so that several let more commands share a turn and its sync.
 */


#include "ngx_voiceagent_link.h"

#include <openssl/evp.h>


/* the constants of redis_scripts.h, made from core/scripts */

typedef struct {
    const char                    *name;
    const char                    *text;
    size_t                         len;
} ngx_voiceagent_script_t;

#include "redis_scripts.h"


#define NGX_VOICEAGENT_REDIS_HEARTBEAT  5000


typedef struct {
    ngx_voiceagent_link_t          link;         /* the first: its callbacks */
    ngx_queue_t                    ops;          /* sent, not answered */
    ngx_event_t                    expiry;       /* of the oldest op */
} ngx_voiceagent_commands_t;


typedef struct {
    ngx_voiceagent_redis_conf_t   *conf;         /* NULL: not started */
    ngx_log_t                      log;
    ngx_connection_t               dummy;
    u_char                         sha[NGX_VOICEAGENT_SCRIPTS][40];

    /* of which conf->connections are used */

    ngx_voiceagent_commands_t      commands[NGX_VOICEAGENT_REDIS_CONNECTIONS];
    ngx_uint_t                     turn;         /* of what has no order */
    ngx_uint_t                     nops;         /* of all of them */
    size_t                         bytes;
    ngx_queue_t                    free;         /* ngx_voiceagent_op_t */

    ngx_voiceagent_link_t          channel;
    ngx_queue_t                    channels;     /* ngx_voiceagent_channel_t */
    ngx_rbtree_t                   names;        /* of the channels */
    ngx_rbtree_node_t              sentinel;
    ngx_msec_t                     heard;        /* by the subscription */
    ngx_msec_t                     beat;
    unsigned                       exiting:1;
} ngx_voiceagent_redis_t;


static void ngx_voiceagent_redis_digests(void);
static void ngx_voiceagent_commands_init(ngx_voiceagent_commands_t *commands);
static void ngx_voiceagent_commands_exit(ngx_voiceagent_commands_t *commands);
static ngx_voiceagent_commands_t *ngx_voiceagent_commands_of(va_str_t order);
static ngx_voiceagent_commands_t *ngx_voiceagent_commands_up(void);
static void ngx_voiceagent_commands_start(ngx_voiceagent_link_t *link);
static ngx_int_t ngx_voiceagent_commands_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);
static void ngx_voiceagent_commands_failed(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_commands_expiry(ngx_event_t *ev);
static ngx_int_t ngx_voiceagent_op_resend(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands);
static void ngx_voiceagent_op_error(ngx_voiceagent_op_t *op,
    ngx_voiceagent_link_t *link, redisReply *reply);
static void ngx_voiceagent_op_done(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands, redisReply *reply);
static void ngx_voiceagent_channel_start(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_channel_failed(ngx_voiceagent_link_t *link);
static ngx_int_t ngx_voiceagent_channel_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);


static const ngx_voiceagent_script_t  *ngx_voiceagent_scripts[] = {
    &ngx_voiceagent_script_push,
    &ngx_voiceagent_script_ready,
    &ngx_voiceagent_script_stats,
    &ngx_voiceagent_script_bind
};


/* of this worker process; connections are never shared with another */

static ngx_voiceagent_redis_t  ngx_voiceagent_redis;


ngx_int_t
ngx_voiceagent_redis_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_voiceagent_redis_t      *vr;
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_voiceagent_module);

    if (vmcf == NULL || vmcf->redis == NULL) {
        return NGX_OK;
    }

    vr = &ngx_voiceagent_redis;

    ngx_memzero(vr, sizeof(ngx_voiceagent_redis_t));

    vr->conf = vmcf->redis;
    vr->log = *cycle->log;
    vr->dummy.fd = (ngx_socket_t) -1;

    ngx_queue_init(&vr->channels);
    ngx_queue_init(&vr->free);
    ngx_rbtree_init(&vr->names, &vr->sentinel, ngx_str_rbtree_insert_value);

    ngx_voiceagent_redis_digests();

    ngx_voiceagent_link_init(&vr->channel, "channel", vr->conf, &vr->log);
    vr->channel.start = ngx_voiceagent_channel_start;
    vr->channel.reply = ngx_voiceagent_channel_reply;
    vr->channel.failed = ngx_voiceagent_channel_failed;

    for (i = 0; i < vr->conf->connections; i++) {
        ngx_voiceagent_commands_init(&vr->commands[i]);
    }

    ngx_voiceagent_link_connect(&vr->channel);

    return NGX_OK;
}


/* runs after the last event: requests of what is unanswered are gone */

void
ngx_voiceagent_redis_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_queue_t             *q;
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    if (vr->conf == NULL) {
        return;
    }

    vr->exiting = 1;

    for (i = 0; i < vr->conf->connections; i++) {
        ngx_voiceagent_commands_exit(&vr->commands[i]);
    }

    vr->channel.exiting = 1;
    ngx_voiceagent_link_close(&vr->channel);
    ngx_free(vr->channel.out);

    while (!ngx_queue_empty(&vr->free)) {
        q = ngx_queue_head(&vr->free);
        ngx_queue_remove(q);
        ngx_free(ngx_queue_data(q, ngx_voiceagent_op_t, queue));
    }

    vr->conf = NULL;
}


ngx_voiceagent_op_t *
ngx_voiceagent_redis_send(ngx_voiceagent_script_e script, va_str_t order,
    va_str_t *args, ngx_uint_t nargs, ngx_uint_t nkeys,
    ngx_voiceagent_reply_pt handler, void *data)
{
    va_str_t                    argv[NGX_VOICEAGENT_REDIS_MAX_ARGS + 3];
    ngx_uint_t                  n;
    ngx_queue_t                *q;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_link_t      *link;
    ngx_voiceagent_redis_t     *vr;
    ngx_voiceagent_commands_t  *commands;

    vr = &ngx_voiceagent_redis;

    if (vr->conf == NULL || ngx_voiceagent_redis_overloaded()) {
        return NULL;
    }

    commands = ngx_voiceagent_commands_of(order);
    link = &commands->link;

    if (link->state == NGX_VOICEAGENT_LINK_DOWN) {
        return NULL;
    }

    if (ngx_queue_empty(&vr->free)) {
        op = ngx_alloc(sizeof(ngx_voiceagent_op_t), &vr->log);
        if (op == NULL) {
            return NULL;
        }

    } else {
        q = ngx_queue_head(&vr->free);
        ngx_queue_remove(q);
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);
    }

    op->handler = handler;
    op->data = data;
    op->sent = ngx_current_msec;
    op->script = script;
    op->nargs = nargs;
    op->args = args;
    op->nkeys_len = ngx_sprintf(op->nkeys, "%ui", nkeys) - op->nkeys;
    op->resent = 0;

    n = 0;

    if (script != NGX_VOICEAGENT_PLAIN) {
        argv[n++] = VA_STR("EVALSHA");
        argv[n++] = va_str((char *) vr->sha[script], 40);
        argv[n++] = va_str((char *) op->nkeys, op->nkeys_len);
    }

    ngx_memcpy(&argv[n], args, nargs * sizeof(va_str_t));
    n += nargs;

    op->bytes = link->out_last - link->out_pos;

    if (ngx_voiceagent_link_put(link, argv, n) != NGX_OK) {
        ngx_queue_insert_head(&vr->free, &op->queue);
        return NULL;
    }

    op->bytes = (link->out_last - link->out_pos) - op->bytes;

    ngx_queue_insert_tail(&commands->ops, &op->queue);
    vr->nops++;
    vr->bytes += op->bytes;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_INFLIGHT, 1);

    if (!commands->expiry.timer_set) {
        ngx_add_timer(&commands->expiry, vr->conf->timeout);
    }

    return op;
}


void
ngx_voiceagent_redis_cancel(ngx_voiceagent_op_t *op)
{
    op->handler = NULL;
    op->data = NULL;
    op->args = NULL;
}


ngx_uint_t
ngx_voiceagent_redis_overloaded(void)
{
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    return vr->conf != NULL
           && (vr->nops >= vr->conf->max_inflight
               || vr->bytes >= vr->conf->max_bytes);
}


void
ngx_voiceagent_redis_subscribe(ngx_voiceagent_channel_t *channel)
{
    va_str_t                 args[2];
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    channel->ready = 0;
    channel->name.node.key = ngx_crc32_long(channel->name.str.data,
                                            channel->name.str.len);

    ngx_queue_insert_tail(&vr->channels, &channel->queue);
    ngx_rbtree_insert(&vr->names, &channel->name.node);

    if (vr->channel.state == NGX_VOICEAGENT_LINK_UP) {
        args[0] = VA_STR("SUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        (void) ngx_voiceagent_link_put(&vr->channel, args, 2);
    }
}


void
ngx_voiceagent_redis_unsubscribe(ngx_voiceagent_channel_t *channel)
{
    va_str_t                 args[2];
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    ngx_queue_remove(&channel->queue);
    ngx_rbtree_delete(&vr->names, &channel->name.node);

    if (!vr->exiting && vr->channel.state == NGX_VOICEAGENT_LINK_UP) {
        args[0] = VA_STR("UNSUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        (void) ngx_voiceagent_link_put(&vr->channel, args, 2);
    }
}


/*
 * Once a second.  An idle channel is tried by publishing to ourselves: that
 * proves the way a reply takes, a connection of the commands' and Redis.
 */

void
ngx_voiceagent_redis_tick(void)
{
    va_str_t                   args[3];
    ngx_queue_t               *q;
    ngx_voiceagent_redis_t    *vr;
    ngx_voiceagent_channel_t  *channel;

    vr = &ngx_voiceagent_redis;

    if (vr->conf == NULL
        || ngx_queue_empty(&vr->channels)
        || ngx_voiceagent_commands_up() == NULL
        || vr->channel.state != NGX_VOICEAGENT_LINK_UP)
    {
        return;
    }

    if (vr->beat
        && (ngx_msec_int_t) (vr->heard - vr->beat) < 0
        && ngx_current_msec - vr->beat > vr->conf->timeout)
    {
        vr->beat = 0;
        ngx_voiceagent_link_fail(&vr->channel, "is silent");
        return;
    }

    if (ngx_current_msec - vr->heard < NGX_VOICEAGENT_REDIS_HEARTBEAT
        || ngx_current_msec - vr->beat < NGX_VOICEAGENT_REDIS_HEARTBEAT)
    {
        return;
    }

    q = ngx_queue_head(&vr->channels);
    channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

    args[0] = VA_STR("PUBLISH");
    args[1] = ngx_voiceagent_va(&channel->name.str);
    args[2] = VA_STR("");

    if (ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL, args, 3, 0,
                                  NULL, NULL)
        != NULL)
    {
        vr->beat = ngx_current_msec;
    }
}


static void
ngx_voiceagent_redis_digests(void)
{
    u_char      digest[EVP_MAX_MD_SIZE];
    ngx_uint_t  i;

    for (i = 0; i < NGX_VOICEAGENT_SCRIPTS; i++) {
        (void) EVP_Digest(ngx_voiceagent_scripts[i]->text,
                          ngx_voiceagent_scripts[i]->len, digest, NULL,
                          EVP_sha1(), NULL);
        (void) ngx_hex_dump(ngx_voiceagent_redis.sha[i], digest, 20);
    }
}


static void
ngx_voiceagent_commands_init(ngx_voiceagent_commands_t *commands)
{
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    ngx_queue_init(&commands->ops);

    /* not cancelable: an exiting worker waits for the answers it is owed */

    commands->expiry.handler = ngx_voiceagent_commands_expiry;
    commands->expiry.log = &vr->log;
    commands->expiry.data = &commands->link.dummy;

    ngx_voiceagent_link_init(&commands->link, "commands", vr->conf, &vr->log);
    commands->link.start = ngx_voiceagent_commands_start;
    commands->link.reply = ngx_voiceagent_commands_reply;
    commands->link.failed = ngx_voiceagent_commands_failed;

    ngx_voiceagent_link_connect(&commands->link);
}


static void
ngx_voiceagent_commands_exit(ngx_voiceagent_commands_t *commands)
{
    ngx_queue_t          *q;
    ngx_voiceagent_op_t  *op;

    for (q = ngx_queue_head(&commands->ops);
         q != ngx_queue_sentinel(&commands->ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);
        op->handler = NULL;
    }

    commands->link.exiting = 1;
    ngx_voiceagent_link_close(&commands->link);
    ngx_free(commands->link.out);
}


/*
 * What has an order always takes the same connection, even while that one is
 * away: by another it could overtake what still waits in the first.
 */

static ngx_voiceagent_commands_t *
ngx_voiceagent_commands_of(va_str_t order)
{
    ngx_uint_t                  i;
    ngx_voiceagent_redis_t     *vr;
    ngx_voiceagent_commands_t  *commands;

    vr = &ngx_voiceagent_redis;

    if (order.len == 0) {
        commands = ngx_voiceagent_commands_up();
        return commands ? commands : &vr->commands[0];
    }

    i = ngx_murmur_hash2((u_char *) order.data, order.len)
        % vr->conf->connections;

    return &vr->commands[i];
}


/* in turn; NULL: none is */

static ngx_voiceagent_commands_t *
ngx_voiceagent_commands_up(void)
{
    ngx_uint_t                  i;
    ngx_voiceagent_redis_t     *vr;
    ngx_voiceagent_commands_t  *commands;

    vr = &ngx_voiceagent_redis;

    for (i = 0; i < vr->conf->connections; i++) {
        commands = &vr->commands[vr->turn++ % vr->conf->connections];

        if (commands->link.state == NGX_VOICEAGENT_LINK_UP) {
            return commands;
        }
    }

    return NULL;
}


static void
ngx_voiceagent_commands_start(ngx_voiceagent_link_t *link)
{
    va_str_t    args[3];
    ngx_uint_t  i;

    if (ngx_voiceagent_link_login(link) != NGX_OK) {
        return;
    }

    args[0] = VA_STR("SCRIPT");
    args[1] = VA_STR("LOAD");

    for (i = 0; i < NGX_VOICEAGENT_SCRIPTS; i++) {
        args[2] = va_str(ngx_voiceagent_scripts[i]->text,
                         ngx_voiceagent_scripts[i]->len);

        if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_OK, args, 3)
            != NGX_OK)
        {
            return;
        }
    }

    args[0] = VA_STR("GET");
    args[1] = VA_STR("va:schema");

    if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_SCHEMA, args, 2)
        != NGX_OK)
    {
        return;
    }

    args[0] = VA_STR("CONFIG");
    args[1] = VA_STR("GET");
    args[2] = VA_STR("append*");

    if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_CONFIG, args, 3)
        != NGX_OK)
    {
        return;
    }

    args[2] = VA_STR("maxmemory-policy");

    (void) ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_LAST_CONFIG,
                                   args, 3);
}


static ngx_int_t
ngx_voiceagent_commands_reply(ngx_voiceagent_link_t *link, redisReply *reply)
{
    ngx_queue_t                *q;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_commands_t  *commands;

    commands = (ngx_voiceagent_commands_t *) link;

    if (ngx_queue_empty(&commands->ops)) {
        return NGX_ERROR;
    }

    q = ngx_queue_head(&commands->ops);
    op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

    if (reply->type == REDIS_REPLY_ERROR) {

        if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
            && ngx_voiceagent_op_resend(op, commands) == NGX_OK)
        {
            return NGX_OK;
        }

        ngx_voiceagent_op_error(op, link, reply);

        if (ngx_strncmp(reply->str, "READONLY", 8) == 0) {
            /* demoted: the op fails with the connection */
            return NGX_ERROR;
        }

        reply = NULL;
    }

    ngx_voiceagent_op_done(op, commands, reply);

    return NGX_OK;
}


/* all that is unanswered fails, in the order asked */

static void
ngx_voiceagent_commands_failed(ngx_voiceagent_link_t *link)
{
    ngx_queue_t                *q, failed;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_commands_t  *commands;

    commands = (ngx_voiceagent_commands_t *) link;

    if (commands->expiry.timer_set) {
        ngx_del_timer(&commands->expiry);
    }

    ngx_queue_init(&failed);

    if (!ngx_queue_empty(&commands->ops)) {
        ngx_queue_add(&failed, &commands->ops);
        ngx_queue_init(&commands->ops);
    }

    while (!ngx_queue_empty(&failed)) {
        q = ngx_queue_head(&failed);
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);
        ngx_voiceagent_op_done(op, commands, NULL);
    }
}


static void
ngx_voiceagent_commands_expiry(ngx_event_t *ev)
{
    ngx_msec_t                  age, timeout;
    ngx_queue_t                *q;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_commands_t  *commands;

    commands = (ngx_voiceagent_commands_t *)
                   ((u_char *) ev - offsetof(ngx_voiceagent_commands_t,
                                             expiry));

    if (ngx_queue_empty(&commands->ops)) {
        return;
    }

    q = ngx_queue_head(&commands->ops);
    op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

    age = ngx_current_msec - op->sent;
    timeout = commands->link.conf->timeout;

    if (age < timeout) {
        ngx_add_timer(ev, timeout - age);
        return;
    }

    ngx_voiceagent_count(NGX_VOICEAGENT_REDIS_TIMEOUTS, 1);
    ngx_voiceagent_link_fail(&commands->link, "did not answer in time");
}


/* somebody flushed Redis' scripts: loaded again, then asked again */

static ngx_int_t
ngx_voiceagent_op_resend(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands)
{
    va_str_t                        argv[NGX_VOICEAGENT_REDIS_MAX_ARGS + 3];
    const ngx_voiceagent_script_t  *script;

    if (op->handler == NULL || op->resent
        || op->script == NGX_VOICEAGENT_PLAIN)
    {
        return NGX_DECLINED;
    }

    script = ngx_voiceagent_scripts[op->script];

    argv[0] = VA_STR("EVAL");
    argv[1] = va_str(script->text, script->len);
    argv[2] = va_str((char *) op->nkeys, op->nkeys_len);
    ngx_memcpy(&argv[3], op->args, op->nargs * sizeof(va_str_t));

    if (ngx_voiceagent_link_put(&commands->link, argv, op->nargs + 3)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    op->resent = 1;

    ngx_queue_remove(&op->queue);
    ngx_queue_insert_tail(&commands->ops, &op->queue);

    return NGX_OK;
}


static void
ngx_voiceagent_op_error(ngx_voiceagent_op_t *op, ngx_voiceagent_link_t *link,
    redisReply *reply)
{
    if (link->complained == ngx_time()) {
        return;
    }

    link->complained = ngx_time();

    ngx_log_error(NGX_LOG_ERR, &ngx_voiceagent_redis.log, 0,
                  "voiceagent: redis refused %s: \"%s\"",
                  op->script == NGX_VOICEAGENT_PLAIN
                  ? "a command" : ngx_voiceagent_scripts[op->script]->name,
                  reply->str);
}


static void
ngx_voiceagent_op_done(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands, redisReply *reply)
{
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    ngx_queue_remove(&op->queue);

    vr->nops--;
    vr->bytes -= op->bytes;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_INFLIGHT, -1);

    if (ngx_queue_empty(&commands->ops) && commands->expiry.timer_set) {
        ngx_del_timer(&commands->expiry);
    }

    if (op->handler) {
        op->handler(op->data, reply);
    }

    ngx_queue_insert_head(&vr->free, &op->queue);
}


static void
ngx_voiceagent_channel_start(ngx_voiceagent_link_t *link)
{
    va_str_t                   args[2];
    ngx_queue_t               *q;
    ngx_voiceagent_redis_t    *vr;
    ngx_voiceagent_channel_t  *channel;

    vr = &ngx_voiceagent_redis;

    if (ngx_voiceagent_link_login(link) != NGX_OK) {
        return;
    }

    for (q = ngx_queue_head(&vr->channels);
         q != ngx_queue_sentinel(&vr->channels);
         q = ngx_queue_next(q))
    {
        channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

        channel->ready = 0;

        args[0] = VA_STR("SUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        if (ngx_voiceagent_link_put(link, args, 2) != NGX_OK) {
            return;
        }
    }
}


/* what is published until it is connected again is not heard */

static void
ngx_voiceagent_channel_failed(ngx_voiceagent_link_t *link)
{
    ngx_queue_t               *q;
    ngx_voiceagent_redis_t    *vr;
    ngx_voiceagent_channel_t  *channel;

    vr = &ngx_voiceagent_redis;

    for (q = ngx_queue_head(&vr->channels);
         q != ngx_queue_sentinel(&vr->channels);
         q = ngx_queue_next(q))
    {
        channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

        channel->ready = 0;
    }
}


static ngx_int_t
ngx_voiceagent_channel_reply(ngx_voiceagent_link_t *link, redisReply *reply)
{
    uint32_t                   hash;
    ngx_str_t                  name;
    redisReply               **e;
    ngx_str_node_t            *sn;
    ngx_voiceagent_redis_t    *vr;
    ngx_voiceagent_channel_t  *channel;

    vr = &ngx_voiceagent_redis;

    vr->heard = ngx_current_msec;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_ERR, &vr->log, 0,
                      "voiceagent: redis answered a subscription \"%s\"",
                      reply->str);
        return NGX_ERROR;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING)
    {
        return NGX_OK;
    }

    e = reply->element;

    name.data = (u_char *) e[1]->str;
    name.len = e[1]->len;

    hash = ngx_crc32_long(name.data, name.len);

    sn = ngx_str_rbtree_lookup(&vr->names, &name, hash);
    if (sn == NULL) {
        return NGX_OK;
    }

    channel = (ngx_voiceagent_channel_t *)
                  ((u_char *) sn - offsetof(ngx_voiceagent_channel_t, name));

    if (ngx_strcmp(e[0]->str, "subscribe") == 0) {
        channel->ready = 1;
        channel->on_ready(channel->data);
        return NGX_OK;
    }

    if (ngx_strcmp(e[0]->str, "message") == 0
        && e[2]->type == REDIS_REPLY_STRING
        && e[2]->len)
    {
        channel->on_message(channel->data, va_str(e[2]->str, e[2]->len));
    }

    return NGX_OK;
}

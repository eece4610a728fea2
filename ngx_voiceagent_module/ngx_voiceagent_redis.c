
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Redis as the rest of the module sees it: commands that are answered to a
 * handler, pipelined over a few connections of each nginx worker.  Redis reads
 * each connection once a turn and no more than its buffer takes, so that
 * several let more commands share a turn and its sync.
 */


#include "ngx_voiceagent_link.h"


typedef struct {
    ngx_voiceagent_link_t          link;         /* the first: its callbacks */
    ngx_queue_t                    ops;          /* sent, not answered */
    ngx_event_t                    expiry;       /* of the oldest op */
} ngx_voiceagent_commands_t;


typedef struct {
    ngx_voiceagent_redis_conf_t   *conf;         /* NULL: not started */
    ngx_log_t                      log;

    /* of which conf->connections are used */

    ngx_voiceagent_commands_t      commands[NGX_VOICEAGENT_REDIS_CONNECTIONS];
    ngx_uint_t                     turn;         /* of what has no order */
    ngx_uint_t                     nops;         /* of all of them */
    size_t                         bytes;
    ngx_queue_t                    free;         /* ngx_voiceagent_op_t */
} ngx_voiceagent_redis_t;


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

    ngx_queue_init(&vr->free);

    ngx_voiceagent_scripts_init();

    for (i = 0; i < vr->conf->connections; i++) {
        ngx_voiceagent_commands_init(&vr->commands[i]);
    }

    ngx_voiceagent_channels_init(vr->conf, &vr->log);

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

    for (i = 0; i < vr->conf->connections; i++) {
        ngx_voiceagent_commands_exit(&vr->commands[i]);
    }

    ngx_voiceagent_channels_exit();

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
        argv[n++] = ngx_voiceagent_script_digest(script);
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


ngx_uint_t
ngx_voiceagent_redis_up(void)
{
    return ngx_voiceagent_commands_up() != NULL;
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

    ngx_voiceagent_link_exit(&commands->link);
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
        args[2] = ngx_voiceagent_script_text(i);

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
    va_str_t  argv[NGX_VOICEAGENT_REDIS_MAX_ARGS + 3];

    if (op->handler == NULL || op->resent
        || op->script == NGX_VOICEAGENT_PLAIN)
    {
        return NGX_DECLINED;
    }

    argv[0] = VA_STR("EVAL");
    argv[1] = ngx_voiceagent_script_text(op->script);
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
                  ? "a command" : ngx_voiceagent_script_name(op->script),
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

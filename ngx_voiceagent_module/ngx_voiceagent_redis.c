
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Redis as the rest of the module sees it: commands that are answered to a
 * handler, pipelined over a few connections of each nginx worker.  Redis reads
 * each connection once a turn and no more than its buffer takes, so that
 * several let more commands share a turn and its sync.  The pushes of one turn
 * of nginx' event loop leave as one command, which costs Redis less than each
 * by itself.
 */


#include "ngx_voiceagent_commands.h"


static ngx_voiceagent_commands_t *ngx_voiceagent_commands_of(va_str_t order);
static ngx_voiceagent_commands_t *ngx_voiceagent_commands_up(void);
static ngx_uint_t ngx_voiceagent_commands_choose(void);


/* of this worker process; connections are never shared with another */

ngx_voiceagent_redis_t  ngx_voiceagent_redis;


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
    ngx_queue_t                *q;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_redis_t     *vr;
    ngx_voiceagent_commands_t  *commands;

    vr = &ngx_voiceagent_redis;

    if (vr->conf == NULL || ngx_voiceagent_redis_overloaded()) {
        return NULL;
    }

    commands = ngx_voiceagent_commands_of(order);

    if (commands->link.state == NGX_VOICEAGENT_LINK_DOWN) {
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
    op->bytes = ngx_voiceagent_link_size(args, nargs);
    op->commands = commands;
    op->count = 1;
    op->resent = 0;

    ngx_voiceagent_commands_gather(commands, op);

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
    /* what was sent stays sent, and its arguments are about to go */

    ngx_voiceagent_commands_gathered(&op->commands->link);

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
        % ngx_voiceagent_commands_choose();

    return &vr->commands[i];
}


/* in turn; NULL: none is */

static ngx_voiceagent_commands_t *
ngx_voiceagent_commands_up(void)
{
    ngx_uint_t                  i, used;
    ngx_voiceagent_redis_t     *vr;
    ngx_voiceagent_commands_t  *commands;

    vr = &ngx_voiceagent_redis;
    used = ngx_voiceagent_commands_choose();

    for (i = 0; i < vr->conf->connections; i++) {
        commands = &vr->commands[i < used ? vr->turn++ % used : i];

        if (commands->link.state == NGX_VOICEAGENT_LINK_UP) {
            return commands;
        }
    }

    return NULL;
}


/*
 * Where Redis does not sync before it answers, one takes all, so that more of
 * them are one command; the others are there for when it does.  It changes only
 * while nothing is under way that could be overtaken.
 */

static ngx_uint_t
ngx_voiceagent_commands_choose(void)
{
    ngx_voiceagent_redis_t  *vr;

    vr = &ngx_voiceagent_redis;

    if (vr->nops == 0) {
        vr->used = vr->conf->adapt
                   && ngx_voiceagent_link_does_not_sync(&vr->commands[0].link)
                   ? 1 : vr->conf->connections;
    }

    return vr->used;
}

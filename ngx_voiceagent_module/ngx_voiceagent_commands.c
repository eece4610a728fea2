
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Commands over one connection: sent in their order, each with its answer or
 * its failure.  Pushes of one turn of the event loop gather and leave as one.
 */


#include "ngx_voiceagent_commands.h"


static void ngx_voiceagent_commands_start(ngx_voiceagent_link_t *link);
static ngx_int_t ngx_voiceagent_commands_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);
static void ngx_voiceagent_commands_failed(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_commands_expiry(ngx_event_t *ev);
static ngx_int_t ngx_voiceagent_op_resend(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands);
static ngx_int_t ngx_voiceagent_op_refused(ngx_voiceagent_op_t *op,
    ngx_voiceagent_link_t *link, redisReply *reply);
static ngx_uint_t ngx_voiceagent_op_demoted(redisReply *reply);
static void ngx_voiceagent_op_complain(ngx_voiceagent_op_t *op,
    ngx_voiceagent_link_t *link, const char *what, const char *text);
static void ngx_voiceagent_op_done(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands, redisReply *reply);


void
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
    commands->link.gathered = ngx_voiceagent_commands_gathered;
    commands->link.reply = ngx_voiceagent_commands_reply;
    commands->link.failed = ngx_voiceagent_commands_failed;

    ngx_voiceagent_link_connect(&commands->link);
}


void
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


/* only pushes wait for others, until the turn's end sends them */

void
ngx_voiceagent_commands_gather(ngx_voiceagent_commands_t *commands,
    ngx_voiceagent_op_t *op)
{
    ngx_voiceagent_op_t    *first;
    ngx_voiceagent_link_t  *link;

    link = &commands->link;

    if (commands->unsent
        && (!ngx_voiceagent_batch_fits(commands->unsent, op)
            || commands->unsent_bytes + op->bytes
               > NGX_VOICEAGENT_BATCH_BYTES))
    {
        ngx_voiceagent_commands_gathered(link);
    }

    ngx_queue_insert_tail(&commands->ops, &op->queue);

    first = commands->unsent;

    if (first) {
        first->count++;
        commands->unsent_bytes += op->bytes;

    } else {
        first = op;
        commands->unsent = op;
        commands->unsent_bytes = op->bytes;
    }

    if (op->script != NGX_VOICEAGENT_PUSH
        || link->state != NGX_VOICEAGENT_LINK_UP
        || first->count == NGX_VOICEAGENT_BATCH_OPS)
    {
        ngx_voiceagent_commands_gathered(link);
        return;
    }

    ngx_post_event(&link->flush, &ngx_posted_events);
}


/* without memory the connection fails, and all of its ops with it */

void
ngx_voiceagent_commands_gathered(ngx_voiceagent_link_t *link)
{
    ngx_voiceagent_op_t        *first;
    ngx_voiceagent_commands_t  *commands;

    commands = (ngx_voiceagent_commands_t *) link;
    first = commands->unsent;

    if (first) {
        commands->unsent = NULL;
        (void) ngx_voiceagent_batch_put(link, first);
    }
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
    ngx_int_t                   rc;
    ngx_uint_t                  i, count;
    ngx_queue_t                *q;
    redisReply                 *answer;
    ngx_voiceagent_op_t        *op;
    ngx_voiceagent_commands_t  *commands;

    commands = (ngx_voiceagent_commands_t *) link;

    if (ngx_queue_empty(&commands->ops)) {
        return NGX_ERROR;
    }

    q = ngx_queue_head(&commands->ops);
    op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

    if (op == commands->unsent) {
        return NGX_ERROR;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
        && ngx_voiceagent_op_resend(op, commands) == NGX_OK)
    {
        return NGX_OK;
    }

    rc = NGX_OK;
    count = op->count;

    for (i = 0; i < count; i++) {
        q = ngx_queue_head(&commands->ops);
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

        answer = ngx_voiceagent_batch_answer(reply, count, i);

        if (answer == NULL) {
            /* and whose the next reply is nobody knows */
            ngx_voiceagent_op_complain(op, link, "did not answer",
                                       "what came is not one for each");
            rc = NGX_ERROR;

        } else if (answer->type == REDIS_REPLY_ERROR) {

            if (ngx_voiceagent_op_refused(op, link, answer) != NGX_OK) {
                rc = NGX_ERROR;
            }

            answer = NULL;
        }

        ngx_voiceagent_op_done(op, commands, answer);
    }

    return rc;
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

    commands->unsent = NULL;

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


/* somebody flushed Redis' scripts: sent along, with all that went as one */

static ngx_int_t
ngx_voiceagent_op_resend(ngx_voiceagent_op_t *op,
    ngx_voiceagent_commands_t *commands)
{
    ngx_uint_t            i, count;
    ngx_queue_t          *q;
    ngx_voiceagent_op_t  *first;

    if (op->resent || op->script == NGX_VOICEAGENT_PLAIN) {
        return NGX_DECLINED;
    }

    ngx_voiceagent_commands_gathered(&commands->link);

    first = NULL;
    count = op->count;

    for (i = 0; i < count; i++) {
        q = ngx_queue_head(&commands->ops);
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

        if (op->handler == NULL) {
            ngx_voiceagent_op_done(op, commands, NULL);
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&commands->ops, q);

        if (first) {
            first->count++;
            continue;
        }

        first = op;
        first->count = 1;
        first->resent = 1;
    }

    if (first) {
        (void) ngx_voiceagent_batch_put(&commands->link, first);
    }

    return NGX_OK;
}


/* NGX_ERROR: nothing else can be asked of it */

static ngx_int_t
ngx_voiceagent_op_refused(ngx_voiceagent_op_t *op, ngx_voiceagent_link_t *link,
    redisReply *reply)
{
    ngx_voiceagent_op_complain(op, link, "refused", reply->str);

    if (!ngx_voiceagent_op_demoted(reply)) {
        return NGX_OK;
    }

    /* however long it has worked: the next address is tried */

    link->since = ngx_current_msec;

    return NGX_ERROR;
}


/*
 * It has become a replica.  Redis before 7 puts the word behind its own, of an
 * error within a script.
 */

static ngx_uint_t
ngx_voiceagent_op_demoted(redisReply *reply)
{
    static const char  running[] = "ERR Error running script";

    return ngx_strncmp(reply->str, "READONLY", 8) == 0
           || (ngx_strncmp(reply->str, running, sizeof(running) - 1) == 0
               && ngx_strstr(reply->str, ": -READONLY ") != NULL);
}


static void
ngx_voiceagent_op_complain(ngx_voiceagent_op_t *op, ngx_voiceagent_link_t *link,
    const char *what, const char *text)
{
    if (link->complained == ngx_time()) {
        return;
    }

    link->complained = ngx_time();

    ngx_log_error(NGX_LOG_ERR, &ngx_voiceagent_redis.log, 0,
                  "voiceagent: redis %s %s: \"%s\"", what,
                  op->script == NGX_VOICEAGENT_PLAIN
                  ? "a command" : ngx_voiceagent_script_name(op->script),
                  text);
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

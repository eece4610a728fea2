
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Requests that wait for a worker's reply.  One channel serves the whole
 * process; a reply names its job, and the job its waiters.  A published reply
 * can be missed, so its key is read too: once before the deadline, and whenever
 * the subscription had to be made again.
 */


#include "ngx_voiceagent_job.h"


#define NGX_VOICEAGENT_HEAD       256        /* of a reply: id, stored */
#define NGX_VOICEAGENT_WAIT_POOL  2048       /* the waiter, 1 KB of reply */
#define NGX_VOICEAGENT_POLL       100
#define NGX_VOICEAGENT_SCRATCH    1024


typedef struct {
    ngx_voiceagent_channel_t       channel;
    ngx_rbtree_t                   tree;
    ngx_rbtree_node_t              sentinel;
    ngx_queue_t                    queue;
    u_char                         name[NGX_MAXHOSTNAMELEN + 64];
} ngx_voiceagent_waiters_t;


typedef struct {
    size_t                         used;
    u_char                         memory[NGX_VOICEAGENT_SCRATCH];
} ngx_voiceagent_scratch_t;


static ngx_voiceagent_waiter_t *ngx_voiceagent_waiter_create(
    ngx_http_request_t *r);
static void ngx_voiceagent_waiter_insert(ngx_voiceagent_waiter_t *w,
    ngx_str_t *id);
static void ngx_voiceagent_waiter_remove(ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_waiter_pushed(ngx_voiceagent_push_t *push);
static void ngx_voiceagent_waiters_message(void *data, va_str_t message);
static void ngx_voiceagent_waiters_get(ngx_str_t *id);
static void *ngx_voiceagent_scratch_alloc(void *ctx, size_t size);
static void ngx_voiceagent_waiters_ready(void *data);
static void ngx_voiceagent_waiter_deadline(ngx_event_t *ev);
static void ngx_voiceagent_waiter_poll(ngx_event_t *ev);
static void ngx_voiceagent_waiter_poll_later(ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_waiter_get(ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_waiter_got(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_waiter_take(ngx_voiceagent_waiter_t *w,
    va_str_t text);
static void ngx_voiceagent_waiter_end(ngx_voiceagent_waiter_t *w,
    ngx_voiceagent_wait_e outcome);
static void ngx_voiceagent_waiter_resume(ngx_voiceagent_ask_t *ask);
static void ngx_voiceagent_waiter_stop(ngx_voiceagent_waiter_t *w);
static void ngx_voiceagent_waiter_cleanup(void *data);


#define ngx_voiceagent_waiter_of(p, field)                                    \
    ((ngx_voiceagent_waiter_t *)                                              \
        ((u_char *) (p) - offsetof(ngx_voiceagent_waiter_t, field)))


static ngx_voiceagent_waiters_t  ngx_voiceagent_waiters;


ngx_int_t
ngx_voiceagent_waiters_init_process(ngx_cycle_t *cycle)
{
    u_char                    *p;
    ngx_voiceagent_waiters_t  *vw;

    vw = &ngx_voiceagent_waiters;

    ngx_memzero(vw, sizeof(ngx_voiceagent_waiters_t));

    ngx_rbtree_init(&vw->tree, &vw->sentinel, ngx_str_rbtree_insert_value);
    ngx_queue_init(&vw->queue);

    /* an old and a new process of one host never share a channel */

    p = ngx_snprintf(vw->name, sizeof(vw->name), "va:reply:%V:%P:%08xD",
                     &cycle->hostname, ngx_pid, (uint32_t) ngx_random());

    vw->channel.name.str.data = vw->name;
    vw->channel.name.str.len = p - vw->name;
    vw->channel.on_message = ngx_voiceagent_waiters_message;
    vw->channel.on_ready = ngx_voiceagent_waiters_ready;
    vw->channel.data = vw;

    ngx_voiceagent_channel_subscribe(&vw->channel);

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_wait(ngx_http_request_t *r, ngx_voiceagent_job_conf_t *conf,
    ngx_uint_t flags, void (*handler)(ngx_voiceagent_waiter_t *), void *data,
    ngx_voiceagent_waiter_t **waiter)
{
    ngx_int_t                      rc;
    ngx_str_t                      id;
    ngx_voiceagent_job_t           job;
    ngx_voiceagent_waiter_t       *w;
    ngx_voiceagent_job_options_t   options;

    options.conf = conf;
    options.channel = ngx_voiceagent_waiters.channel.name.str;
    options.timeout = conf->timeout;
    options.body = flags & NGX_VOICEAGENT_WAIT_BODY;

    rc = ngx_voiceagent_job_build(r, &options, &job);
    if (rc != NGX_OK) {
        return rc;
    }

    w = ngx_voiceagent_waiter_create(r);
    if (w == NULL) {
        return NGX_ERROR;
    }

    w->handler = handler;
    w->data = data;
    w->queue_name = conf->queue;
    w->document = job.memory;
    w->promised = (flags & NGX_VOICEAGENT_WAIT_PROMISE) != 0;

    ngx_voiceagent_ngx(&id, job.id);
    ngx_voiceagent_waiter_insert(w, &id);

    ngx_add_timer(&w->deadline, conf->timeout);

    w->interval = NGX_VOICEAGENT_POLL;
    w->last = ngx_current_msec + conf->timeout / 5 * 4;
    ngx_voiceagent_waiter_poll_later(w);

    w->push.handler = ngx_voiceagent_waiter_pushed;
    w->push.data = w;

    w->told = waiter;

    if (waiter) {
        *waiter = w;
    }

    rc = ngx_voiceagent_push(r, &w->push, &conf->queue, &job,
                             conf->dedup_ttl,
                             &ngx_voiceagent_waiters.channel.name.str);

    if (rc == NGX_ERROR) {
        ngx_voiceagent_wait_cancel(w);
    }

    if (rc == NGX_BUSY) {
        ngx_voiceagent_waiter_end(w, ngx_voiceagent_redis_overloaded()
                                     ? NGX_VOICEAGENT_WAIT_OVERLOADED
                                     : NGX_VOICEAGENT_WAIT_UNAVAILABLE);
        rc = NGX_OK;
    }

    return rc;
}


/* cancelled by the end of the request */

static ngx_voiceagent_waiter_t *
ngx_voiceagent_waiter_create(ngx_http_request_t *r)
{
    ngx_pool_t               *pool;
    ngx_http_cleanup_t       *cln;
    ngx_voiceagent_waiter_t  *w;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    /* its handler may close the connection, and so end that one's log */

    pool = ngx_create_pool(NGX_VOICEAGENT_WAIT_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    w = ngx_pcalloc(pool, sizeof(ngx_voiceagent_waiter_t));
    if (w == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    w->pool = pool;
    w->cleanup = cln;

    ngx_voiceagent_ask_init(r, &w->ask, ngx_voiceagent_waiter_got,
                            ngx_voiceagent_waiter_resume);

    /* its fd is what a debug log would read of the data */

    w->deadline.handler = ngx_voiceagent_waiter_deadline;
    w->deadline.log = r->connection->log;
    w->deadline.data = r->connection;

    w->poll = w->deadline;
    w->poll.handler = ngx_voiceagent_waiter_poll;

    cln->handler = ngx_voiceagent_waiter_cleanup;
    cln->data = w;

    return w;
}


static void
ngx_voiceagent_waiter_insert(ngx_voiceagent_waiter_t *w, ngx_str_t *id)
{
    w->node.str = *id;
    w->node.node.key = ngx_crc32_short(id->data, id->len);

    ngx_rbtree_insert(&ngx_voiceagent_waiters.tree, &w->node.node);
    ngx_queue_insert_tail(&ngx_voiceagent_waiters.queue, &w->queue);

    w->registered = 1;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_WAITERS, 1);
}


static void
ngx_voiceagent_waiter_remove(ngx_voiceagent_waiter_t *w)
{
    if (!w->registered) {
        return;
    }

    ngx_rbtree_delete(&ngx_voiceagent_waiters.tree, &w->node.node);
    ngx_queue_remove(&w->queue);

    w->registered = 0;

    ngx_voiceagent_gauge(NGX_VOICEAGENT_WAITERS, -1);
}


static void
ngx_voiceagent_waiter_pushed(ngx_voiceagent_push_t *push)
{
    ngx_voiceagent_waiter_t  *w = push->data;

    if (w->ended) {
        return;
    }

    w->pushed = 1;

    switch (push->result) {

    case NGX_VOICEAGENT_PUSH_NEW:
        break;

    case NGX_VOICEAGENT_PUSH_STORED:
        w->done = 1;

        /* fall through */

    case NGX_VOICEAGENT_PUSH_RUNNING:
        ngx_voiceagent_waiter_remove(w);
        ngx_voiceagent_waiter_insert(w, &push->id);

        /* its reply may have come while we waited for another's */

        if (!w->overdue) {
            ngx_voiceagent_waiter_get(w);
        }

        break;

    case NGX_VOICEAGENT_PUSH_DONE:
        w->text = push->reply;
        ngx_voiceagent_waiter_end(w, w->text.len
                                     ? NGX_VOICEAGENT_WAIT_REPLY
                                     : NGX_VOICEAGENT_WAIT_ENDED);
        return;

    default: /* NGX_VOICEAGENT_PUSH_FAILED */
        ngx_voiceagent_waiter_end(w, NGX_VOICEAGENT_WAIT_UNAVAILABLE);
        return;
    }

    if (w->overdue) {
        ngx_voiceagent_waiter_end(w, NGX_VOICEAGENT_WAIT_TIMEOUT);
    }
}


static void
ngx_voiceagent_waiters_message(void *data, va_str_t message)
{
    uint32_t                   hash;
    va_str_t                   values[2];
    va_alloc_t                 mem;
    ngx_str_t                  id;
    ngx_uint_t                 found;
    ngx_str_node_t            *sn;
    ngx_voiceagent_scratch_t   scratch;
    static const va_str_t      pointers[] = {
        { "/id", sizeof("/id") - 1 },
        { "/stored", sizeof("/stored") - 1 }
    };

    scratch.used = 0;
    mem.alloc = ngx_voiceagent_scratch_alloc;
    mem.ctx = &scratch;

    if (va_json_scan(&mem, message, NGX_VOICEAGENT_HEAD, pointers, 2, values)
        != VA_OK)
    {
        return;
    }

    ngx_voiceagent_ngx(&id, values[0]);

    hash = ngx_crc32_short(id.data, id.len);
    found = 0;

    for ( ;; ) {
        sn = ngx_str_rbtree_lookup(&ngx_voiceagent_waiters.tree, &id, hash);

        if (sn == NULL) {
            break;
        }

        found = 1;

        if (values[1].len) {
            ngx_voiceagent_waiters_get(&id);
            break;
        }

        ngx_voiceagent_waiter_take((ngx_voiceagent_waiter_t *) sn, message);
    }

    if (!found) {
        ngx_voiceagent_count(NGX_VOICEAGENT_REPLIES_LATE, 1);
    }
}


static void *
ngx_voiceagent_scratch_alloc(void *ctx, size_t size)
{
    ngx_voiceagent_scratch_t  *scratch = ctx;

    u_char  *p;

    size = ngx_align(size, NGX_ALIGNMENT);

    if (size > NGX_VOICEAGENT_SCRATCH - scratch->used) {
        return NULL;
    }

    p = &scratch->memory[scratch->used];
    scratch->used += size;

    return p;
}


/* while there was no subscription, replies may have been published */

static void
ngx_voiceagent_waiters_ready(void *data)
{
    ngx_voiceagent_waiters_get(NULL);
}


/* of the job of that id, or of all */

static void
ngx_voiceagent_waiters_get(ngx_str_t *id)
{
    ngx_queue_t              *q;
    ngx_voiceagent_waiter_t  *w;

    for (q = ngx_queue_head(&ngx_voiceagent_waiters.queue);
         q != ngx_queue_sentinel(&ngx_voiceagent_waiters.queue);
         q = ngx_queue_next(q))
    {
        w = ngx_queue_data(q, ngx_voiceagent_waiter_t, queue);

        if (id == NULL
            || (w->node.str.len == id->len
                && ngx_strncmp(w->node.str.data, id->data, id->len) == 0))
        {
            ngx_voiceagent_waiter_get(w);
        }
    }
}


static void
ngx_voiceagent_waiter_deadline(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_voiceagent_waiter_t  *w;

    w = ngx_voiceagent_waiter_of(ev, deadline);

    if (w->promised && !w->pushed) {
        w->overdue = 1;
        return;
    }

    c = w->ask.request->connection;

    ngx_voiceagent_waiter_end(w, NGX_VOICEAGENT_WAIT_TIMEOUT);

    ngx_http_run_posted_requests(c);
}


static void
ngx_voiceagent_waiter_poll(ngx_event_t *ev)
{
    ngx_voiceagent_waiter_t  *w;

    w = ngx_voiceagent_waiter_of(ev, poll);

    ngx_voiceagent_waiter_get(w);

    ngx_voiceagent_waiter_poll_later(w);
}


/* without a subscription again and again; before the deadline always */

static void
ngx_voiceagent_waiter_poll_later(ngx_voiceagent_waiter_t *w)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (w->last - ngx_current_msec);

    if (left <= 0) {
        return;
    }

    if (!ngx_voiceagent_waiters.channel.ready
        && w->interval < (ngx_msec_t) left)
    {
        ngx_add_timer(&w->poll, w->interval);
        w->interval *= 2;
        return;
    }

    ngx_add_timer(&w->poll, (ngx_msec_t) left);
}


static void
ngx_voiceagent_waiter_get(ngx_voiceagent_waiter_t *w)
{
    u_char  *p, *last;

    if (w->ended) {
        return;
    }

    /* what is under way may have been answered before there was a reply */

    w->again = w->ask.op != NULL;

    if (w->again) {
        return;
    }

    p = ngx_pnalloc(w->pool, sizeof("va:{}:res:") - 1 + w->queue_name.len
                             + w->node.str.len);
    if (p == NULL) {
        return;
    }

    last = ngx_sprintf(p, "va:{%V}:res:%V", &w->queue_name, &w->node.str);

    w->ask.args[0] = VA_STR("GET");
    w->ask.args[1] = va_str((char *) p, last - p);

    (void) ngx_voiceagent_ask(&w->ask, NGX_VOICEAGENT_PLAIN, VA_STR_NULL, 2,
                              0);
}


static void
ngx_voiceagent_waiter_got(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    ngx_voiceagent_waiter_t  *w;

    w = ngx_voiceagent_waiter_of(ask, ask);

    if (reply && reply->type == REDIS_REPLY_STRING && !w->ended) {
        ngx_voiceagent_count(NGX_VOICEAGENT_REPLIES_STORED, 1);
        ngx_voiceagent_waiter_take(w, va_str(reply->str, reply->len));

    } else if (w->again) {
        ngx_voiceagent_waiter_get(w);

    } else if (reply && reply->type == REDIS_REPLY_NIL && w->done) {
        ngx_voiceagent_waiter_end(w, NGX_VOICEAGENT_WAIT_ENDED);
    }
}


static void
ngx_voiceagent_waiter_take(ngx_voiceagent_waiter_t *w, va_str_t text)
{
    w->text.data = ngx_pnalloc(w->pool, text.len + 1);

    if (w->text.data) {
        ngx_memcpy(w->text.data, text.data, text.len);
        w->text.len = text.len;
    }

    ngx_voiceagent_waiter_end(w, w->text.data
                                 ? NGX_VOICEAGENT_WAIT_REPLY
                                 : NGX_VOICEAGENT_WAIT_UNAVAILABLE);
}


/* the handler runs later: this may stand deep within a connection's reading */

static void
ngx_voiceagent_waiter_end(ngx_voiceagent_waiter_t *w,
    ngx_voiceagent_wait_e outcome)
{
    if (w->ended) {
        return;
    }

    w->ended = 1;
    w->outcome = outcome;

    ngx_voiceagent_waiter_remove(w);

    ngx_voiceagent_ask_resume(&w->ask);
}


static void
ngx_voiceagent_waiter_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_voiceagent_waiter_t  *w;

    w = ngx_voiceagent_waiter_of(ask, ask);

    ngx_voiceagent_waiter_stop(w);

    w->handler(w);

    ngx_destroy_pool(w->pool);
}


static void
ngx_voiceagent_waiter_cleanup(void *data)
{
    ngx_voiceagent_wait_cancel(data);
}


void
ngx_voiceagent_wait_cancel(ngx_voiceagent_waiter_t *w)
{
    ngx_voiceagent_waiter_stop(w);

    ngx_destroy_pool(w->pool);
}


/* from now on nothing leads to it */

static void
ngx_voiceagent_waiter_stop(ngx_voiceagent_waiter_t *w)
{
    ngx_voiceagent_waiter_remove(w);

    w->ended = 1;
    w->cleanup->handler = NULL;

    if (w->told) {
        *w->told = NULL;
    }

    ngx_voiceagent_ask_cancel(&w->ask);
    ngx_voiceagent_ask_cancel(&w->push.ask);
    ngx_voiceagent_job_forget(w->document);

    if (w->deadline.timer_set) {
        ngx_del_timer(&w->deadline);
    }

    if (w->poll.timer_set) {
        ngx_del_timer(&w->poll);
    }
}

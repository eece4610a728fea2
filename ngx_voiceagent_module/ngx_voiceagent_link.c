
/*
 * Copyright (C) voiceagent authors
 */


/*
 * A connection to Redis on nginx's event loop: opened, opened again when it
 * fails, read and written.  hiredis reads the replies; the
 * commands are written where they are sent from, since a job is large enough
 * for its copies to be felt.  hiredis' asynchronous layer is not used: it owns
 * the descriptor and the callbacks in ways that do not fit nginx's.
 */


#include "ngx_voiceagent_link.h"


#define NGX_VOICEAGENT_LINK_READ       16384
#define NGX_VOICEAGENT_LINK_READS      64    /* in one turn */
#define NGX_VOICEAGENT_LINK_BACKOFF    50    /* milliseconds, doubled */
#define NGX_VOICEAGENT_LINK_BACKOFFS   2000
#define NGX_VOICEAGENT_LINK_PROVEN     1000
#define NGX_VOICEAGENT_LINK_KEEP       65536 /* of an empty output */


static ngx_int_t ngx_voiceagent_link_get_peer(ngx_peer_connection_t *pc,
    void *data);
static void ngx_voiceagent_link_connected(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_link_read(ngx_event_t *rev);
static ngx_int_t ngx_voiceagent_link_replies(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_link_told(ngx_voiceagent_link_t *link,
    redisReply *reply);
static void ngx_voiceagent_link_write(ngx_event_t *wev);
static void ngx_voiceagent_link_flush(ngx_event_t *ev);
static void ngx_voiceagent_link_timer(ngx_event_t *ev);
static ngx_msec_t ngx_voiceagent_link_backoff(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_link_close(ngx_voiceagent_link_t *link);
static ngx_int_t ngx_voiceagent_link_reserve(ngx_voiceagent_link_t *link,
    size_t len);


#define ngx_voiceagent_link_of(ev, field)                                     \
    ((ngx_voiceagent_link_t *)                                                \
        ((u_char *) (ev) - offsetof(ngx_voiceagent_link_t, field)))


void
ngx_voiceagent_link_init(ngx_voiceagent_link_t *link, const char *name,
    ngx_voiceagent_redis_conf_t *conf, ngx_log_t *log)
{
    ngx_memzero(link, sizeof(ngx_voiceagent_link_t));

    link->name = name;
    link->conf = conf;
    link->log = log;

    link->dummy.fd = (ngx_socket_t) -1;

    link->timer.handler = ngx_voiceagent_link_timer;
    link->timer.log = log;
    link->timer.data = &link->dummy;
    link->timer.cancelable = 1;

    link->flush.handler = ngx_voiceagent_link_flush;
    link->flush.log = log;
    link->flush.data = &link->dummy;
}


void
ngx_voiceagent_link_connect(ngx_voiceagent_link_t *link)
{
    ngx_int_t                     rc;
    ngx_addr_t                   *addr;
    ngx_connection_t             *c;
    ngx_peer_connection_t        *pc;
    ngx_voiceagent_redis_conf_t  *conf;

    conf = link->conf;
    pc = &link->peer;
    addr = conf->addrs.elts;

    ngx_memzero(pc, sizeof(ngx_peer_connection_t));

    if (conf->master.len && link->master_len) {
        link->state = NGX_VOICEAGENT_LINK_CONNECTING;
        pc->sockaddr = &link->master.sockaddr;
        pc->socklen = link->master_len;

    } else {
        link->state = conf->master.len ? NGX_VOICEAGENT_LINK_SENTINEL
                                       : NGX_VOICEAGENT_LINK_CONNECTING;
        addr += link->address % conf->addrs.nelts;
        pc->sockaddr = addr->sockaddr;
        pc->socklen = addr->socklen;
    }

    pc->name = &conf->name;
    pc->get = ngx_voiceagent_link_get_peer;
    pc->log = link->log;
    pc->log_error = NGX_ERROR_INFO;

    /* one that is seldom asked learns that its host is gone */
    pc->so_keepalive = pc->sockaddr->sa_family != AF_UNIX;

    link->reader = redisReaderCreate();
    if (link->reader == NULL) {
        ngx_voiceagent_link_fail(link, "no memory");
        return;
    }

    rc = ngx_event_connect_peer(pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_voiceagent_link_fail(link, "cannot connect");
        return;
    }

    c = pc->connection;

    link->connection = c;

    c->data = link;
    c->log = link->log;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_voiceagent_link_read;
    c->write->handler = ngx_voiceagent_link_write;

    if (rc == NGX_OK) {
        ngx_voiceagent_link_connected(link);
        return;
    }

    link->connecting = 1;

    ngx_add_timer(&link->timer, conf->timeout);
}


static ngx_int_t
ngx_voiceagent_link_get_peer(ngx_peer_connection_t *pc, void *data)
{
    return NGX_OK;
}


/*
 * What requests have asked meanwhile stands in the output already; it goes out
 * behind the setup, so that a script is known before it is called.
 */

static void
ngx_voiceagent_link_connected(ngx_voiceagent_link_t *link)
{
    u_char            *pending;
    size_t             size;
    ngx_connection_t  *c;

    c = link->connection;

    link->connecting = 0;

    if (link->timer.timer_set) {
        ngx_del_timer(&link->timer);
    }

    if (link->peer.sockaddr->sa_family != AF_UNIX) {
        (void) ngx_tcp_nodelay(c);
    }

    if (link->state == NGX_VOICEAGENT_LINK_SENTINEL) {

        if (ngx_voiceagent_sentinel_ask(link) != NGX_OK) {
            ngx_voiceagent_link_fail(link, "cannot ask a sentinel");
            return;
        }

        ngx_add_timer(&link->timer, link->conf->timeout);

        return;
    }

    link->state = NGX_VOICEAGENT_LINK_UP;

    ngx_voiceagent_count(NGX_VOICEAGENT_REDIS_CONNECTS, 1);

    pending = link->out;
    size = link->out_last - link->out_pos;

    link->out = NULL;
    link->out_pos = NULL;
    link->out_last = NULL;
    link->out_end = NULL;

    link->start(link);

    if (size && ngx_voiceagent_link_reserve(link, size) == NGX_OK) {
        link->out_last = ngx_cpymem(link->out_last, pending, size);
    }

    ngx_free(pending);
}


static void
ngx_voiceagent_link_read(ngx_event_t *rev)
{
    ssize_t                 n;
    ngx_uint_t              i;
    ngx_connection_t       *c;
    ngx_voiceagent_link_t  *link;
    u_char                  buffer[NGX_VOICEAGENT_LINK_READ];

    c = rev->data;
    link = c->data;

    if (c->close) {
        /* worker_shutdown_timeout: there is no time to connect again */
        link->exiting = 1;
        ngx_voiceagent_link_fail(link, "is shut down");
        return;
    }

    for (i = 0; i < NGX_VOICEAGENT_LINK_READS; i++) {

        n = c->recv(c, buffer, NGX_VOICEAGENT_LINK_READ);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                ngx_voiceagent_link_fail(link, "has no read event");
            }

            return;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_voiceagent_link_fail(link, n ? "failed" : "was closed");
            return;
        }

        if (redisReaderFeed(link->reader, (char *) buffer, n) != REDIS_OK) {
            ngx_voiceagent_link_fail(link, "has no memory for replies");
            return;
        }

        if (ngx_voiceagent_link_replies(link) != NGX_OK) {
            return;
        }
    }

    /* let others run before the rest */

    ngx_post_event(rev, &ngx_posted_next_events);
}


/* NGX_ERROR: the connection has ended */

static ngx_int_t
ngx_voiceagent_link_replies(ngx_voiceagent_link_t *link)
{
    void       *reply;
    ngx_int_t   rc;

    for ( ;; ) {
        if (redisReaderGetReply(link->reader, &reply) != REDIS_OK) {
            ngx_voiceagent_link_fail(link, "does not speak RESP");
            return NGX_ERROR;
        }

        if (reply == NULL) {
            return NGX_OK;
        }

        if (link->state == NGX_VOICEAGENT_LINK_SENTINEL) {
            ngx_voiceagent_link_told(link, reply);
            return NGX_ERROR;
        }

        rc = link->setup_done < link->nsetup
             ? ngx_voiceagent_link_setup_reply(link, reply)
             : link->reply(link, reply);

        freeReplyObject(reply);

        if (rc != NGX_OK) {
            ngx_voiceagent_link_fail(link, "refused us");
            return NGX_ERROR;
        }
    }
}


/* frees the reply: the connection, and with it the reader, ends here */

static void
ngx_voiceagent_link_told(ngx_voiceagent_link_t *link, redisReply *reply)
{
    const char  *why;

    why = ngx_voiceagent_sentinel_reply(link, reply);

    freeReplyObject(reply);

    if (why) {
        ngx_voiceagent_link_fail(link, why);
        return;
    }

    /* what requests have asked meanwhile is kept for the master */

    ngx_del_timer(&link->timer);
    ngx_close_connection(link->connection);
    link->connection = NULL;
    redisReaderFree(link->reader);
    link->reader = NULL;
    link->nsetup = 0;

    ngx_voiceagent_link_connect(link);
}


static void
ngx_voiceagent_link_write(ngx_event_t *wev)
{
    int                     err;
    socklen_t               len;
    ngx_connection_t       *c;
    ngx_voiceagent_link_t  *link;

    c = wev->data;
    link = c->data;

    if (link->state == NGX_VOICEAGENT_LINK_UP) {
        ngx_voiceagent_link_flush(&link->flush);
        return;
    }

    if (!link->connecting) {
        return;
    }

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_log_error(NGX_LOG_INFO, c->log, err, "connect() to redis failed");
        ngx_voiceagent_link_fail(link, "cannot connect");
        return;
    }

    ngx_voiceagent_link_connected(link);
}


/* posted when output gathers, so that one write carries a whole turn's */

static void
ngx_voiceagent_link_flush(ngx_event_t *ev)
{
    ssize_t                 n;
    ngx_connection_t       *c;
    ngx_voiceagent_link_t  *link;

    link = ngx_voiceagent_link_of(ev, flush);
    c = link->connection;

    if (link->gathered) {
        link->gathered(link);

        if (ev->posted) {
            ngx_delete_posted_event(ev);
        }
    }

    if (link->broken) {
        ngx_voiceagent_link_fail(link, "has no memory for commands");
        return;
    }

    if (link->state != NGX_VOICEAGENT_LINK_UP) {
        return;
    }

    while (link->out_pos < link->out_last) {

        n = c->send(c, link->out_pos, link->out_last - link->out_pos);

        if (n == NGX_AGAIN || n == 0) {
            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                ngx_voiceagent_link_fail(link, "has no write event");
            }

            return;
        }

        if (n == NGX_ERROR) {
            ngx_voiceagent_link_fail(link, "failed");
            return;
        }

        link->out_pos += n;
    }

    link->out_pos = link->out;
    link->out_last = link->out;

    /* an event that is told by level would be told without end */

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_voiceagent_link_fail(link, "has no write event");
        return;
    }

    if (link->out_end - link->out > NGX_VOICEAGENT_LINK_KEEP) {
        ngx_free(link->out);
        link->out = NULL;
        link->out_pos = NULL;
        link->out_last = NULL;
        link->out_end = NULL;
    }
}


static void
ngx_voiceagent_link_timer(ngx_event_t *ev)
{
    ngx_voiceagent_link_t  *link;

    link = ngx_voiceagent_link_of(ev, timer);

    if (link->state != NGX_VOICEAGENT_LINK_DOWN) {
        ngx_voiceagent_link_fail(link, "cannot connect in time");
        return;
    }

    ngx_voiceagent_link_connect(link);
}


void
ngx_voiceagent_link_fail(ngx_voiceagent_link_t *link, const char *why)
{
    ngx_voiceagent_count(NGX_VOICEAGENT_REDIS_FAILURES, 1);

    if (link->complained != ngx_time()) {
        link->complained = ngx_time();
        ngx_log_error(NGX_LOG_ERR, link->log, 0,
                      "voiceagent: redis \"%V\" (%s) %s",
                      &link->conf->name, link->name, why);
    }

    /* the master may have moved */
    link->master_len = 0;

    ngx_voiceagent_link_close(link);

    if (link->exiting) {
        return;
    }

    ngx_add_timer(&link->timer, ngx_voiceagent_link_backoff(link));
}


/*
 * What has worked for a while is most often there, and only this connection is
 * gone: a firewall's or Redis' own limit for idle ones.
 */

static ngx_msec_t
ngx_voiceagent_link_backoff(ngx_voiceagent_link_t *link)
{
    ngx_msec_t  delay;

    if (link->failures++ == 0
        && ngx_current_msec - link->since >= NGX_VOICEAGENT_LINK_PROVEN)
    {
        return 1;
    }

    link->address++;

    delay = NGX_VOICEAGENT_LINK_BACKOFF << ngx_min(link->failures - 1, 6);
    delay = ngx_min(delay, NGX_VOICEAGENT_LINK_BACKOFFS);

    return delay + ngx_random() % (delay / 2);
}


void
ngx_voiceagent_link_exit(ngx_voiceagent_link_t *link)
{
    link->exiting = 1;

    ngx_voiceagent_link_close(link);

    ngx_free(link->out);
}


static void
ngx_voiceagent_link_close(ngx_voiceagent_link_t *link)
{
    link->state = NGX_VOICEAGENT_LINK_DOWN;
    link->connecting = 0;
    link->broken = 0;
    link->nsetup = 0;
    link->setup_done = 0;
    link->out_pos = link->out;
    link->out_last = link->out;

    if (link->timer.timer_set) {
        ngx_del_timer(&link->timer);
    }

    if (link->flush.posted) {
        ngx_delete_posted_event(&link->flush);
    }

    if (link->connection) {
        ngx_close_connection(link->connection);
        link->connection = NULL;
    }

    if (link->reader) {
        redisReaderFree(link->reader);
        link->reader = NULL;
    }

    if (link->failed) {
        link->failed(link);
    }
}


ngx_int_t
ngx_voiceagent_link_put(ngx_voiceagent_link_t *link, va_str_t *args,
    ngx_uint_t nargs)
{
    u_char      *p;
    ngx_uint_t   i;

    if (ngx_voiceagent_link_reserve(link, ngx_voiceagent_link_size(args, nargs))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_sprintf(link->out_last, "*%ui" CRLF, nargs);

    for (i = 0; i < nargs; i++) {
        p = ngx_sprintf(p, "$%uz" CRLF, args[i].len);

        if (args[i].len) {
            p = ngx_cpymem(p, args[i].data, args[i].len);
        }

        *p++ = CR;
        *p++ = LF;
    }

    link->out_last = p;

    return NGX_OK;
}


size_t
ngx_voiceagent_link_size(va_str_t *args, ngx_uint_t nargs)
{
    size_t      len;
    ngx_uint_t  i;

    len = sizeof("*" CRLF) - 1 + NGX_INT_T_LEN;

    for (i = 0; i < nargs; i++) {
        len += sizeof("$" CRLF CRLF) - 1 + NGX_SIZE_T_LEN + args[i].len;
    }

    return len;
}


/* room for what is about to be written, which is sent by the next flush */

static ngx_int_t
ngx_voiceagent_link_reserve(ngx_voiceagent_link_t *link, size_t len)
{
    size_t   used, size;
    u_char  *p;

    used = link->out_last - link->out_pos;

    if ((size_t) (link->out_end - link->out_last) < len) {

        size = ngx_max((size_t) (link->out_end - link->out), 4096);

        while (size < used + len) {
            size *= 2;
        }

        p = ngx_alloc(size, link->log);
        if (p == NULL) {
            link->broken = 1;
            ngx_post_event(&link->flush, &ngx_posted_events);
            return NGX_ERROR;
        }

        if (link->out) {
            ngx_memcpy(p, link->out_pos, used);
            ngx_free(link->out);
        }

        link->out = p;
        link->out_pos = p;
        link->out_last = p + used;
        link->out_end = p + size;
    }

    if (link->state == NGX_VOICEAGENT_LINK_UP) {
        ngx_post_event(&link->flush, &ngx_posted_events);
    }

    return NGX_OK;
}

#include "worker/voice/redis_async.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/adapters/libuv.h>
#include <sys/queue.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/redis.h"
#include "worker/redis_connect.h"
#include "worker/redis_url.h"

#define CONNECT_MS  1000
#define ANSWER_MS   2000 /* then the connection is given up */
#define WATCH_MS    250
#define PROVE_MS    1000 /* a channel is proven to be alive that often */
#define RETRY_MS    100  /* the first pause; doubled up to */
#define RETRY_MAX   2000
#define LEAVE_MS    25    /* the pause behind a server that has become a replica, */
#define SWIFT_MS    2000  /* as long as the lease of our calls may last meanwhile */
#define MAX_WAITING 20000 /* commands without an answer; more are refused */

typedef struct op op_t;

struct op {
    TAILQ_ENTRY(op) link;
    wk_aredis_t *redis;
    wk_aredis_fn fn;
    void *ctx;
    int64_t asked_ms;
};

typedef TAILQ_HEAD(ops, op) ops_t;

struct wk_aredis {
    uv_loop_t *loop;
    const char *url;
    wk_arena_t *arena; /* of where */
    wk_redis_url_t where;
    uv_timer_t timer; /* watches a connection, or waits for the next one */
    uv_work_t search;
    struct {
        char host[INET6_ADDRSTRLEN];
        int port;
        wk_error_t e; /* when host is empty */
    } found;
    redisAsyncContext *ac; /* NULL: none */
    int64_t connecting_ms; /* since when; 0: connected */
    int pause_ms;
    int64_t search_at_ms; /* not before */
    bool searching, closed, lost_told;
    bool elsewhere;  /* what ac leads to takes nothing (any more) */
    int64_t away_ms; /* since when none is found that takes anything; 0: one is */
    ops_t waiting;   /* sent, in order */
    ops_t refused;   /* not sent: told so from the loop */
    size_t n_waiting;
    const char *channel; /* NULL: for commands */
    wk_aredis_listener_t listener;
    void *listener_ctx;
    bool listening;        /* it is known to be subscribed */
    int64_t subscribed_ms; /* when that was asked for last */
    bool proven;           /* and has been answered */
};

static void search(wk_aredis_t *r);
static void on_timer(uv_timer_t *timer);

/* ---------------------------------------------------------------- commands */

static void finish(op_t *op, const redisReply *reply)
{
    if (op->fn != NULL) {
        bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;
        if (reply != NULL && !good) {
            wk_log(WK_WARN, "Redis", WK_C("error", reply->str));
        }
        op->fn(op->ctx, good ? reply : NULL);
    }
    free(op);
}

static void tell_lost(wk_aredis_t *r, const char *why)
{
    if (!r->lost_told && !r->closed) {
        wk_log(WK_WARN, "Redis is away", WK_C("error", why));
    }
    r->lost_told = true;
}

static void is_well(wk_aredis_t *r)
{
    if (r->lost_told) {
        wk_log(WK_INFO, "Redis is back");
    }
    r->lost_told = false;
    r->pause_ms = RETRY_MS;
    r->away_ms = 0;
}

/*
 * In a failover everything waits for the next primary, the lease of the calls too: it is looked
 * for swiftly at first. hiredis is not to be told to hang up while it reads.
 */
static void leave_soon(wk_aredis_t *r, const char *why)
{
    int64_t now = wk_monotonic_ms();
    tell_lost(r, why);
    r->elsewhere = true;
    r->away_ms = r->away_ms == 0 ? now : r->away_ms;
    if (now - r->away_ms < SWIFT_MS) {
        r->pause_ms = LEAVE_MS;
    }
    uv_timer_start(&r->timer, on_timer, 0, 0);
}

static void on_reply(redisAsyncContext *ac, void *answer, void *data)
{
    op_t *op = data;
    wk_aredis_t *r = op->redis;
    const redisReply *reply = answer;
    (void)ac;
    TAILQ_REMOVE(&r->waiting, op, link);
    r->n_waiting--;
    if (reply != NULL && reply->type != REDIS_REPLY_ERROR) {
        is_well(r);
    } else if (reply != NULL && wk_redis_error_elsewhere(reply->str)) {
        leave_soon(r, reply->str);
    }
    finish(op, reply);
}

static void refuse(wk_aredis_t *r, op_t *op)
{
    TAILQ_INSERT_TAIL(&r->refused, op, link);
    uv_timer_start(&r->timer, on_timer, 0, 0);
}

static op_t *new_op(wk_aredis_t *r, wk_aredis_fn fn, void *ctx)
{
    op_t *op = malloc(sizeof(*op));
    if (op == NULL) {
        abort();
    }
    *op = (op_t){.redis = r, .fn = fn, .ctx = ctx, .asked_ms = wk_monotonic_ms()};
    return op;
}

void wk_aredis_command(wk_aredis_t *r, const va_str_t *argv, size_t argc, wk_aredis_fn fn,
                       void *ctx)
{
    const char *texts[WK_AREDIS_ARGS];
    size_t lengths[WK_AREDIS_ARGS];
    op_t *op = new_op(r, fn, ctx);
    if (r->ac == NULL || r->connecting_ms != 0 || r->n_waiting >= MAX_WAITING ||
        argc > WK_AREDIS_ARGS) {
        refuse(r, op);
        return;
    }
    for (size_t i = 0; i < argc; i++) {
        texts[i] = argv[i].len > 0 ? argv[i].data : "";
        lengths[i] = argv[i].len;
    }
    if (redisAsyncCommandArgv(r->ac, on_reply, op, (int)argc, texts, lengths) != REDIS_OK) {
        refuse(r, op);
        return;
    }
    TAILQ_INSERT_TAIL(&r->waiting, op, link);
    r->n_waiting++;
}

/* Always whole: the server knows a script by its text as well, and these are short. */
void wk_aredis_script(wk_aredis_t *r, const wk_script_t *script, const va_str_t *keys,
                      size_t n_keys, const va_str_t *args, size_t n_args, wk_aredis_fn fn,
                      void *ctx)
{
    va_str_t argv[WK_AREDIS_ARGS];
    char count[8];
    size_t n = 3 + n_keys + n_args;
    if (n > WK_AREDIS_ARGS) {
        refuse(r, new_op(r, fn, ctx));
        return;
    }
    argv[0] = VA_STR("EVAL");
    argv[1] = va_str(script->text, script->len);
    argv[2] = va_str(count, (size_t)snprintf(count, sizeof(count), "%zu", n_keys));
    memcpy(argv + 3, keys, n_keys * sizeof(*keys));
    if (n_args > 0) {
        memcpy(argv + 3 + n_keys, args, n_args * sizeof(*args));
    }
    wk_aredis_command(r, argv, n, fn, ctx);
}

/* ---------------------------------------------------------------- a connection */

static void pause_and_search(wk_aredis_t *r)
{
    r->ac = NULL;
    r->connecting_ms = 0;
    r->elsewhere = false;
    if (!r->closed) {
        /* Not all at the same moment, when a server comes back. */
        int pause_ms = r->pause_ms + rand() % (r->pause_ms / 2 + 1);
        r->search_at_ms = wk_monotonic_ms() + pause_ms;
        uv_timer_start(&r->timer, on_timer, (uint64_t)pause_ms, 0);
        r->pause_ms = r->pause_ms * 2 < RETRY_MAX ? r->pause_ms * 2 : RETRY_MAX;
    }
}

static void on_message(redisAsyncContext *ac, void *data, void *ctx)
{
    wk_aredis_t *r = ctx;
    const redisReply *reply = data;
    (void)ac;
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }
    if (va_str_eq(wk_redis_str(reply->element[0]), VA_STR("subscribe"))) {
        bool first = !r->listening;
        r->listening = r->proven = true;
        is_well(r);
        if (first) {
            r->listener.ready(r->listener_ctx);
        }
    } else if (va_str_eq(wk_redis_str(reply->element[0]), VA_STR("message"))) {
        r->listener.message(r->listener_ctx, wk_redis_str(reply->element[2]));
    }
}

/*
 * Over a channel nothing may come for long, and from a host that is gone nothing ever, not even
 * the end of the connection. Subscribing again changes nothing, and is answered.
 */
static void subscribe(wk_aredis_t *r)
{
    r->subscribed_ms = wk_monotonic_ms();
    r->proven = false;
    redisAsyncCommand(r->ac, on_message, r, "SUBSCRIBE %s", r->channel);
}

/* Log in, and what the connection is for; whatever is refused shows in what follows. */
static void enter(wk_aredis_t *r)
{
    if (r->where.password != NULL && r->where.user != NULL) {
        redisAsyncCommand(r->ac, NULL, NULL, "AUTH %s %s", r->where.user, r->where.password);
    } else if (r->where.password != NULL) {
        redisAsyncCommand(r->ac, NULL, NULL, "AUTH %s", r->where.password);
    }
    if (r->where.db != 0) {
        redisAsyncCommand(r->ac, NULL, NULL, "SELECT %d", r->where.db);
    }
    redisAsyncCommand(r->ac, NULL, NULL, "CLIENT SETNAME voiceagent-voice");
    if (r->channel != NULL) {
        r->listening = false;
        subscribe(r);
    }
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    wk_aredis_t *r = ac->data;
    if (status != REDIS_OK) {
        tell_lost(r, ac->errstr);
        pause_and_search(r); /* hiredis frees it */
        return;
    }
    r->connecting_ms = 0;
    enter(r);
    uv_timer_start(&r->timer, on_timer, WATCH_MS, 0);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    wk_aredis_t *r = ac->data;
    tell_lost(r, status == REDIS_OK ? "no answer" : ac->errstr);
    pause_and_search(r);
}

static void open_connection(wk_aredis_t *r)
{
    redisAsyncContext *ac = r->where.kind == WK_REDIS_UNIX
                                ? redisAsyncConnectUnix(r->where.path)
                                : redisAsyncConnect(r->found.host, r->found.port);
    if (ac == NULL || ac->err != 0 || redisLibuvAttach(ac, r->loop) != REDIS_OK) {
        if (ac != NULL) {
            redisAsyncFree(ac);
        }
        pause_and_search(r);
        return;
    }
    ac->data = r;
    r->ac = ac;
    r->connecting_ms = wk_monotonic_ms();
    redisAsyncSetConnectCallback(ac, on_connect);
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
    uv_timer_start(&r->timer, on_timer, WATCH_MS, 0);
}

/* ---------------------------------------------------------------- finding it */

static void note_address(wk_aredis_t *r, const struct sockaddr_storage *peer)
{
    const void *address = NULL;
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)peer;
        address = &in->sin_addr;
        r->found.port = ntohs(in->sin_port);
    } else if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)peer;
        address = &in6->sin6_addr;
        r->found.port = ntohs(in6->sin6_port);
    }
    if (address == NULL ||
        inet_ntop(peer->ss_family, address, r->found.host, sizeof(r->found.host)) == NULL) {
        r->found.host[0] = '\0';
    }
}

/* On a thread of the pool: names and Sentinels may take their time. */
static void look(uv_work_t *work)
{
    wk_aredis_t *r = work->data;
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(peer);
    r->found.host[0] = '\0';
    redisContext *c = wk_redis_connect(r->url, CONNECT_MS, &r->found.e);
    if (c != NULL) {
        wk_error(&r->found.e, WK_UNAVAILABLE, "it has no address");
        if (getpeername(c->fd, (struct sockaddr *)&peer, &len) == 0) {
            note_address(r, &peer);
        }
        redisFree(c);
    }
}

static void on_search_ended(uv_work_t *work, int status)
{
    wk_aredis_t *r = work->data;
    (void)status;
    r->searching = false;
    if (r->closed) {
        wk_aredis_close(r);
    } else if (r->found.host[0] == '\0') {
        tell_lost(r, r->found.e.text);
        pause_and_search(r);
    } else {
        open_connection(r);
    }
}

static void search(wk_aredis_t *r)
{
    if (r->where.kind == WK_REDIS_UNIX) {
        open_connection(r);
        return;
    }
    r->searching = uv_queue_work(r->loop, &r->search, look, on_search_ended) == 0;
    if (!r->searching) {
        pause_and_search(r);
    }
}

/* ---------------------------------------------------------------- watching */

static void tell_refused(wk_aredis_t *r)
{
    op_t *op;
    while ((op = TAILQ_FIRST(&r->refused)) != NULL) {
        TAILQ_REMOVE(&r->refused, op, link);
        finish(op, NULL);
    }
}

static bool silent(const wk_aredis_t *r, int64_t now)
{
    const op_t *oldest = TAILQ_FIRST(&r->waiting);
    if (r->connecting_ms != 0) {
        return now - r->connecting_ms > CONNECT_MS;
    }
    return (oldest != NULL && now - oldest->asked_ms > ANSWER_MS) ||
           (r->channel != NULL && !r->proven && now - r->subscribed_ms > ANSWER_MS);
}

static bool is_to_be_proven(const wk_aredis_t *r, int64_t now)
{
    return r->channel != NULL && r->connecting_ms == 0 && r->proven &&
           now - r->subscribed_ms >= PROVE_MS;
}

static void on_timer(uv_timer_t *timer)
{
    wk_aredis_t *r = timer->data;
    int64_t now = wk_monotonic_ms();
    tell_refused(r);
    if (r->closed) {
        return;
    }
    uv_timer_start(&r->timer, on_timer, WATCH_MS, 0);
    if (r->ac == NULL) {
        if (!r->searching && now >= r->search_at_ms) {
            search(r);
        }
    } else if (r->elsewhere || silent(r, now)) {
        bool connected = r->connecting_ms == 0;
        redisAsyncFree(r->ac);
        if (!connected) { /* then hiredis tells nobody */
            pause_and_search(r);
        }
    } else if (is_to_be_proven(r, now)) {
        subscribe(r);
    }
}

wk_aredis_t *wk_aredis_new(uv_loop_t *loop, const char *url)
{
    wk_error_t e;
    wk_aredis_t *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        abort();
    }
    r->loop = loop;
    r->url = url;
    r->arena = wk_arena_new();
    r->pause_ms = RETRY_MS;
    r->timer.data = r->search.data = r;
    TAILQ_INIT(&r->waiting);
    TAILQ_INIT(&r->refused);
    uv_timer_init(loop, &r->timer);
    /* Whoever started the process has connected to it: it can be read. */
    if (!wk_redis_url_parse(r->arena, url, &r->where, &e)) {
        wk_log(WK_ERROR, "Redis", WK_C("error", e.text));
        abort();
    }
    uv_timer_start(&r->timer, on_timer, 0, 0);
    return r;
}

void wk_aredis_listen(wk_aredis_t *r, const char *channel, const wk_aredis_listener_t *listener,
                      void *ctx)
{
    r->channel = channel;
    r->listener = *listener;
    r->listener_ctx = ctx;
}

static void on_timer_closed(uv_handle_t *handle)
{
    wk_aredis_t *r = handle->data;
    wk_arena_free(r->arena);
    free(r);
}

void wk_aredis_close(wk_aredis_t *r)
{
    r->closed = true;
    if (r->searching) {
        return; /* again when the search has ended */
    }
    if (r->ac != NULL) {
        redisAsyncFree(r->ac);
    }
    tell_refused(r);
    uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}

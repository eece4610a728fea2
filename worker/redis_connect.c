#include "worker/redis_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/redis.h"
#include "worker/redis_url.h"

struct timeval wk_redis_timeval(int ms)
{
    return (struct timeval){ms / 1000, (suseconds_t)(ms % 1000) * 1000};
}

/* Passes a good context on; frees a failed one. */
static redisContext *opened(redisContext *c, int timeout_ms, const char *where, wk_error_t *e)
{
    if (c == NULL) {
        wk_error(e, WK_UNAVAILABLE, "Redis at %s: out of memory", where);
        return NULL;
    }
    if (c->err == 0) {
        redisSetTimeout(c, wk_redis_timeval(timeout_ms));
        return c;
    }
    wk_error(e, WK_UNAVAILABLE, "Redis at %s: %s", where, c->errstr);
    redisFree(c);
    return NULL;
}

static redisContext *open_tcp(const char *host, int port, int timeout_ms, wk_error_t *e)
{
    char where[280];
    snprintf(where, sizeof(where), "%s:%d", host, port);
    redisContext *c = redisConnectWithTimeout(host, port, wk_redis_timeval(timeout_ms));
    c = opened(c, timeout_ms, where, e);
    if (c != NULL) {
        redisEnableKeepAlive(c);
    }
    return c;
}

/* An answer that is not the type wanted; NULL then, and freed. */
static redisReply *expect(redisContext *c, redisReply *reply, int type, const char *command,
                          wk_error_t *e)
{
    if (reply == NULL) {
        wk_error(e, WK_UNAVAILABLE, "Redis: %s: %s", command, c->errstr);
        return NULL;
    }
    if (reply->type == type) {
        return reply;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        wk_error(e, wk_redis_error_code(reply->str), "Redis: %s: %s", command, reply->str);
    } else {
        wk_error(e, WK_UNAVAILABLE, "Redis: %s: no such answer", command);
    }
    freeReplyObject(reply);
    return NULL;
}

static bool status_of(redisContext *c, redisReply *reply, const char *command, wk_error_t *e)
{
    reply = expect(c, reply, REDIS_REPLY_STATUS, command, e);
    freeReplyObject(reply);
    return reply != NULL;
}

static bool enter(redisContext *c, const wk_redis_url_t *url, wk_error_t *e)
{
    if (url->password != NULL &&
        !(url->user != NULL
              ? status_of(c, redisCommand(c, "AUTH %s %s", url->user, url->password), "AUTH", e)
              : status_of(c, redisCommand(c, "AUTH %s", url->password), "AUTH", e))) {
        return false;
    }
    if (url->db != 0 && !status_of(c, redisCommand(c, "SELECT %d", url->db), "SELECT", e)) {
        return false;
    }
    return status_of(c, redisCommand(c, "CLIENT SETNAME voiceagent-worker"), "CLIENT SETNAME",
                     e);
}

static bool is_primary(redisContext *c, wk_error_t *e)
{
    redisReply *role = expect(c, redisCommand(c, "ROLE"), REDIS_REPLY_ARRAY, "ROLE", e);
    if (role == NULL) {
        return false;
    }
    bool primary =
        role->elements > 0 && va_str_eq(wk_redis_str(role->element[0]), VA_STR("master"));
    freeReplyObject(role);
    return primary || wk_error(e, WK_UNAVAILABLE,
                               "Redis: the server the Sentinel named is "
                               "not the primary (yet)");
}

/* Asks one Sentinel and connects to what it names; not logged in. */
static redisContext *open_named(const wk_redis_url_t *url, size_t sentinel, int timeout_ms,
                                wk_error_t *e)
{
    redisContext *s =
        open_tcp(url->hosts[sentinel].name, url->hosts[sentinel].port, timeout_ms, e);
    if (s == NULL) {
        return NULL;
    }
    redisContext *c = NULL;
    redisReply *address = redisCommand(s, "SENTINEL get-master-addr-by-name %s", url->primary);
    address = expect(s, address, REDIS_REPLY_ARRAY, "SENTINEL get-master-addr-by-name", e);
    if (address != NULL && address->elements == 2) {
        va_str_t port = wk_redis_str(address->element[1]);
        c = open_tcp(wk_redis_str(address->element[0]).data, (int)strtol(port.data, NULL, 10),
                     timeout_ms, e);
    }
    freeReplyObject(address);
    redisFree(s);
    return c;
}

static redisContext *entered(redisContext *c, const wk_redis_url_t *url, wk_error_t *e)
{
    if (c == NULL) {
        return NULL;
    }
    if (enter(c, url, e) && (url->kind != WK_REDIS_SENTINEL || is_primary(c, e))) {
        return c;
    }
    redisFree(c);
    return NULL;
}

static redisContext *connect_by_sentinels(const wk_redis_url_t *url, int timeout_ms,
                                          wk_error_t *e)
{
    for (size_t i = 0; i < url->n_hosts; i++) {
        redisContext *c = entered(open_named(url, i, timeout_ms, e), url, e);
        if (c != NULL) {
            return c;
        }
    }
    return NULL;
}

static redisContext *connect_to(const wk_redis_url_t *url, int timeout_ms, wk_error_t *e)
{
    switch (url->kind) {
    case WK_REDIS_TCP:
        return entered(open_tcp(url->hosts[0].name, url->hosts[0].port, timeout_ms, e), url, e);
    case WK_REDIS_UNIX:
        return entered(
            opened(redisConnectUnixWithTimeout(url->path, wk_redis_timeval(timeout_ms)),
                   timeout_ms, url->path, e),
            url, e);
    case WK_REDIS_SENTINEL:
        return connect_by_sentinels(url, timeout_ms, e);
    }
    return NULL;
}

redisContext *wk_redis_connect(const char *text, int timeout_ms, wk_error_t *e)
{
    wk_arena_t *a = wk_arena_new();
    wk_redis_url_t url;
    redisContext *c = NULL;
    if (wk_redis_url_parse(a, text, &url, e)) {
        c = connect_to(&url, timeout_ms, e);
    }
    wk_arena_free(a);
    return c;
}

/*
 * The addresses a Redis is found at:
 *
 *   redis://[user[:password]@]host[:port][/db]
 *   unix:/path[?db=n]               also unix://[user[:password]@]/path[?db=n]
 *   redis+sentinel://[user[:password]@]host[:port],host[:port],…/name[/db]   also ?db=n
 *
 * As nginx' voiceagent_redis reads them, which wants a password behind a user. User and
 * password are percent-encoded, and the data server's, not the sentinels'. An IPv6 address
 * stands in brackets.
 */
#ifndef WK_REDIS_URL_H
#define WK_REDIS_URL_H

#include "worker/arena.h"
#include "worker/error.h"

#define WK_REDIS_MAX_HOSTS 16

typedef struct {
    enum { WK_REDIS_TCP, WK_REDIS_UNIX, WK_REDIS_SENTINEL } kind;
    struct {
        const char *name;
        int port;
    } hosts[WK_REDIS_MAX_HOSTS];
    size_t n_hosts;
    const char *path;            /* of the socket */
    const char *primary;         /* the name sentinels know it by */
    const char *user, *password; /* NULL: none */
    int db;
} wk_redis_url_t;

/* Texts live in a. The error never repeats the URL: it may hold a password. */
bool wk_redis_url_parse(wk_arena_t *a, const char *text, wk_redis_url_t *url, wk_error_t *e);

#endif

#include "worker/redis.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "worker/arena.h"
#include "worker/crash.h"
#include "worker/redis_connect.h"

#define MAX_SCRIPTS 32
#define SHA_LEN     40

/* A script sent, whose reply was not read; what it takes to run it once more. */
typedef struct sent sent_t;

struct sent {
    const wk_script_t *script;
    va_str_t *argv; /* keys and arguments, copied */
    size_t n_keys, n_args;
    redisReply *early; /* read already, while making room for a repetition */
    sent_t *next;
};

struct wk_redis {
    const char *url;
    int timeout_ms;
    redisContext *c;        /* NULL: not connected */
    int current_timeout_ms; /* of c */
    wk_arena_t *pipeline;   /* holds what follows; emptied with it */
    sent_t *first, **last;
    struct {
        const wk_script_t *script;
        char sha[SHA_LEN];
    } digests[MAX_SCRIPTS];
    size_t n_digests;
};

wk_redis_t *wk_redis_new(const char *url, int timeout_ms)
{
    wk_redis_t *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        abort();
    }
    r->url = url;
    r->timeout_ms = timeout_ms;
    r->pipeline = wk_arena_new();
    r->last = &r->first;
    return r;
}

static void disconnect(wk_redis_t *r)
{
    if (r->c != NULL) {
        redisFree(r->c);
        r->c = NULL;
    }
}

void wk_redis_free(wk_redis_t *r)
{
    if (r == NULL) {
        return;
    }
    for (sent_t *s = r->first; s != NULL; s = s->next) {
        freeReplyObject(s->early);
    }
    disconnect(r);
    wk_arena_free(r->pipeline);
    free(r);
}

static bool connected(wk_redis_t *r, wk_error_t *e)
{
    if (r->c == NULL) {
        r->c = wk_redis_connect(r->url, r->timeout_ms, e);
        e->store_away = r->c == NULL && e->code == WK_UNAVAILABLE;
        r->current_timeout_ms = r->timeout_ms;
    }
    return r->c != NULL;
}

static void limit_time(wk_redis_t *r, int ms)
{
    if (r->current_timeout_ms != ms) {
        redisSetTimeout(r->c, wk_redis_timeval(ms));
        r->current_timeout_ms = ms;
    }
}

/* ---------------------------------------------------------------- errors */

/* What passes by itself, and whether the server should be looked for again. */
static const struct {
    const char *word;
    bool elsewhere;
} passing[] = {
    {"OOM ", false},
    {"MISCONF ", false},
    {"NOREPLICAS ", false},
    {"BUSY ", false},
    {"TRYAGAIN ", false},
    {"LOADING ", true},
    {"READONLY ", true},
    {"MASTERDOWN ", true},
    {"NOAUTH ", true},
    {"WRONGPASS ", true},
    {"NOPERM ", false},
    {"UNBLOCKED ", true},
    {"ERR max number of clients reached", true},
};

/*
 * Redis before 7 puts a command's error within a script behind words of its own:
 * "ERR Error running script (call to f_…): @user_script:1: -OOM command not allowed …".
 */
static const char *own_words(const char *text)
{
    if (strncmp(text, "ERR Error running script", 24) != 0) {
        return text;
    }
    const char *dash = strstr(text, ": -");
    return dash != NULL ? dash + 3 : text;
}

static int passing_index(const char *text)
{
    text = own_words(text);
    for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
        if (strncmp(text, passing[i].word, strlen(passing[i].word)) == 0) {
            return (int)i;
        }
    }
    return -1;
}

wk_code_t wk_redis_error_code(const char *text)
{
    return passing_index(text) >= 0 ? WK_UNAVAILABLE : WK_INTERNAL;
}

bool wk_redis_error_elsewhere(const char *text)
{
    int i = passing_index(text);
    return i >= 0 && passing[i].elsewhere;
}

static redisReply *lost(wk_redis_t *r, wk_error_t *e)
{
    if (r->c != NULL) {
        wk_error_away(e, "Redis: connection lost: %s", r->c->errstr);
    } else {
        wk_error_away(e, "Redis: connection lost");
    }
    disconnect(r);
    return NULL;
}

/* Turns an error reply into *e; every other reply passes. */
static redisReply *judged(wk_redis_t *r, redisReply *reply, const char *what, wk_error_t *e)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return reply;
    }
    wk_error(e, wk_redis_error_code(reply->str), "Redis: %s: %s", what, reply->str);
    e->store_away = e->code == WK_UNAVAILABLE;
    if (wk_redis_error_elsewhere(reply->str)) {
        disconnect(r);
    }
    freeReplyObject(reply);
    return NULL;
}

static redisReply *read_reply(wk_redis_t *r, wk_error_t *e)
{
    void *reply = NULL;
    if (r->c == NULL || redisGetReply(r->c, &reply) != REDIS_OK) {
        return lost(r, e);
    }
    return reply;
}

/* ---------------------------------------------------------------- sending */

/* Queues head, then tail, as one command. */
static bool append(wk_redis_t *r, const va_str_t *head, size_t n_head, const va_str_t *tail,
                   size_t n_tail, wk_error_t *e)
{
    size_t n = n_head + n_tail;
    const char **argv = calloc(n, sizeof(*argv));
    size_t *len = calloc(n, sizeof(*len));
    if (argv == NULL || len == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        va_str_t s = i < n_head ? head[i] : tail[i - n_head];
        argv[i] = s.data != NULL ? s.data : "";
        len[i] = s.len;
    }
    int rc = redisAppendCommandArgv(r->c, (int)n, argv, len);
    free(argv);
    free(len);
    if (rc != REDIS_OK) {
        lost(r, e);
    }
    return rc == REDIS_OK;
}

static bool unpipelined(wk_redis_t *r, wk_error_t *e)
{
    return r->first == NULL || wk_error(e, WK_INTERNAL, "Redis: command within a pipeline");
}

redisReply *wk_redis_command(wk_redis_t *r, int wait_ms, const va_str_t *argv, size_t argc,
                             wk_error_t *e)
{
    if (!unpipelined(r, e) || !connected(r, e)) {
        return NULL;
    }
    limit_time(r, r->timeout_ms + wait_ms);
    if (!append(r, argv, argc, NULL, 0, e)) {
        return NULL;
    }
    redisReply *reply = read_reply(r, e);
    return reply != NULL ? judged(r, reply, argv[0].data, e) : NULL;
}

/* ---------------------------------------------------------------- scripts */

static bool digest(const wk_script_t *script, char sha[SHA_LEN])
{
    unsigned char raw[SHA_LEN / 2];
    if (EVP_Digest(script->text, script->len, raw, NULL, EVP_sha1(), NULL) != 1) {
        return false;
    }
    va_hex_encode(sha, raw, sizeof(raw));
    return true;
}

/* NULL when there is no SHA-1 to be had. */
static const char *digest_of(wk_redis_t *r, const wk_script_t *script)
{
    for (size_t i = 0; i < r->n_digests; i++) {
        if (r->digests[i].script == script) {
            return r->digests[i].sha;
        }
    }
    if (r->n_digests == MAX_SCRIPTS) {
        r->n_digests = 0;
    }
    if (!digest(script, r->digests[r->n_digests].sha)) {
        return NULL;
    }
    r->digests[r->n_digests].script = script;
    return r->digests[r->n_digests++].sha;
}

static bool append_eval(wk_redis_t *r, const sent_t *s, va_str_t command, va_str_t script,
                        wk_error_t *e)
{
    char count[16];
    int len = snprintf(count, sizeof(count), "%zu", s->n_keys);
    va_str_t head[] = {command, script, va_str(count, (size_t)len)};
    return append(r, head, 3, s->argv, s->n_keys + s->n_args, e);
}

static sent_t *remember(wk_redis_t *r, const wk_script_t *script, const va_str_t *keys,
                        size_t n_keys, const va_str_t *args, size_t n_args)
{
    if (r->first == NULL) {
        wk_arena_reset(r->pipeline);
    }
    sent_t *s = wk_alloc(r->pipeline, sizeof(*s));
    *s = (sent_t){.script = script, .n_keys = n_keys, .n_args = n_args};
    s->argv = wk_alloc(r->pipeline, (n_keys + n_args) * sizeof(*s->argv));
    for (size_t i = 0; i < n_keys + n_args; i++) {
        s->argv[i] = wk_copy(r->pipeline, i < n_keys ? keys[i] : args[i - n_keys]);
    }
    return s;
}

bool wk_redis_script_append(wk_redis_t *r, const wk_script_t *script, const va_str_t *keys,
                            size_t n_keys, const va_str_t *args, size_t n_args, wk_error_t *e)
{
    /* Not on a new connection what belongs behind replies lost with the old one. */
    if (r->c == NULL && r->first != NULL) {
        return wk_error(e, WK_UNAVAILABLE, "Redis: connection lost");
    }
    if (!connected(r, e)) {
        return false;
    }
    limit_time(r, r->timeout_ms);
    const char *sha = digest_of(r, script);
    if (sha == NULL) {
        return wk_error(e, WK_INTERNAL, "OpenSSL refuses SHA-1");
    }
    sent_t *s = remember(r, script, keys, n_keys, args, n_args);
    if (!append_eval(r, s, VA_STR("EVALSHA"), va_str(sha, SHA_LEN), e)) {
        return false;
    }
    *r->last = s;
    r->last = &s->next;
    return true;
}

/* The scripts behind were sent already: their replies come first on the wire. */
static bool read_ahead(wk_redis_t *r, wk_error_t *e)
{
    for (sent_t *s = r->first; s != NULL; s = s->next) {
        if (s->early == NULL && (s->early = read_reply(r, e)) == NULL) {
            return false;
        }
    }
    return true;
}

static redisReply *send_whole(wk_redis_t *r, const sent_t *s, wk_error_t *e)
{
    va_str_t text = va_str(s->script->text, s->script->len);
    if (!read_ahead(r, e) || !append_eval(r, s, VA_STR("EVAL"), text, e)) {
        return NULL;
    }
    return read_reply(r, e);
}

redisReply *wk_redis_reply(wk_redis_t *r, wk_error_t *e)
{
    sent_t *s = r->first;
    if (s == NULL) {
        wk_error(e, WK_INTERNAL, "Redis: no reply to wait for");
        return NULL;
    }
    r->first = s->next;
    if (r->first == NULL) {
        r->last = &r->first;
    }
    wk_crash_point("redis.before");
    redisReply *reply = s->early != NULL ? s->early : read_reply(r, e);
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR &&
        strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        freeReplyObject(reply);
        reply = send_whole(r, s, e);
    }
    wk_crash_point("redis.after");
    return reply != NULL ? judged(r, reply, s->script->name, e) : NULL;
}

redisReply *wk_redis_script(wk_redis_t *r, const wk_script_t *script, const va_str_t *keys,
                            size_t n_keys, const va_str_t *args, size_t n_args, wk_error_t *e)
{
    if (!unpipelined(r, e) ||
        !wk_redis_script_append(r, script, keys, n_keys, args, n_args, e)) {
        return NULL;
    }
    return wk_redis_reply(r, e);
}

va_str_t wk_redis_str(const redisReply *reply)
{
    if (reply == NULL ||
        (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) {
        return VA_STR_NULL;
    }
    return va_str(reply->str, reply->len);
}

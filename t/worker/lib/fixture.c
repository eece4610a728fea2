#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/clock.h"

wk_error_t t_e;

bool t_eq(va_str_t s, const char *expected)
{
    return expected == NULL ? s.data == NULL : va_str_eq(s, va_str_c(expected));
}

static void free_reply(void *reply)
{
    freeReplyObject(reply);
}

static redisReply *command(wk_redis_t *r, const char *format, va_list args)
{
    char text[512], *rest;
    va_str_t argv[16];
    size_t n = 0;
    vsnprintf(text, sizeof(text), format, args);
    for (char *word = strtok_r(text, " ", &rest); word != NULL && n < 16;
         word = strtok_r(NULL, " ", &rest)) {
        argv[n++] = va_str_c(word);
    }
    redisReply *reply = wk_redis_command(r, 0, argv, n, &t_e);
    if (reply == NULL) {
        fail_msg("%s: %s", format, t_e.text);
    }
    return reply;
}

redisReply *t_redis(wk_redis_t *r, wk_arena_t *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = command(r, format, args);
    va_end(args);
    wk_defer(a, free_reply, reply);
    return reply;
}

long long t_redis_int(wk_redis_t *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = command(r, format, args);
    va_end(args);
    long long n =
        reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : reply->integer;
    freeReplyObject(reply);
    return n;
}

const char *t_gate(wk_arena_t *a, const char *name)
{
    const char *path = wk_printf(a, "%s/let-go-%s", t_folder(), name).data;
    unlink(path);
    return path;
}

void t_let_go(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/let-go-%s", t_folder(), name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fclose(f);
}

void t_push_job(wk_redis_t *r, wk_queue_t q, const va_job_t *job)
{
    bool known;
    wk_arena_t *a = wk_arena_new();
    va_job_t pushed = *job;
    if (pushed.enqueued_ms == 0) {
        pushed.enqueued_ms = wk_now_ms();
    }
    assert_ok(wk_queue_push(r, q, &pushed, 60, a, &known, &t_e));
    assert_false(known);
    wk_arena_free(a);
}

void t_push(wk_redis_t *r, wk_queue_t q, const char *id, const char *lane, const char *serial)
{
    va_job_t job = {.id = va_str_c(id),
                    .type = VA_STR("test.nothing"),
                    .lane = va_str_c(lane),
                    .serial = va_str_c(serial)};
    t_push_job(r, q, &job);
}

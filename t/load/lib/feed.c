#include "t/load/lib/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/redis.h"

#include "scripts.h"

#define MAX_PADDING 4000

__attribute__((noreturn)) static void bail(const redisReply *reply, const redisContext *c)
{
    printf("Bail out! Redis: %s\n", reply != NULL ? reply->str : c->errstr);
    exit(EXIT_FAILURE);
}

void t_publisher_open(t_publisher_t *p, const t_redis_t *redis)
{
    if (p->c != NULL) {
        redisFree(p->c);
    }
    p->redis = redis;
    p->c = redisConnect("127.0.0.1", redis->port);
    redisReply *reply = p->c->err == 0
                            ? redisCommand(p->c, "SCRIPT LOAD %b", wk_script_publish.text,
                                           wk_script_publish.len)
                            : NULL;
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        bail(reply, p->c);
    }
    snprintf(p->sha, sizeof(p->sha), "%s", reply->str);
    freeReplyObject(reply);
}

static t_event_t *feed_add(t_feed_t *feed)
{
    if (feed->n == feed->size) {
        feed->size = feed->size > 0 ? 2 * feed->size : 1024;
        feed->events = realloc(feed->events, feed->size * sizeof(*feed->events));
    }
    return &feed->events[feed->n++];
}

/* One in four is of nobody. */
static int draw(t_publisher_t *p, int n)
{
    int of = (int)((unsigned)rand_r(&p->seed) % (unsigned)n);
    return rand_r(&p->seed) % 4 == 0 ? T_ANY : of;
}

static void ask(t_publisher_t *p, const t_feed_t *feed, const t_event_t *event, size_t padding)
{
    static char text[MAX_PADDING + 1];
    char customer[16] = "", call[16] = "";
    size_t len = padding > 0 ? (size_t)rand_r(&p->seed) % (padding + 1) : 0;
    memset(text, 'x', sizeof(text));
    if (event->customer != T_ANY) {
        snprintf(customer, sizeof(customer), "c%d", event->customer);
    }
    if (event->call != T_ANY) {
        snprintf(call, sizeof(call), "k%d", event->call);
    }
    p->outbox++;
    redisAppendCommand(p->c,
                       "EVALSHA %s 1 va:events:{%s} o%ld user_transcript %s %s "
                       "{\"n\":%ld,\"text\":\"%b\"}",
                       p->sha, feed->org, p->outbox, customer, call, p->outbox, text,
                       len < MAX_PADDING ? len : (size_t)MAX_PADDING);
}

void t_publish(t_publisher_t *p, t_feed_t *feed, size_t count, size_t padding)
{
    size_t first = feed->n;
    for (size_t i = 0; i < count; i++) {
        t_event_t *event = feed_add(feed);
        event->customer = draw(p, T_CUSTOMERS);
        event->call = draw(p, T_CALLS);
        ask(p, feed, event, padding);
    }
    for (size_t i = first; i < feed->n; i++) {
        redisReply *reply = NULL;
        if (redisGetReply(p->c, (void **)&reply) != REDIS_OK ||
            reply->type != REDIS_REPLY_STRING ||
            !t_event_id(reply->str, &feed->events[i].ms, &feed->events[i].seq)) {
            bail(reply, p->c);
        }
        freeReplyObject(reply);
    }
}

bool t_event_id(const char *text, uint64_t *ms, uint64_t *seq)
{
    char *end;
    errno = 0;
    *ms = strtoull(text, &end, 10);
    if (end == text || *end != '-') {
        return false;
    }
    text = end + 1;
    *seq = strtoull(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

size_t t_feed_position(const t_feed_t *feed, uint64_t ms, uint64_t seq)
{
    size_t low = 0, high = feed->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const t_event_t *e = &feed->events[middle];
        if (e->ms < ms || (e->ms == ms && e->seq <= seq)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void t_feed_free(t_feed_t *feed)
{
    free(feed->events);
    *feed = (t_feed_t){.events = NULL};
}

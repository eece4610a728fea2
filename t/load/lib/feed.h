/*
 * What was published for one organization, and the publishing itself: with the script of
 * the product, as a worker's outbox does it.
 */
#ifndef T_FEED_H
#define T_FEED_H

#include <hiredis/hiredis.h>
#include <stdint.h>

#include "t/worker/lib/servers.h"

#define T_CUSTOMERS 8 /* events are of customers c0 …, or of none */
#define T_CALLS     8
#define T_ANY       (-1)

typedef struct {
    uint64_t ms, seq; /* the halves of its id */
    int customer, call;
} t_event_t;

typedef struct {
    char org[32];
    t_event_t *events; /* in the order published */
    size_t n, size;
} t_feed_t;

typedef struct {
    const t_redis_t *redis;
    redisContext *c;
    char sha[48];
    long outbox;
    unsigned seed;
} t_publisher_t;

/* Connects (again). Ends the program when Redis is not there. */
void t_publisher_open(t_publisher_t *p, const t_redis_t *redis);

/*
 * count events in one pipeline, of customers and calls drawn by p->seed, each with up to
 * padding bytes of text. Their ids are in the feed when this returns.
 */
void t_publish(t_publisher_t *p, t_feed_t *feed, size_t count, size_t padding);

/* "ms-seq"; false when it is none. */
bool t_event_id(const char *text, uint64_t *ms, uint64_t *seq);

/* How many events of the feed have an id up to that one. */
size_t t_feed_position(const t_feed_t *feed, uint64_t ms, uint64_t seq);

void t_feed_free(t_feed_t *feed);

#endif

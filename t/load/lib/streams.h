/*
 * Many clients of event streams, each of which knows what it must see: every event of its
 * organization that its filter lets pass, once and in order. What differs is counted.
 */
#ifndef T_STREAMS_H
#define T_STREAMS_H

#include "t/load/lib/feed.h"

#define T_LINE 512 /* of what an event's line is looked at */

typedef enum { T_HEAD, T_CHUNK_SIZE, T_CHUNK, T_CHUNK_END, T_OVER } t_part_t;

typedef struct {
    const t_feed_t *feed;
    const char *location;
    int customer, call; /* T_ANY: no filter */

    int fd;    /* -1: not connected */
    bool idle; /* nothing is read, and nobody waits for it */
    t_part_t part;
    size_t matched; /* of the empty line behind the header */
    size_t chunk;   /* bytes left of it */

    char line[T_LINE];
    size_t len;
    char type[32], id[48]; /* of the event that is being read */
    bool data;

    char last_id[48]; /* what it connects again with; "" at first */
    bool placed;      /* it knows where in the feed it is */
    size_t next;      /* the first event of the feed not passed yet */
    int retry;        /* ms, as told at last */
} t_stream_t;

typedef struct {
    int port, epoll;
    t_stream_t *all;
    size_t n;
    bool reopen; /* a stream that ended as HTTP says it should is opened again */

    /* what happened so far */
    size_t seen, lost, doubled, foreign, resyncs, ended, cut, refused;
} t_streams_t;

/* n streams, none of them connected. */
void t_streams_init(t_streams_t *set, int port, size_t n);
void t_streams_free(t_streams_t *set);

/* Connects, from behind the last id seen. rcvbuf: of its socket, 0 for the usual. */
void t_stream_open(t_streams_t *set, t_stream_t *s, int rcvbuf);

/* Closes, at once and in the middle of whatever comes: as a FIN, or with a reset. */
void t_stream_hang_up(t_stream_t *s, bool reset);

/* From now on nothing is read from it, or again. */
void t_stream_idle(t_streams_t *set, t_stream_t *s, bool idle);

/* One turn of reading; waits for at most ms. */
void t_streams_read(t_streams_t *set, int ms);

/*
 * Reads until each stream that is connected and not idle knows where it is and has at most that
 * many events before it. False when that did not come within two minutes.
 */
bool t_streams_within(t_streams_t *set, size_t behind);

/* Nothing lost, doubled, foreign, resynced, cut or refused; says what was. */
bool t_streams_perfect(const t_streams_t *set);

#endif

#include "worker/voice/heartbeat.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json_number.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/voice/session.h"

#include "scripts.h"

#define SLOT_MS      10000 /* of a call, from one beat */
#define CALLS_A_BEAT 64    /* told at once; more go in further scripts */
#define CALLS_A_PART 32    /* a beat comes in so many parts that each tells about as many */
#define MAX_PARTS    10
#define FIXED_ARGS   5
#define FIRST_MS     20 /* until the first beat is taken: callers may be waiting for us */
#define AGAIN_MS     50 /* behind one that was lost: the lease runs on while Redis is away */

struct wk_heartbeat {
    wk_voice_t *voice;
    char listen[512]; /* outlives the socket: while it drains, the process still beats */
    uv_timer_t timer;
    char process_key[360], calls_key[360];
    unsigned part, parts; /* the one told last; how many a round has */
    int64_t renewed_ms;   /* when the last beat that was taken had been sent */
    bool taken;           /* any was */
    bool leaving, left;
};

typedef struct {
    wk_heartbeat_t *heart;
    int64_t sent_ms;
    bool leaves;
} beat_t;

static void on_timer(uv_timer_t *timer);

/* ---------------------------------------------------------------- answers */

/* A call may have come back to us while its older stream is not known to be dead. */
static void fence_stream(wk_voice_t *voice, va_str_t call, va_str_t told)
{
    int64_t epoch;
    bool known = va_json_number_int(told, &epoch) && epoch > 0;
    wk_session_t *s = known ? wk_session_of(voice, call, epoch) : NULL;
    if (s != NULL) {
        wk_session_fence(s);
    }
}

static void on_beaten(void *ctx, const redisReply *reply)
{
    beat_t *beat = ctx;
    wk_heartbeat_t *h = beat->heart;
    bool taken = reply != NULL && reply->type == REDIS_REPLY_ARRAY;
    if (taken && beat->leaves) {
        h->left = true;
    } else if (taken) {
        h->renewed_ms = beat->sent_ms > h->renewed_ms ? beat->sent_ms : h->renewed_ms;
        h->taken = true;
        for (size_t i = 0; i + 1 < reply->elements; i += 2) {
            fence_stream(h->voice, wk_redis_str(reply->element[i]),
                         wk_redis_str(reply->element[i + 1]));
        }
    } else if (h->taken && !h->leaving) {
        uv_timer_start(&h->timer, on_timer, AGAIN_MS, WK_BEAT_MS);
    }
    free(beat);
}

/* ---------------------------------------------------------------- beats */

typedef struct {
    va_str_t args[FIXED_ARGS + 3 * CALLS_A_BEAT];
    size_t n;
} telling_t;

static void begin_telling(const wk_heartbeat_t *h, telling_t *t)
{
    const wk_voice_t *v = h->voice;
    t->args[0] = va_str_c(v->name);
    t->args[1] = wk_decimal(v->scratch, h->leaving ? 0 : WK_LEASE_MS);
    t->args[2] = va_str_c(h->listen);
    t->args[3] = wk_decimal(v->scratch, v->draining ? 0 : v->config->voice_max_calls);
    t->args[4] = wk_decimal(v->scratch, SLOT_MS);
    t->n = FIXED_ARGS;
}

static void send_beat(wk_heartbeat_t *h, const telling_t *t)
{
    beat_t *beat = malloc(sizeof(*beat));
    if (beat == NULL) {
        abort();
    }
    *beat = (beat_t){h, wk_monotonic_ms(), h->leaving};
    va_str_t keys[] = {VA_STR("va:voice:processes"), va_str_c(h->process_key),
                       va_str_c(h->calls_key),       VA_STR("va:voice:media"),
                       VA_STR("va:voice:leases"),    VA_STR("va:voice:live")};
    wk_aredis_script(h->voice->redis, &wk_script_voice_beat, keys, 6, t->args, t->n, on_beaten,
                     beat);
}

/*
 * Tells each call whose stream falls to that part of so many. All that speak to Redis wait for
 * the end of a script, and sound waits for Redis' processor: hundreds of calls at once would
 * make every frame late that comes meanwhile.
 */
static void beat(wk_heartbeat_t *h, unsigned part, unsigned parts)
{
    telling_t t;
    wk_arena_reset(h->voice->scratch);
    begin_telling(h, &t);
    for (wk_session_t *s = LIST_FIRST(&h->voice->sessions); s != NULL; s = wk_session_next(s)) {
        wk_session_claim_t claim = wk_session_claim(s);
        if (claim.call.len == 0 || claim.began_ms % parts != part) {
            continue;
        }
        if (t.n + 3 > sizeof(t.args) / sizeof(*t.args)) {
            send_beat(h, &t);
            t.n = FIXED_ARGS;
        }
        t.args[t.n++] = claim.call;
        t.args[t.n++] = claim.organization;
        t.args[t.n++] = wk_decimal(h->voice->scratch, claim.epoch);
    }
    send_beat(h, &t);
}

static void fence_all(wk_voice_t *voice)
{
    wk_log(WK_ALERT, "the lease could not be renewed: all streams end here",
           WK_I("calls", (int64_t)voice->n_sessions));
    for (wk_session_t *s = LIST_FIRST(&voice->sessions); s != NULL; s = wk_session_next(s)) {
        wk_session_fence(s);
    }
}

static unsigned parts_of(const wk_voice_t *v)
{
    size_t parts = 1 + v->n_sessions / CALLS_A_PART;
    return parts < MAX_PARTS ? (unsigned)parts : MAX_PARTS;
}

/* Their number changes between two rounds, so that each tells every call that was there. */
static void go_to_next_part(wk_heartbeat_t *h)
{
    if (++h->part >= h->parts) {
        h->part = 0;
        h->parts = parts_of(h->voice);
    }
}

static void on_timer(uv_timer_t *timer)
{
    wk_heartbeat_t *h = timer->data;
    bool late = wk_monotonic_ms() - h->renewed_ms >= WK_FENCE_MS;
    if (late && !h->voice->fenced) {
        fence_all(h->voice);
    }
    h->voice->fenced = late;
    go_to_next_part(h);
    beat(h, h->part, h->parts);
    uv_timer_set_repeat(timer, h->taken ? WK_BEAT_MS / h->parts : FIRST_MS);
}

/* ---------------------------------------------------------------- life */

wk_heartbeat_t *wk_heartbeat_start(wk_voice_t *voice, const char *listen)
{
    wk_heartbeat_t *h = calloc(1, sizeof(*h));
    if (h == NULL) {
        abort();
    }
    h->voice = voice;
    snprintf(h->listen, sizeof(h->listen), "%s", listen);
    h->renewed_ms = wk_monotonic_ms();
    snprintf(h->process_key, sizeof(h->process_key), "va:voice:process:%s", voice->name);
    snprintf(h->calls_key, sizeof(h->calls_key), "va:voice:calls:%s", voice->name);
    uv_timer_init(voice->loop, &h->timer);
    h->timer.data = h;
    uv_timer_start(&h->timer, on_timer, FIRST_MS, FIRST_MS);
    return h;
}

void wk_heartbeat_now(wk_heartbeat_t *h)
{
    beat(h, 0, 1);
}

bool wk_heartbeat_leave(wk_heartbeat_t *h)
{
    if (!h->leaving) {
        h->leaving = true;
        beat(h, 0, 1);
    }
    return h->left;
}

void wk_heartbeat_stop(wk_heartbeat_t *h)
{
    uv_close((uv_handle_t *)&h->timer, NULL);
}

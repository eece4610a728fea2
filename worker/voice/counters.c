#include "worker/voice/counters.h"

#include <stdlib.h>

#include "worker/metrics.h"

#include "scripts.h"

#define TELL_MS 1000

_Static_assert(WK_METRICS_ARGS + 4 <= WK_AREDIS_ARGS, "a batch is one command");

struct wk_counters {
    wk_voice_t *voice;
    uv_timer_t timer;
    size_t untold; /* batches on their way */
};

typedef struct {
    wk_counters_t *counters;
    wk_metrics_batch_t *batch;
} telling_t;

static void on_told(void *ctx, const redisReply *reply)
{
    telling_t *telling = ctx;
    telling->counters->untold--;
    wk_metrics_batch_end(telling->batch, reply != NULL);
    free(telling);
}

static void send_batch(wk_counters_t *c, wk_metrics_batch_t *batch)
{
    size_t n;
    const va_str_t key = VA_STR(WK_METRICS_KEY);
    const va_str_t *args = wk_metrics_batch_args(batch, &n);
    telling_t *telling = malloc(sizeof(*telling));
    if (telling == NULL) {
        abort();
    }
    *telling = (telling_t){c, batch};
    c->untold++;
    wk_aredis_script(c->voice->redis, &wk_script_metrics, &key, 1, args, n, on_told, telling);
}

static void tell(wk_counters_t *c)
{
    wk_metrics_batch_t *batch;
    size_t from = 0;
    while ((batch = wk_metrics_batch(&from)) != NULL) {
        send_batch(c, batch);
    }
}

/* While Redis is away it gathers here, and not in requests. */
static void on_timer(uv_timer_t *timer)
{
    wk_counters_t *c = timer->data;
    if (c->untold == 0) {
        tell(c);
    }
}

wk_counters_t *wk_counters_start(wk_voice_t *voice)
{
    wk_counters_t *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        abort();
    }
    c->voice = voice;
    uv_timer_init(voice->loop, &c->timer);
    c->timer.data = c;
    uv_timer_start(&c->timer, on_timer, TELL_MS, TELL_MS);
    return c;
}

void wk_counters_stop(wk_counters_t *c)
{
    uv_close((uv_handle_t *)&c->timer, NULL);
}

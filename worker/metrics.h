/*
 * Counters of this process, sent as differences to the hash va:metrics once a
 * second, where nginx reads them for /metrics. From any thread.
 *
 * Label values must come from a small set (job types, outcomes, queues): beyond 4,000
 * series new ones are dropped, and counted in voiceagent_worker_series_dropped_total.
 */
#ifndef WK_METRICS_H
#define WK_METRICS_H

#include "worker/redis.h"

#define WK_METRICS_KEY  "va:metrics"
#define WK_METRICS_ARGS 1000 /* of one call of the script `metrics`; even */

/* wk_count("voiceagent_jobs_total", "type", type, "outcome", VA_STR("done"), 1): two labels at
 * most, absent label names are NULL. */
void wk_count(const char *name, const char *label1, va_str_t value1, const char *label2,
              va_str_t value2, int64_t n);

/* A histogram in seconds with the usual buckets from 1 ms to 10 s. */
void wk_observe_ms(const char *name, const char *label, va_str_t value, int64_t ms);

/* One of what somebody at a telephone waits for, from 50 ms to 10 s: finer where it is felt. */
void wk_observe_wait_ms(const char *name, const char *label1, va_str_t value1,
                        const char *label2, va_str_t value2, int64_t ms);

/*
 * Sends what gathered; kept for the next time when Redis is away. Counted twice when
 * Redis did it and its answer was lost.
 */
bool wk_metrics_flush(wk_redis_t *r, wk_error_t *e);

/*
 * The same for who must not wait: takes what gathered of some series from *from on (0: the
 * first), and moves it behind them; NULL: nothing is left. The arguments are those of the
 * script `metrics`; each batch is ended once, and is kept for the next time when it was not
 * sent.
 */
typedef struct wk_metrics_batch wk_metrics_batch_t;

wk_metrics_batch_t *wk_metrics_batch(size_t *from);
const va_str_t *wk_metrics_batch_args(const wk_metrics_batch_t *b, size_t *n);
void wk_metrics_batch_end(wk_metrics_batch_t *b, bool sent);

#endif

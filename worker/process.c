#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "worker/process.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/http.h"
#include "worker/job_thread.h"
#include "worker/log.h"
#include "worker/pulse.h"
#include "worker/stop.h"

#define REDIS_TIMEOUT_MS 2000
#define RETRY_MS         1000
#define STOPPING_MS      200 /* for queries that were told to stop */

wk_queue_limits_t wk_queue_limits(const wk_config_t *config)
{
    return (wk_queue_limits_t){.lease_ms = config->lease_ms,
                               .lane_cap = config->lane_cap,
                               .max_stalls = config->max_stalls};
}

static size_t serve(wk_queue_t *order, size_t n, const wk_queue_t *queues)
{
    memcpy(order, queues, n * sizeof(*order));
    return n;
}

size_t wk_thread_queues(int i, int n, wk_queue_t order[WK_QUEUES])
{
    static const wk_queue_t any[] = {WK_REALTIME, WK_DEFAULT, WK_BULK};
    static const wk_queue_t bulk_first[] = {WK_BULK, WK_DEFAULT, WK_REALTIME};
    if (i < 2) {
        return serve(order, 1, any);
    }
    if (i == 2) {
        return serve(order, 1, any + 1);
    }
    if (i == n - 1) {
        return serve(order, 3, bulk_first);
    }
    return serve(order, i >= n - n / 2 ? 3 : 2, any);
}

int wk_await_redis(wk_redis_t *r)
{
    wk_error_t e;
    while (!wk_queue_check_layout(r, true, &e)) {
        if (e.code == WK_CONFLICT) {
            wk_log(WK_ALERT, "refused to start", WK_C("error", e.text));
            return WK_EXIT_CONFIG;
        }
        wk_log(WK_WARN, "waiting for Redis", WK_C("error", e.text));
        if (wk_stop_wait_signal(RETRY_MS)) {
            return -1;
        }
    }
    return 0;
}

/* The job threads of the process. */
typedef struct {
    size_t n;
    pthread_t *ids;
    wk_job_thread_t *threads;
} crew_t;

static bool start_crew(crew_t *crew, const wk_config_t *config, wk_leases_t *leases)
{
    size_t wanted = (size_t)config->threads;
    crew->ids = calloc(wanted, sizeof(*crew->ids));
    crew->threads = calloc(wanted, sizeof(*crew->threads));
    if (crew->ids == NULL || crew->threads == NULL) {
        abort();
    }
    for (crew->n = 0; crew->n < wanted; crew->n++) {
        wk_job_thread_t *t = &crew->threads[crew->n];
        *t = (wk_job_thread_t){.config = config, .leases = leases, .slot = crew->n};
        t->n_queues = wk_thread_queues((int)crew->n, (int)wanted, t->order);
        int rc = pthread_create(&crew->ids[crew->n], NULL, wk_job_thread, t);
        if (rc != 0) {
            wk_log(WK_ERROR, "thread cannot be started", WK_C("error", strerror(rc)));
            return false;
        }
    }
    return true;
}

/* False when a thread has not ended within ms. */
static bool join_crew(crew_t *crew, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (crew->n > 0) {
        if (pthread_timedjoin_np(crew->ids[crew->n - 1], NULL, &until) != 0) {
            return false;
        }
        crew->n--;
    }
    free(crew->ids);
    free(crew->threads);
    return true;
}

/* True when all jobs have ended; otherwise theirs went back, and threads are still at work. */
static bool drain(crew_t *crew, const wk_config_t *config, wk_leases_t *leases,
                  wk_redis_t *redis)
{
    wk_queue_limits_t limits = wk_queue_limits(config);
    wk_log(WK_INFO, "draining", WK_I("jobs", (int64_t)wk_leases_count(leases)));
    if (join_crew(crew, config->drain_ms)) {
        return true;
    }
    wk_leases_give_back(leases, redis, &limits);
    return join_crew(crew, STOPPING_MS);
}

/* Works until the end is asked for. */
static int work(const wk_config_t *config, wk_redis_t *redis)
{
    wk_error_t e;
    crew_t crew;
    wk_leases_t *leases = wk_leases_start(config, (size_t)config->threads, &e);
    wk_pulse_t *pulse = leases != NULL ? wk_pulse_start(config, leases, &e) : NULL;
    if (pulse == NULL) {
        wk_log(WK_ERROR, "not started", WK_C("error", e.text));
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    if (start_crew(&crew, config, leases)) {
        while (!wk_stop_wait_signal(-1)) {
        }
    } else {
        status = EXIT_FAILURE;
        wk_stop_request();
    }
    bool drained = drain(&crew, config, leases, redis);
    wk_pulse_stop(pulse);
    if (!drained) {
        _exit(status); /* what the threads still use must stay until the end */
    }
    wk_leases_stop(leases);
    return status;
}

int wk_job_process(const wk_config_t *config)
{
    if (!wk_http_global()) {
        wk_log(WK_ERROR, "libcurl cannot be set up");
        return EXIT_FAILURE;
    }
    wk_redis_t *redis = wk_redis_new(config->redis_url, REDIS_TIMEOUT_MS);
    int status = wk_await_redis(redis);
    if (status == 0) {
        status = work(config, redis);
    }
    wk_redis_free(redis);
    return status < 0 ? EXIT_SUCCESS : status;
}

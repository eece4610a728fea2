#include "worker/pulse.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/secretbox.h"
#include "worker/stop.h"
#include "worker/version.h"

#include "scripts.h"

#define BEAT_MS          1000
#define LAYOUT_EVERY     10 /* beats between looks at va:schema */
#define REDIS_TIMEOUT_MS 2000

struct wk_pulse {
    pthread_t thread;
    const wk_config_t *config;
    wk_leases_t *leases;
    wk_redis_t *redis;
    wk_db_t *db;
    char worker[320]; /* host and pid */
    int64_t started_ms;
    bool well; /* said so last time; a change is logged */
    unsigned beats;
};

static bool tell(wk_pulse_t *p, wk_arena_t *a, wk_error_t *e)
{
    va_str_t worker = va_str_c(p->worker);
    va_str_t key_id = wk_secret_key_id(p->config);
    va_str_t keys[] = {VA_STR("va:alive"), wk_printf(a, "va:alive:%s", p->worker)};
    va_str_t args[] = {
        worker,
        VA_STR("version"),
        VA_STR(WK_VERSION),
        VA_STR("started"),
        wk_printf(a, "%lld", (long long)p->started_ms),
        VA_STR("threads"),
        wk_printf(a, "%d", p->config->threads),
        VA_STR("held"),
        wk_printf(a, "%zu", wk_leases_count(p->leases)),
        VA_STR("key"),
        key_id.data != NULL ? key_id : VA_STR(""),
    };
    redisReply *reply = wk_redis_script(p->redis, &wk_script_alive, keys, 2, args,
                                        sizeof(args) / sizeof(*args), e);
    freeReplyObject(reply);
    return reply != NULL;
}

static void note(wk_pulse_t *p, bool well, const wk_error_t *e)
{
    if (well != p->well) {
        if (well) {
            wk_log(WK_INFO, "Redis and Postgres answer");
        } else {
            wk_log(WK_ERROR, "not well", WK_C("error", e->text));
        }
    }
    p->well = well;
}

/* Another Redis may have taken the place of the one that was there at the start. */
static bool layout_ok(wk_pulse_t *p, wk_error_t *e)
{
    return p->beats++ % LAYOUT_EVERY != 0 || wk_queue_check_layout(p->redis, true, e);
}

static void beat(wk_pulse_t *p, wk_arena_t *a)
{
    wk_error_t e;
    bool well = wk_db_ping(p->db, &e) && layout_ok(p, &e) && tell(p, a, &e);
    note(p, well, &e);
    wk_error_t ignored; /* kept for the next beat, and said above when Redis is away */
    (void)wk_metrics_flush(p->redis, &ignored);
}

static void *pulse_thread(void *arg)
{
    wk_pulse_t *p = arg;
    wk_arena_t *a = wk_arena_new();
    do {
        beat(p, a);
        wk_arena_reset(a);
    } while (!wk_stop_sleep(BEAT_MS));
    wk_arena_free(a);
    return NULL;
}

wk_pulse_t *wk_pulse_start(const wk_config_t *config, wk_leases_t *leases, wk_error_t *e)
{
    char host[256];
    wk_pulse_t *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        abort();
    }
    if (gethostname(host, sizeof(host)) != 0) {
        snprintf(host, sizeof(host), "localhost");
    }
    host[sizeof(host) - 1] = '\0';
    snprintf(p->worker, sizeof(p->worker), "%s:%d", host, (int)getpid());
    p->config = config;
    p->leases = leases;
    p->started_ms = wk_now_ms();
    p->redis = wk_redis_new(config->redis_url, REDIS_TIMEOUT_MS);
    p->db = wk_db_new(config->app_database_url, config->prepare, "voiceagent-pulse");
    int rc = pthread_create(&p->thread, NULL, pulse_thread, p);
    if (rc != 0) {
        wk_error(e, WK_INTERNAL, "pulse thread: %s", strerror(rc));
        wk_redis_free(p->redis);
        wk_db_free(p->db);
        free(p);
        return NULL;
    }
    return p;
}

static void retire(wk_pulse_t *p)
{
    char key[340];
    wk_error_t e;
    int len = snprintf(key, sizeof(key), "va:alive:%s", p->worker);
    va_str_t leave[] = {VA_STR("ZREM"), VA_STR("va:alive"), va_str_c(p->worker)};
    va_str_t forget[] = {VA_STR("DEL"), va_str(key, (size_t)len)};
    /* Without an answer both go by themselves, in 15 s. */
    freeReplyObject(wk_redis_command(p->redis, 0, leave, 3, &e));
    freeReplyObject(wk_redis_command(p->redis, 0, forget, 2, &e));
}

void wk_pulse_stop(wk_pulse_t *p)
{
    wk_error_t e;
    pthread_join(p->thread, NULL);
    retire(p);
    if (!wk_metrics_flush(p->redis, &e)) {
        wk_log(WK_WARN, "last counters not sent", WK_C("error", e.text));
    }
    wk_redis_free(p->redis);
    wk_db_free(p->db);
    free(p);
}

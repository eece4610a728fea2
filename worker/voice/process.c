#include "worker/voice_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/process.h"
#include "worker/turns.h"
#include "worker/voice/control.h"
#include "worker/voice/counters.h"
#include "worker/voice/heartbeat.h"
#include "worker/voice/listener.h"
#include "worker/voice/session.h"
#include "worker/voice/tls.h"

#define TICK_MS          20   /* a frame of sound */
#define LAST_MS          5000 /* for streams that were told to end */
#define LEAVE_MS         500  /* for Redis to hear that the process is none any more */
#define SUCCEED_MS       1000 /* for those that take our place to be known */
#define LISTEN_MS        2000 /* for streams that were sent to us before */
#define REDIS_TIMEOUT_MS 2000
#define LOOKUP_THREADS   "16"

typedef struct {
    wk_voice_t voice;
    wk_listener_t *listener;
    wk_heartbeat_t *heartbeat;
    wk_control_t *control;
    wk_counters_t *counters;
    uv_timer_t tick;
    uv_signal_t signals[3];
    int64_t told_ms; /* to end; 0: not */
    int64_t drain_until_ms;
    int64_t leave_until_ms; /* 0: there are calls */
} process_t;

static void name_process(wk_voice_t *v)
{
    char host[256];
    unsigned nonce;
    if (gethostname(host, sizeof(host)) != 0) {
        snprintf(host, sizeof(host), "localhost");
    }
    host[sizeof(host) - 1] = '\0';
    if (RAND_bytes((unsigned char *)&nonce, sizeof(nonce)) != 1) {
        abort();
    }
    snprintf(v->name, sizeof(v->name), "%s:%d:%08x", host, (int)getpid(), nonce);
}

/* ---------------------------------------------------------------- the end */

static void on_walk(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle) && handle->type == UV_SIGNAL) {
        uv_close(handle, NULL);
    }
}

/* Nothing of ours is left in the loop then, and it ends. */
static void finish(process_t *p)
{
    wk_counters_stop(p->counters);
    wk_heartbeat_stop(p->heartbeat);
    wk_control_stop(p->control);
    uv_close((uv_handle_t *)&p->tick, NULL);
    uv_walk(p->voice.loop, on_walk, NULL);
    wk_asks_close(p->voice.asks);
    wk_ahttp_close(p->voice.http);
    wk_aredis_close(p->voice.redis);
}

/* Told before the connection that tells it is closed; for a moment, if Redis does not answer.
 */
static void leave(process_t *p, int64_t now)
{
    if (p->leave_until_ms == 0) {
        p->leave_until_ms = now + LEAVE_MS;
    }
    if (wk_heartbeat_leave(p->heartbeat) || now >= p->leave_until_ms) {
        finish(p);
    }
}

/* Before a call is handed over, which else might come back here. */
static int64_t succeeded_ms(const process_t *p)
{
    int64_t at_ms = p->told_ms + SUCCEED_MS;
    return at_ms < p->drain_until_ms ? at_ms : p->drain_until_ms;
}

/* Nobody is sent here any more, and then nobody can come. */
static void take_no_more(process_t *p, int64_t now)
{
    if (!p->voice.draining && now >= succeeded_ms(p)) {
        p->voice.draining = true;
        wk_heartbeat_now(p->heartbeat);
    }
    if (p->listener != NULL && now >= p->told_ms + LISTEN_MS) {
        wk_listener_close(p->listener);
        p->listener = NULL;
    }
}

/* Neither calls, nor words that somebody said right before he hung up. */
static bool is_idle(const wk_voice_t *v)
{
    wk_session_t *s = LIST_FIRST(&v->sessions);
    while (s != NULL && !wk_session_awaits_last_words(s)) {
        s = wk_session_next(s);
    }
    return v->n_sessions == 0 && s == NULL;
}

static void drain(process_t *p, int64_t now)
{
    wk_voice_t *v = &p->voice;
    wk_session_t *next;
    take_no_more(p, now);
    if (is_idle(v) && p->listener == NULL) {
        leave(p, now);
        return;
    }
    for (wk_session_t *s = LIST_FIRST(&v->sessions); s != NULL; s = next) {
        next = wk_session_next(s);
        if (now >= p->drain_until_ms) {
            wk_session_hand_over(s);
        }
        if (now >= p->drain_until_ms + LAST_MS) {
            wk_session_fence(s);
        }
    }
}

static void on_tick(uv_timer_t *timer)
{
    process_t *p = timer->data;
    int64_t now = wk_monotonic_ms();
    wk_session_t *next;
    for (wk_session_t *s = LIST_FIRST(&p->voice.sessions); s != NULL; s = next) {
        next = wk_session_next(s);
        wk_session_tick(s, now);
    }
    if (p->told_ms != 0) {
        drain(p, now);
    }
}

static void on_signal(uv_signal_t *watcher, int signal)
{
    process_t *p = watcher->data;
    if (signal == SIGUSR1) {
        wk_log_reopen();
    } else if (p->told_ms == 0) {
        wk_log(WK_INFO, "draining", WK_I("calls", (int64_t)p->voice.n_sessions));
        p->told_ms = wk_monotonic_ms();
        p->drain_until_ms = p->told_ms + p->voice.config->voice_drain_ms;
    }
}

/* ---------------------------------------------------------------- the beginning */

static void watch_signals(process_t *p)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGUSR1};
    sigset_t set;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        uv_signal_init(p->voice.loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, wanted[i]);
    }
    /* They were blocked for processes that wait for them; the loop catches them. */
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        sigaddset(&set, wanted[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void add_secret(wk_voice_t *v, const char *text)
{
    if (text != NULL &&
        va_secret_init(&v->secrets[v->n_secrets], VA_STR(""), va_str_c(text)) == VA_OK) {
        v->n_secrets++;
    }
}

static bool begin(process_t *p, const wk_config_t *config, wk_error_t *e)
{
    wk_voice_t *v = &p->voice;
    LIST_INIT(&v->sessions);
    /* So that a name which is not found for long keeps no other waiting: half of them do that.
     */
    (void)setenv("UV_THREADPOOL_SIZE", LOOKUP_THREADS, 0);
    v->loop = uv_default_loop();
    v->config = config;
    v->catalogue = wk_catalogue(config, e);
    v->tls = wk_tls_context(config->voice_ca, e);
    if (v->catalogue == NULL || v->tls == NULL) {
        return false;
    }
    add_secret(v, config->internal_secret);
    add_secret(v, config->internal_secret_before);
    name_process(v);
    v->lasting = wk_arena_new();
    v->redactor = wk_redactor(v->lasting, v->catalogue);
    v->scratch = wk_arena_new();
    v->reading = wk_arena_new();
    v->engine_writing = wk_arena_new();
    v->engine_reading = wk_arena_new();
    p->listener = wk_listener_open(v, e);
    if (p->listener == NULL) {
        return false;
    }
    v->http = wk_ahttp_new(v->loop, config->voice_ca);
    v->redis = wk_aredis_new(v->loop, wk_config_voice_redis(config));
    v->asks = wk_asks_new(v->loop, wk_config_voice_redis(config), v->name, v->redis);
    p->control = wk_control_start(v);
    p->counters = wk_counters_start(v);
    p->heartbeat = wk_heartbeat_start(v, wk_listener_address(p->listener));
    uv_timer_init(v->loop, &p->tick);
    p->tick.data = p;
    uv_timer_start(&p->tick, on_tick, TICK_MS, TICK_MS);
    watch_signals(p);
    return true;
}

static int work(const wk_config_t *config)
{
    static process_t p; /* lives as long as the process */
    wk_error_t e;
    if (!begin(&p, config, &e)) {
        wk_log(WK_ERROR, "not started", WK_C("error", e.text));
        return EXIT_FAILURE;
    }
    wk_log(WK_INFO, "taking calls", WK_C("listen", wk_listener_address(p.listener)));
    uv_run(p.voice.loop, UV_RUN_DEFAULT);
    SSL_CTX_free(p.voice.tls);
    while (p.voice.n_secrets > 0) {
        va_secret_clear(&p.voice.secrets[--p.voice.n_secrets]);
    }
    wk_arena_free(p.voice.lasting);
    wk_arena_free(p.voice.scratch);
    wk_arena_free(p.voice.reading);
    wk_arena_free(p.voice.engine_writing);
    wk_arena_free(p.voice.engine_reading);
    return EXIT_SUCCESS;
}

int wk_voice_process(const wk_config_t *config)
{
    wk_turns_short();
    wk_redis_t *redis = wk_redis_new(wk_config_voice_redis(config), REDIS_TIMEOUT_MS);
    int status = wk_await_redis(redis);
    wk_redis_free(redis);
    if (status == 0) {
        status = work(config);
    }
    return status < 0 ? EXIT_SUCCESS : status;
}

#include "worker/pace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "worker/clock.h"
#include "worker/stop.h"

#define US INT64_C(1000) /* of a millisecond */

#define ASKED_MS 250  /* behind a realtime job: as long another one is likely */
#define RESTS    3    /* times as long as a transaction took, which leaves it a quarter */
#define REST_MS  200  /* at most */
#define TURN_MS  1000 /* after which a transaction holds up no other */
#define LOOK_MS  5    /* between looks whether the one that runs has ended */
#define PLACES   2    /* of threads that take bulk jobs: one runs, and one waits for its turn */

static atomic_llong asked_us = -ASKED_MS * US;
static atomic_int taken; /* of the places; more when nobody asked */

/* Of the transaction that began last; with the lock held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool running;
static int64_t begun_us, rest_until_us;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void wk_pace_asked(void)
{
    atomic_store(&asked_us, now_us());
}

static bool is_asked(int64_t now)
{
    return now - atomic_load(&asked_us) < ASKED_MS * US;
}

bool wk_pace_enter(void)
{
    bool full = atomic_fetch_add(&taken, 1) >= PLACES && is_asked(now_us());
    if (full) {
        wk_pace_leave();
    }
    return !full;
}

void wk_pace_leave(void)
{
    atomic_fetch_sub(&taken, 1);
}

/* 0: it may begin now; else when to look again. With the lock held. */
static int64_t wait_us(int64_t now)
{
    if (!is_asked(now) || wk_stop_requested()) {
        return 0;
    }
    if (running) {
        return now - begun_us < TURN_MS * US ? LOOK_MS * US : 0;
    }
    return now < rest_until_us ? rest_until_us - now : 0;
}

int64_t wk_pace_begin(void)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        int64_t now = now_us(), wait = wait_us(now);
        if (wait == 0) {
            running = true;
            begun_us = now;
        }
        pthread_mutex_unlock(&lock);
        if (wait == 0) {
            return now;
        }
        (void)wk_stop_sleep((int)((wait + US - 1) / US));
    }
}

void wk_pace_end(int64_t begun)
{
    pthread_mutex_lock(&lock);
    int64_t now = now_us(), rest = (now - begun) * RESTS;
    rest_until_us = now + (rest < REST_MS * US ? rest : REST_MS * US);
    running = running && begun_us != begun;
    pthread_mutex_unlock(&lock);
}

/* Two clocks in milliseconds: Unix time, as jobs carry it, and one that is never set; and a
 * pause. */
#ifndef WK_CLOCK_H
#define WK_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

static inline int64_t wk_clock_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t wk_now_ms(void)
{
    return wk_clock_ms(CLOCK_REALTIME);
}

static inline int64_t wk_monotonic_ms(void)
{
    return wk_clock_ms(CLOCK_MONOTONIC);
}

/* Stops the calling thread for so long, or until a signal. Who may be told to end meanwhile
 * takes wk_stop_sleep(). */
static inline void wk_pause_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

#endif

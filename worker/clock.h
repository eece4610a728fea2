/* Two clocks in milliseconds: Unix time, as jobs carry it, and one that is never set. */
#ifndef WK_CLOCK_H
#define WK_CLOCK_H

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

#endif

/* Work of several requests that somebody waits for: each gets what is left of the whole. */
#ifndef WK_AGENT_TIME_LEFT_H
#define WK_AGENT_TIME_LEFT_H

#include "worker/clock.h"
#include "worker/error.h"

#define WK_TIME_LEAST_MS 300 /* a request with less is not begun */

/* *ms: how long one may take that should not take more than most; WK_TIMEOUT: none may begin.
 */
static inline bool wk_time_left(int64_t until_monotonic_ms, int most, int *ms, wk_error_t *e)
{
    int64_t left = until_monotonic_ms - wk_monotonic_ms();
    *ms = left < most ? (int)left : most;
    return left >= WK_TIME_LEAST_MS || wk_error(e, WK_TIMEOUT, "no time was left for it");
}

#endif

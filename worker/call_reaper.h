/*
 * Voice processes that fell silent: who dies with his host, or hangs, says nothing, and the
 * carrier notices nothing either. Their calls get a job each, phone.redirect, which takes them
 * to the re-entry door.
 */
#ifndef WK_CALL_REAPER_H
#define WK_CALL_REAPER_H

#include "worker/context.h"

/*
 * Often, on any number of hosts at once: a call is lost once, by its epoch, and has one job,
 * whoever dies between the two.
 */
bool wk_reap_calls(wk_ctx_t *ctx, wk_error_t *e);

#endif

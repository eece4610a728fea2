/* Pages of a shop's web site, which are of another origin than ours: who may read answers. */
#ifndef WK_HANDLERS_CHAT_PAGE_H
#define WK_HANDLERS_CHAT_PAGE_H

#include "core/job.h"
#include "worker/context.h"
#include "worker/handler.h"

/*
 * A browser asks before it asks (Fetch standard, "CORS-preflight"): 204 and the origin's name
 * for pages of any active shop, else 403.
 */
wk_outcome_t wk_chat_page_allow(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e);

void wk_chat_page_may_read(wk_ctx_t *ctx, va_reply_t *reply, va_str_t origin);

#endif

/* Reading web sites: what the requests and the job behind them share. */
#ifndef WK_HANDLERS_KNOWLEDGE_SITE_H
#define WK_HANDLERS_KNOWLEDGE_SITE_H

#include "worker/context.h"

/* Begins a reading in the transaction at hand: its first page waits, and the job for it is
 * made. */
bool wk_site_begin(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t site, va_str_t revision, va_str_t step,
                   va_str_t url, wk_error_t *e);

#endif

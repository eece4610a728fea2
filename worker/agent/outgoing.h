/* What texts and e-mails have in common on their way from the ledger to a provider. */
#ifndef WK_AGENT_OUTGOING_H
#define WK_AGENT_OUTGOING_H

#include "worker/handler.h"
#include "worker/outbox.h"

/* Why an effect ends that is given up. */
#define WK_OUTGOING_LOST "its job was lost, and so was the one after it"

/* After the commit a job of that type sends what was queued under the key; its body: {"key"}.
 */
bool wk_outgoing_later(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key,
                       wk_error_t *e);

/* The same for one whose job may have come and gone without sending it. */
bool wk_outgoing_anew(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key,
                      wk_error_t *e);

/* {"code", "message"}: the result of an effect that failed. */
va_str_t wk_outgoing_failure(wk_arena_t *a, const wk_error_t *failure);

#endif

/*
 * Texts to customers, each sent once: the ledger's row and the message's are written in the
 * transaction that decides on the text, and only then the provider hears of it. When an attempt
 * may have failed half way the provider is asked before anything is sent again.
 */
#ifndef WK_AGENT_SMS_H
#define WK_AGENT_SMS_H

#include "worker/agent/catalogue.h"
#include "worker/agent/delivery.h"
#include "worker/handler.h"

#define WK_SMS_ATTEMPTS 12 /* of a job that sends one, before it is told as unknown */

/* Templates of texts that a takeover of the thread does not hold back. */
#define WK_SMS_PAGE      "page"    /* to people of the shop */
#define WK_SMS_OPTED_OUT "opt_out" /* the last one: that no more will come */

typedef struct {
    va_str_t key;      /* of the ledger: what is meant, never the attempt */
    va_str_t customer; /* may be absent */
    va_str_t from, to;
    va_str_t text, language;
    const char *template; /* what kind of text it is */
    va_str_t citations;   /* JSON list: the knowledge it is made from; may be absent */
    va_str_t tools;       /* JSON list: the tools that answered for it; may be absent */
    va_str_t person;      /* who of the shop wrote it; absent: the agent did */
    va_str_t until; /* a moment: until then it may wait for a takeover's end; may be absent */
    bool in_bulk;   /* one of many, for which nobody waits: sent on the bulk queue */
} wk_sms_draft_t;

/* A text that was queued by this very run: it is surely not on its way yet. */
typedef struct {
    wk_delivery_message_t message;
    int64_t begun; /* the attempt to send it (delivery.h) */
    bool withheld; /* a person has that thread: it does not leave now */
} wk_sms_queued_t;

/*
 * Within the transaction that decides on it. While a person has the thread a text of the
 * agent's waits for the end of that, where it has an `until`; else it is kept as one that
 * failed ("taken_over") and never leaves.
 */
bool wk_sms_queue(wk_tx_t *tx, const wk_sms_draft_t *draft, wk_sms_queued_t *queued,
                  wk_error_t *e);

/*
 * The same for a text that a job of its own sends after the commit (sms.send). Nothing happens
 * when one was queued under the key before.
 */
bool wk_sms_queue_later(wk_tx_t *tx, const wk_sms_draft_t *draft, wk_error_t *e);

/* After the commit of wk_sms_queue(). */
wk_outcome_t wk_sms_send(wk_ctx_t *ctx, va_str_t organization, const wk_sms_queued_t *queued,
                         wk_error_t *e);

/*
 * A later run: ends what an earlier one began under that key, whatever became of it. Nothing
 * was queued under it: WK_DONE.
 */
wk_outcome_t wk_sms_resume(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e);

/*
 * Nobody is left to send it: it ends, with a task, as one that nobody can tell of, which is an
 * alert, or as one that failed where it was never tried. An attempt that may be under way is
 * left alone.
 */
wk_outcome_t wk_sms_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e);

/*
 * Texts that waited for the end of a takeover, at most n: those that are still of use are
 * queued (sms.send), the others end as canceled. *more: there may be further ones.
 */
bool wk_sms_release(wk_tx_t *tx, int n, bool *more, wk_error_t *e);

/* The provider calls back about the effect, and thereby has the message. */
bool wk_sms_heard_of(wk_tx_t *tx, va_str_t effect, va_str_t message_sid, wk_error_t *e);

#endif

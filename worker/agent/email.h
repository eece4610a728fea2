/*
 * E-mails to customers, each sent at most once, and never silently not: the ledger's row and
 * the message's are written in the transaction that decides on the e-mail, and a job of its own
 * (email.send) sends it. Nobody can be asked whether a server took it. That an attempt may be
 * heard from now on is therefore noted before its first byte, and an attempt of which nothing
 * more is known after that is not repeated: people get a task, and an alert is logged.
 */
#ifndef WK_AGENT_EMAIL_H
#define WK_AGENT_EMAIL_H

#include "worker/handler.h"

/* Of a job that sends one, over about an hour: servers that are new to us are told to wait. */
#define WK_EMAIL_ATTEMPTS 12

typedef struct {
    va_str_t key;      /* of the ledger: what is meant, never the attempt */
    va_str_t customer; /* may be absent */
    va_str_t to;       /* as wk_mail_is_address() says */
    va_str_t subject, text, language;
    const char *template; /* what kind of e-mail it is */
} wk_email_draft_t;

/* *ready: there is a server, and the shop has an address to write from. */
bool wk_email_ready(wk_tx_t *tx, const wk_config_t *config, bool *ready, wk_error_t *e);

/*
 * Within the transaction that decides on it, where wk_email_ready(). Nothing happens when one
 * was queued under the key before.
 */
bool wk_email_queue(wk_tx_t *tx, const wk_config_t *config, const wk_email_draft_t *draft,
                    wk_error_t *e);

/* Sends what was queued under the key, or ends what an earlier run began. */
wk_outcome_t wk_email_send(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e);

/*
 * Nobody is left to send it: it ends, with a task, as one that nobody can tell of, which is an
 * alert, or as one that failed where it was never tried. An attempt that may be under way is
 * left alone.
 */
wk_outcome_t wk_email_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                              wk_error_t *e);

#endif

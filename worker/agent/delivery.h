/*
 * A message's way from the ledger to whoever delivers it, once, wherever a worker dies on it:
 * its effect was claimed with the message's row, a job sends it, and that an attempt may be
 * heard of from now on is noted in the row before it leaves the house (metadata.sending). Texts
 * and e-mails go this way; what is different about them is a wk_delivery_kind_t.
 */
#ifndef WK_AGENT_DELIVERY_H
#define WK_AGENT_DELIVERY_H

#include "worker/effect.h"
#include "worker/handler.h"

typedef struct wk_delivery wk_delivery_t;

typedef bool wk_delivery_step_fn(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e);
typedef wk_outcome_t wk_delivery_fn(wk_delivery_t *d, wk_error_t *e);

typedef struct {
    const char *name;     /* in what is logged, and of the keys of its tasks: "sms" */
    int attempts;         /* of its jobs, before it ends as one that nobody can tell of */
    int64_t under_way_ms; /* longer than an attempt may take: until then it may arrive */
    int64_t login_ms;     /* before a refused login is tried again */

    /* Names of texts (catalogue.h), and the key of the task of a refused login. */
    const char *failed, *unknown, *body, *login, *login_key;

    wk_delivery_step_fn *ready; /* about to be sent, which it may stop by next; locked */
    wk_delivery_fn *send;
    wk_delivery_fn *ask;       /* perhaps it was sent: NULL where nobody can be asked */
    wk_delivery_step_fn *tell; /* has ended as failed or unknown: people are told */
} wk_delivery_kind_t;

typedef struct {
    va_str_t effect, id, customer, from, to, subject, text, language;
} wk_delivery_message_t;

/* One run's work on a message; all but the first five is found by it. */
struct wk_delivery {
    const wk_delivery_kind_t *kind;
    wk_ctx_t *ctx;
    va_str_t organization;
    va_str_t key; /* of the effect; absent: message.effect */
    void *own;    /* of the kind */

    wk_delivery_message_t message;
    const wk_rows_t *row; /* as it was locked last; NULL: there is none */

    enum {
        WK_DELIVERY_NOTHING, /* it has ended, or there is none */
        WK_DELIVERY_WAIT,    /* an attempt may be under way */
        WK_DELIVERY_SEND,    /* surely not sent */
        WK_DELIVERY_ASK,     /* perhaps sent */
    } next;
    int64_t wait_ms;
    int64_t now, sending; /* the database's clock (ms), and when the last attempt began by it */
    int64_t begun;        /* sending, as this run noted it; 0: it has not */

    bool taken;         /* by whoever delivers it */
    bool unsent;        /* surely: this run's attempt was not */
    wk_error_t failure; /* of that attempt */
    wk_effect_state_t ends_as;
};

/* A later run: ends what an earlier one began, whatever became of it. */
wk_outcome_t wk_delivery_resume(wk_delivery_t *d, wk_error_t *e);

/* The outcome of a run, unless it was the last that may be: then it has ended. */
wk_outcome_t wk_delivery_unless_last(wk_delivery_t *d, wk_outcome_t outcome, wk_error_t *e);

/*
 * Nobody is left to send it: it ends, as one that nobody can tell of, or as one that failed
 * where it was never tried. An attempt that may be under way is left alone.
 */
wk_outcome_t wk_delivery_give_up(wk_delivery_t *d, wk_error_t *e);

/* What becomes of it when d->failure says how an attempt failed. */
wk_outcome_t wk_delivery_failed(wk_delivery_t *d, wk_error_t *e);
wk_outcome_t wk_delivery_end(wk_delivery_t *d, wk_effect_state_t state, wk_error_t *e);
wk_outcome_t wk_delivery_again(const wk_delivery_t *d, wk_code_t code, int64_t ms,
                               const char *why, wk_error_t *e);

/* In a transaction of its own. */
bool wk_delivery_tx(wk_delivery_t *d, wk_delivery_step_fn *step, wk_error_t *e);

/* Locks the message and reads it. *pending: it waits for its end. */
bool wk_delivery_lock(wk_tx_t *tx, wk_delivery_t *d, bool *pending, wk_error_t *e);

/* Locked: an attempt of this run begins now. */
bool wk_delivery_begin(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e);

/* Locked: an attempt may be under way since then (0: none is), and is not known since then. */
bool wk_delivery_note(wk_tx_t *tx, const wk_delivery_t *d, int64_t sending,
                      int64_t absent_since, wk_error_t *e);

/* The usual task about one that has ended, and any other about it. */
bool wk_delivery_tell(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e);
bool wk_delivery_task(wk_tx_t *tx, wk_delivery_t *d, const char *title, va_str_t key,
                      wk_error_t *e);

#endif
